"""The JSON file beside the arrays of a fitted commentary model."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from spotkick.errors import InputError
from spotkick.files import read_json


@contextmanager
def reading_description(path: Path, format_id: str, what: str) -> Iterator[Any]:
    """Read a description and give it to the block that takes it apart.

    Args:
        path: the JSON file.
        format_id: the format that it must name.
        what: what it should be, with its article.

    Raises:
        InputError: if it cannot be read, names another format, or the block misses a value or finds
            one of another type.
    """
    described = read_json(path)
    try:
        if described["format"] != format_id:
            raise InputError(
                f"{path}: format {described['format']!r} is not {format_id!r}; "
                "fit the features again"
            )
        yield described
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise InputError(f"{path}: not {what}: {type(error).__name__} {error}") from error


def read_texts(described: Mapping[str, Any], key: str) -> tuple[str, ...]:
    """A list of texts.

    Raises:
        KeyError: if there is none.
        TypeError: if it is no list, or holds anything else.
    """
    texts = tuple(described[key])
    if not all(isinstance(text, str) for text in texts):
        raise TypeError(f"{key} must be text")
    return texts
