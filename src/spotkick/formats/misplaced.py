"""A file in place of another: the error says what it is."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from spotkick.errors import InputError
from spotkick.formats.match_tree import TREE_NEEDED, MatchTree, is_archive, open_match_tree


def misplaced_file(path: Path, needed: str) -> InputError:
    """The error for a file of another kind than is needed, which says what it is."""
    # the registry collects the formats that use this module, and is complete when one is read
    from spotkick.formats.detect import describe_file

    return InputError(f"{path}: {needed} is needed, this is {describe_file(path)}")


@contextmanager
def open_matches(path: Path) -> Iterator[MatchTree]:
    """Open a folder or a zip archive of match folders; of any other file say what it is.

    Raises:
        InputError: see `spotkick.formats.match_tree.open_match_tree`.
    """
    if path.is_file() and not is_archive(path):
        raise misplaced_file(path, TREE_NEEDED)
    with open_match_tree(path) as tree:
        yield tree
