"""What a format of edit lists declares about itself: each module of a format ends with one."""

from collections.abc import Callable
from dataclasses import dataclass

from spotkick.highlights.clips import Clip
from spotkick.highlights.edit_list import EditList
from spotkick.highlights.fitting import LeftOut


@dataclass(frozen=True, slots=True)
class ReelListing:
    """Everything that a list of a reel may contain.

    Attributes:
        edits: the events, in frames.
        clips: what they show, by the clip number of the events.
        left_out: what was proposed and is not shown.
    """

    edits: EditList
    clips: tuple[Clip, ...] = ()
    left_out: tuple[LeftOut, ...] = ()


def _accept_all(edits: EditList) -> None:
    """Accept any reel: for formats without limits."""
    del edits


@dataclass(frozen=True, slots=True)
class EditListFormat:
    """A format of lists.

    Attributes:
        kind: name of the option.
        title: for people.
        write: gives the text of the file.
        check: raises an `InputError` or a `MissingExtraError` when the format cannot hold a reel,
            before anything is encoded.
        suffix: of its files, without the point; the kind where empty.
        bundled: whether it is part of all lists of a reel, as the viewer offers them.
    """

    kind: str
    title: str
    write: Callable[[ReelListing], str]
    check: Callable[[EditList], None] = _accept_all
    suffix: str = ""
    bundled: bool = True

    @property
    def file_suffix(self) -> str:
        """Suffix of its files, without the point."""
        return self.suffix or self.kind
