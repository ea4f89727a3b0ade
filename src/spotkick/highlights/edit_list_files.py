"""The formats of edit lists by kind, and files written in them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from spotkick.files import write_text
from spotkick.highlights import clip_tables, edl, fcpxml, otio, webvtt
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
    )
}
"""By kind, which is also the suffix of their files."""


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
