"""Corrected labels as files of every format that ``spotkick convert`` writes."""

import io
import re
import tempfile
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

from spotkick.actions import MatchActions
from spotkick.errors import InputError
from spotkick.formats.capabilities import fit
from spotkick.formats.convert import DEFAULT_FRAME_RATE
from spotkick.formats.format import Family, Format
from spotkick.formats.registry import FORMATS, export_file_name, writable_formats
from spotkick.formats.segments import VideoSegments, segments_of_matches

_UNSAFE: Final = re.compile(r"[^A-Za-z0-9._-]+")
_FORMULA_STARTS: Final = ("=", "+", "-", "@")
_SHEET_SUFFIXES: Final = (".csv", ".tsv")
_ZIP_TIME: Final = (1980, 1, 1, 0, 0, 0)
_GROUPS: Final = {
    Family.TOOL: "Video analysis and annotation",
    Family.TABLE: "Tables",
    Family.SOCCERNET: "SoccerNet",
    Family.BENCHMARK: "Research",
}
"""Families of formats, as an analyst looks for them."""


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


@dataclass(frozen=True, slots=True)
class Span:
    """How much of the video around an action is part of what is written for it.

    Attributes:
        before_s: seconds.
        after_s: seconds.
    """

    before_s: float = 0.0
    after_s: float = 0.0

    @property
    def is_empty(self) -> bool:
        """Whether nothing is added to the action itself."""
        return self.before_s <= 0 and self.after_s <= 0


def list_formats() -> list[dict[str, Any]]:
    """Every format that can be exported, for a menu: name, title, group, and whether it has spans.

    A format with spans marks stretches of a video, which are given a length there.
    """
    return [
        {
            "name": name,
            "title": form.title,
            "group": _GROUPS[form.family],
            "spans": _has_spans(form),
        }
        for name, form in writable_formats().items()
    ]


def _has_spans(form: Format) -> bool:
    return form.segment_writer is not None and form.capabilities.needs_length


def export_labels(
    labels: MatchActions, kind: str, frame_rate: Fraction | None = None, span: Span | None = None
) -> Download:
    """Write the labels of one match in a format; several files come as a zip archive.

    Args:
        labels: of the match.
        kind: name of the format.
        frame_rate: of the video, for formats that count frames; 25 when not known.
        span: around each action, in formats that mark stretches of a video; others ignore it.

    Raises:
        InputError: if there is no such format, or it cannot hold these labels at all.
    """
    form = writable_formats().get(kind)
    if form is None:
        raise InputError(f"the format must be one of {', '.join(writable_formats())}, got {kind!r}")
    rate = frame_rate or DEFAULT_FRAME_RATE
    span = span or Span()
    is_widened = _has_spans(form) and not span.is_empty
    fitted, losses = fit((labels,), form.capabilities, rate)
    stem = plain_name(labels.match)
    with tempfile.TemporaryDirectory(prefix="spotkick-export-") as folder:
        target = Path(folder) / export_file_name(form, stem)
        if form.segment_writer is not None and is_widened:
            form.segment_writer(target, _widen(fitted, span), rate)
        else:
            form.write(target, fitted, rate)
        written = sorted(path for path in Path(folder).rglob("*") if path.is_file())
        if not written:
            raise InputError(f"there is no label to write in the format {kind}")
        if len(written) == 1:
            name, data = written[0].name, written[0].read_bytes()
        else:
            name, data = f"{stem}.{kind}.zip", _pack_files(Path(folder), written)
    notes = [f"{loss.count} x {loss.field}: {loss.detail}" for loss in losses]
    if is_widened:
        notes.append(
            f"each begins {span.before_s:g} s before its action and ends {span.after_s:g} s after"
        )
    if name.endswith(_SHEET_SUFFIXES):
        notes += _warn_about_formulas(labels)
    return Download(name, data, tuple(notes))


def _widen(matches: Sequence[MatchActions], span: Span) -> list[VideoSegments]:
    """Actions as stretches of the video, none of which begins before it."""
    return [
        replace(
            video,
            segments=tuple(
                replace(
                    segment,
                    start_s=max(0.0, segment.start_s - span.before_s),
                    end_s=max(0.0, segment.end_s + span.after_s),
                )
                for segment in video.segments
            ),
        )
        for video in segments_of_matches(matches)
    ]


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
