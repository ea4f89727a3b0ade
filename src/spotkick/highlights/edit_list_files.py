"""The formats of edit lists by kind, and files written in them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from spotkick.files import write_text
from spotkick.highlights import (
    ale,
    chapters,
    clip_tables,
    edl,
    fcpxml,
    markers,
    otio,
    webvtt,
    xmeml,
)
from spotkick.highlights.edit_list_format import EditListFormat, ReelListing

LIST_FORMATS: Final[Mapping[str, EditListFormat]] = {
    declared.kind: declared
    for declared in (
        edl.FORMAT,
        fcpxml.FORMAT,
        otio.FORMAT,
        webvtt.FORMAT,
        clip_tables.CSV_FORMAT,
        clip_tables.JSON_FORMAT,
        xmeml.FORMAT,
        ale.FORMAT,
        markers.RESOLVE_FORMAT,
        markers.PREMIERE_FORMAT,
        chapters.FORMAT,
    )
}
"""By kind, the name of their option."""


def write_list(kind: str, path: Path, listing: ReelListing) -> None:
    """Write one list.

    Args:
        kind: one of `LIST_FORMATS`.
        path: of the file.
        listing: the reel.

    Raises:
        InputError: if the format cannot hold the reel.
        MissingExtraError: if the package that writes the format is not installed.
        StorageError: if the file cannot be written.
    """
    chosen = LIST_FORMATS[kind]
    chosen.check(listing.edits)
    write_text(path, chosen.write(listing))
