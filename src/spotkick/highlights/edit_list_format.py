"""What a format of edit lists declares about itself: each module of a format ends with one."""

from collections.abc import Callable
from dataclasses import dataclass

from spotkick.highlights.clips import Clip
from spotkick.highlights.edit_list import EditList


@dataclass(frozen=True, slots=True)
class ReelListing:
    """Everything that a list of a reel may contain.

    Attributes:
        edits: the events, in frames.
        clips: what they show, in the same order.
        left_out: clips that were proposed and did not fit.
    """

    edits: EditList
    clips: tuple[Clip, ...] = ()
    left_out: tuple[Clip, ...] = ()


def _accept_all(edits: EditList) -> None:
    """Accept any reel: for formats without limits."""
    del edits


@dataclass(frozen=True, slots=True)
class EditListFormat:
    """A format of lists.

    Attributes:
        kind: name of the option and suffix of the file.
        title: for people.
        write: gives the text of the file.
        check: raises an `InputError` or a `MissingExtraError` when the format cannot hold a reel,
            before anything is encoded.
    """

    kind: str
    title: str
    write: Callable[[ReelListing], str]
    check: Callable[[EditList], None] = _accept_all
