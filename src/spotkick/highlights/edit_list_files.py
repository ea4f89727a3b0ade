"""Edit lists and tables of a reel as files, by kind."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

from spotkick.files import write_json, write_text
from spotkick.highlights.clips import Clip
from spotkick.highlights.edit_list import EditList
from spotkick.highlights.edl import write_edl
from spotkick.highlights.fcpxml import write_fcpxml
from spotkick.highlights.otio import write_otio
from spotkick.highlights.tables import clip_rows, document, write_csv
from spotkick.highlights.webvtt import write_vtt

LIST_KINDS: Final = ("edl", "fcpxml", "otio", "vtt", "csv", "json")
"""Kinds of lists, which are also the suffixes of their files."""

_OF_EDITS: Final[Mapping[str, Callable[[EditList], str]]] = {
    "edl": write_edl,
    "fcpxml": write_fcpxml,
    "otio": write_otio,
    "vtt": write_vtt,
}


def write_list(
    kind: str, path: Path, edits: EditList, chosen: Sequence[Clip], left_out: Sequence[Clip] = ()
) -> None:
    """Write one list.

    Args:
        kind: one of `LIST_KINDS`.
        path: of the file.
        edits: the reel.
        chosen: its clips, in the same order.
        left_out: clips that were proposed and did not fit, told in ``json``.

    Raises:
        InputError: if the format cannot hold the reel.
        MissingExtraError: if the package that writes the format is not installed.
        StorageError: if the file cannot be written.
    """
    if kind in _OF_EDITS:
        write_text(path, _OF_EDITS[kind](edits))
        return
    rows = clip_rows(chosen, edits)
    if kind == "csv":
        write_text(path, write_csv(rows))
    else:
        write_json(path, document(edits.title, rows, edits, left_out))
