"""Corrected labels as files of every format that ``spotkick convert`` writes."""

import io
import re
import tempfile
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Final

from spotkick.actions import MatchActions
from spotkick.errors import InputError
from spotkick.formats.capabilities import fit
from spotkick.formats.convert import DEFAULT_FRAME_RATE
from spotkick.formats.registry import FORMATS, export_file_name, writable_formats

_UNSAFE: Final = re.compile(r"[^A-Za-z0-9._-]+")
_FORMULA_STARTS: Final = ("=", "+", "-", "@")
_SHEET_SUFFIXES: Final = (".csv", ".tsv")
_ZIP_TIME: Final = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Download:
    """A file for the browser.

    Attributes:
        name: that the browser proposes; plain characters only.
        data: its bytes.
        losses: what the format cannot hold, in words.
    """

    name: str
    data: bytes
    losses: tuple[str, ...] = ()


def format_titles() -> dict[str, str]:
    """Name -> title of every format that can be exported."""
    return {name: form.title for name, form in writable_formats().items()}


def export_labels(labels: MatchActions, kind: str, frame_rate: Fraction | None = None) -> Download:
    """Write the labels of one match in a format; several files come as a zip archive.

    Args:
        labels: of the match.
        kind: name of the format.
        frame_rate: of the video, for formats that count frames; 25 when not known.

    Raises:
        InputError: if there is no such format, or it cannot hold these labels at all.
    """
    form = writable_formats().get(kind)
    if form is None:
        raise InputError(f"the format must be one of {', '.join(writable_formats())}, got {kind!r}")
    rate = frame_rate or DEFAULT_FRAME_RATE
    fitted, losses = fit((labels,), form.capabilities, rate)
    stem = plain_name(labels.match)
    with tempfile.TemporaryDirectory(prefix="spotkick-export-") as folder:
        target = Path(folder) / export_file_name(form, stem)
        form.write(target, fitted, rate)
        written = sorted(path for path in Path(folder).rglob("*") if path.is_file())
        if not written:
            raise InputError(f"there is no label to write in the format {kind}")
        if len(written) == 1:
            name, data = written[0].name, written[0].read_bytes()
        else:
            name, data = f"{stem}.{kind}.zip", _pack_files(Path(folder), written)
    notes = [f"{loss.count} x {loss.field}: {loss.detail}" for loss in losses]
    if name.endswith(_SHEET_SUFFIXES):
        notes += _warn_about_formulas(labels)
    return Download(name, data, tuple(notes))


def _warn_about_formulas(labels: MatchActions) -> list[str]:
    """Spreadsheets compute cells that begin like a formula, whatever wrote them."""
    texts = {text for action in labels.actions for text in (action.label, action.team or "")}
    found = sorted(text for text in texts if text.startswith(_FORMULA_STARTS))
    if not found:
        return []
    return [f"{len(found)} x name that a spreadsheet takes for a formula, the first {found[0]!r}"]


def export_training_set(matches: Sequence[MatchActions]) -> Download:
    """A zip archive of ``<match>/Labels-v2.json`` of several matches, as training reads it."""
    with tempfile.TemporaryDirectory(prefix="spotkick-export-") as folder:
        bare = [
            replace(
                match, actions=tuple(replace(action, confidence=None) for action in match.actions)
            )
            for match in matches
        ]
        FORMATS["soccernet-v2"].write(Path(folder) / "labels", bare, DEFAULT_FRAME_RATE)
        written = sorted(path for path in Path(folder).rglob("*") if path.is_file())
        return Download("corrected-labels.zip", _pack_files(Path(folder) / "labels", written))


def _pack_files(root: Path, paths: Sequence[Path]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in paths:
            member = zipfile.ZipInfo(path.relative_to(root).as_posix(), date_time=_ZIP_TIME)
            member.compress_type = zipfile.ZIP_DEFLATED
            member.external_attr = 0o644 << 16
            archive.writestr(member, path.read_bytes())
    return buffer.getvalue()


def plain_name(name: str) -> str:
    """A match name as part of a file name, in plain characters.

    Example:
        >>> plain_name("england_epl/2014-2015/2015-02-21 - 18-00 Chelsea 1 - 1 Burnley")
        '2015-02-21-18-00-Chelsea-1-1-Burnley'
    """
    text = re.sub(r"-{2,}", "-", _UNSAFE.sub("-", name.rpartition("/")[2])).strip("-.")
    return text[:80] or "match"
