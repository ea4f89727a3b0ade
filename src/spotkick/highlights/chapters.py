"""Chapters of the reel as YouTube reads them from a description: a time and a title a line.

YouTube shows chapters where the first is at 0:00, there are at least three, and each lasts ten
seconds or more. Shorter clips are part of the chapter before.
"""

from typing import Final

from spotkick.errors import InputError
from spotkick.highlights.edit_list import EditList
from spotkick.highlights.edit_list_format import EditListFormat, ReelListing
from spotkick.timeline import format_clock

_LEAST_CHAPTERS: Final = 3
_SHORTEST_S: Final = 10


def find_chapters(edits: EditList) -> list[tuple[int, str]]:
    """Start in whole seconds of the reel, and title, of each chapter."""
    chapters: list[tuple[int, list[str]]] = []
    ends_s = float(edits.num_frames / edits.rate)
    for event in edits.events:
        start_s = int(event.record_in / edits.rate)
        title = f"{event.title} ({event.clock})" if event.clock else event.title
        short = ends_s - start_s < _SHORTEST_S
        if chapters and (short or start_s - chapters[-1][0] < _SHORTEST_S):
            chapters[-1][1].append(title)
        else:
            chapters.append((start_s, [title]))
    return [(start_s, ", ".join(dict.fromkeys(titles))) for start_s, titles in chapters]


def check_chapters(edits: EditList) -> None:
    """Check that YouTube would show the chapters.

    Raises:
        InputError: if there are fewer than three.
    """
    count = len(find_chapters(edits))
    if count < _LEAST_CHAPTERS:
        raise InputError(
            f"YouTube shows chapters from {_LEAST_CHAPTERS} of {_SHORTEST_S} s on, this reel has "
            f"{count}"
        )


def write_chapters(listing: ReelListing) -> str:
    """The lines of a description.

    Raises:
        InputError: see `check_chapters`.
    """
    check_chapters(listing.edits)
    return "".join(
        f"{format_clock(start_s)} {_clean_title(title)}\n"
        for start_s, title in find_chapters(listing.edits)
    )


def _clean_title(title: str) -> str:
    """One line without angle brackets, which YouTube refuses in a description.

    Example:
        >>> _clean_title("Yellow->red card")
        'Yellow→red card'
    """
    plain = title.replace("->", "→").replace("<", "").replace(">", "")
    return " ".join(plain.split())


FORMAT = EditListFormat(
    "chapters",
    "chapters for YouTube",
    write_chapters,
    check_chapters,
    suffix="chapters.txt",
    bundled=False,
)
