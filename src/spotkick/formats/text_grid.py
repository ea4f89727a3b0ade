"""Praat TextGrids: intervals and points on tiers, in the long and the short text form.

The label is the text of an interval or a point; empty intervals are the silence between. Both forms
hold the same values in the same order, so that names before them can be passed over. Only read.
"""

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from spotkick.errors import InputError
from spotkick.formats.capabilities import Capabilities
from spotkick.formats.fields import require_integer, require_seconds
from spotkick.formats.format import Family, Format
from spotkick.formats.sample import Certainty, Sample
from spotkick.formats.segments import Segment, VideoSegments
from spotkick.formats.text_tracks import detect_tracks, read_text_file, read_tracks

_SUFFIX: Final = ".TextGrid"
_WHAT: Final = "Praat TextGrids"
_VALUE: Final = re.compile(
    r'"((?:[^"]|"")*)"|(?<![\w\[.])(-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?)(?![\w\].])|<(exists|absent)>'
)
_MAX_TIERS: Final = 1000


def read_text_grid_segments(
    path: Path | str, *, unread: Counter[str] | None = None
) -> tuple[VideoSegments, ...]:
    """Read a TextGrid, or all of them below a folder.

    Args:
        path: file or folder; recordings are named by the files.
        unread: gets the names of tiers that no label repeats.

    Raises:
        InputError: if there is no such file, or it is malformed.
    """
    found: Counter[str] = Counter()
    videos = tuple(
        _read_grid(file, name, found)
        for name, file in read_tracks(Path(path), _SUFFIX, _is_text_grid, _WHAT)
    )
    if unread is not None:
        unread.update(found)
    return videos


def _read_grid(path: Path, name: str, unread: Counter[str]) -> VideoSegments:
    values = _list_values(read_text_file(path))
    try:
        kind = next(values)
        if kind == "ooTextFile":
            kind = next(values)
        if kind != "TextGrid":
            raise InputError(f"{path}: an object of class TextGrid is needed, found {kind[:40]!r}")
        _, end = next(values), next(values)
        tiers = require_integer(_next_number(values), f"{path}: number of tiers")
        if not 0 <= tiers <= _MAX_TIERS:
            raise InputError(f"{path}: {tiers} tiers, at most {_MAX_TIERS} are read")
        segments = [
            segment for _ in range(tiers) for segment in _read_tier(values, str(path), unread)
        ]
    except StopIteration:
        raise InputError(f"{path}: the TextGrid ends before its last tier") from None
    duration_s = require_seconds(end, f"{path}: end of the recording")
    return VideoSegments(name, duration_s, tuple(segments))


def _list_values(text: str) -> Iterator[str]:
    """All values of a file in their order: texts without quotes, numbers, flags."""
    for found in _VALUE.finditer(text):
        quoted, number, flag = found.groups()
        yield quoted.replace('""', '"') if quoted is not None else number or flag


def _next_number(values: Iterator[str]) -> str:
    """The next value; the flag before the number of tiers is passed over."""
    value = next(values)
    return next(values) if value in ("exists", "absent") else value


def _read_tier(values: Iterator[str], path: str, unread: Counter[str]) -> list[Segment]:
    kind, name = next(values), " ".join(next(values).split())[:80]
    next(values), next(values)  # start and end of the tier
    count = require_integer(next(values), f"{path}: size of tier '{name}'")
    segments = []
    for _ in range(count):
        where = f"{path}: tier '{name}'"
        start_s = require_seconds(next(values), where)
        end_s = require_seconds(next(values), where) if kind == "IntervalTier" else start_s
        label = " ".join(next(values).split())
        if label:
            unread[f"name of tier '{name}' beside a label"] += label != name
            segments.append(Segment(start_s, max(start_s, end_s), label))
    return segments


def _is_text_grid(sample: Sample) -> bool:
    return re.match(r'(?:File type = )?"ooTextFile', sample.text) is not None


def _detect_text_grid(sample: Sample) -> Certainty:
    found = detect_tracks(sample, _SUFFIX, _is_text_grid)
    return Certainty.MARK if found is not Certainty.NO else found


FORMAT: Final = Format(
    name="textgrid",
    title="Praat TextGrid",
    description="`.TextGrid` of Praat, a file or a folder",
    family=Family.TOOL,
    capabilities=Capabilities(
        confidence=False,
        team=False,
        visibility=False,
        intervals=True,
        durations=True,
        one_match=True,
    ),
    detect=_detect_text_grid,
    segment_reader=lambda path, options: read_text_grid_segments(path, unread=options.unread),
)
