"""Reading transcripts from subtitles (SubRip, WebVTT) and from tables of start, end and text."""

import csv
import html
import io
import re
import statistics
import warnings
from collections.abc import Mapping, Sequence
from itertools import pairwise, takewhile
from typing import Final, NamedTuple

from spotkick.commentary.transcripts import RawSegment, Transcript, check_segments
from spotkick.errors import InputError, SpotkickWarning

_CLOCK = r"(?:(\d+):)?(\d{1,2}):(\d{2})(?:[.,](\d{1,3})\d*)?"
_TIMING: Final = re.compile(rf"^\s*{_CLOCK}\s*-+>\s*{_CLOCK}(?:\s.*)?$")
_UNFINISHED: Final = re.compile(r"^\s*\d+(:[\d:.,]*)?\s*-*\s*$")
"""The number of a cue, or a part of its times."""

_WORD_TIME: Final = re.compile(rf"<{_CLOCK}>")
_TAG: Final = re.compile(r"<[^<>]*>|\{\\[^{}]*\}")
_ROLLING_SHARE: Final = 1 / 3
"""Captions roll where so many cues begin with the text of the cue before."""

_ADJACENT_S: Final = 0.1
_COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "start": ("start", "start_s", "start_ms", "begin", "from", "start time"),
    "end": ("end", "end_s", "end_ms", "stop", "to", "end time"),
    "text": ("text", "transcript", "sentence", "caption", "transcription"),
}
_LONGEST_SECONDS: Final = 100
"""No segment of speech is so long: rows of whole numbers that last longer count milliseconds."""


class _Cue(NamedTuple):
    """A cue: its times in seconds and its lines, tags included."""

    start_s: float
    end_s: float
    lines: tuple[str, ...]


def parse_subtitles(text: str, where: str) -> Transcript:
    """Read SubRip or WebVTT.

    Tags, notes and styles are left out; cues may overlap. In captions that roll, as live
    captions do, each cue repeats the line before: it counts once. Times inside a cue are times of
    words.

    Args:
        text: content of the file.
        where: names it in messages.

    Warns:
        SpotkickWarning: see `check_segments`; also if the file was cut off.

    Raises:
        InputError: if it holds no cue.
    """
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    cues = _split_cues(lines)
    if not cues and not text.lstrip().startswith("WEBVTT"):
        raise InputError(
            f"{where}: no subtitles found; lines such as 00:01:02,500 --> 00:01:04,000 are needed"
        )

    if cues and _is_cut_off(lines):
        cues = cues if cues[-1] and cues[-1].lines else cues[:-1]
        warnings.warn(
            f"{where}: the file ends in the middle of a cue: it was cut off, and what followed is "
            "missing",
            SpotkickWarning,
            stacklevel=3,
        )

    # Lines of the cue before are cut only where the whole file is made so.
    if _captions_roll(cues):
        cues = _cut_repeated_lines(cues)
    return Transcript(check_segments([_parse_cue(cue) for cue in cues], where))


def _is_cut_off(lines: Sequence[str]) -> bool:
    """Whether the last line begins a cue and nothing follows."""
    while lines and not lines[-1].strip():
        lines = lines[:-1]
    if not lines or not (_UNFINISHED.match(lines[-1]) or "-->" in lines[-1]):
        return False

    # a number alone may be what is said
    is_number = lines[-1].strip().isdigit()
    return not is_number or (len(lines) > 1 and not lines[-2].strip())


def _split_cues(lines: Sequence[str]) -> list[_Cue | None]:
    """Cues of a file; None for a line with an arrow that is no timing."""
    starts = [number for number, line in enumerate(lines) if "-->" in line]
    cues: list[_Cue | None] = []
    for first, following in pairwise([*starts, len(lines)]):
        times = _TIMING.match(lines[first])
        if times is None:
            cues.append(None)
            continue

        # Some files have the number of the next cue right behind the text. A line of spaces does
        # not end a cue: live captions have them.
        body = list(lines[first + 1 : following])
        if following < len(lines) and body and body[-1].strip().isdigit():
            body.pop()
        content = [line.strip() for line in takewhile(bool, body) if line.strip()]
        groups = times.groups()
        cues.append(_Cue(_to_seconds(groups[:4]), _to_seconds(groups[4:]), tuple(content)))
    return cues


def _to_seconds(groups: Sequence[str | None]) -> float:
    hours, minutes, seconds, fraction = groups
    whole = 3600 * int(hours or 0) + 60 * int(minutes or 0) + int(seconds or 0)
    return whole + int((fraction or "0").ljust(3, "0")) / 1000


def _captions_roll(cues: Sequence[_Cue | None]) -> bool:
    pairs = [(first, second) for first, second in pairwise(cues) if first and second]
    repeated = sum(bool(_count_repeated(first, second)) for first, second in pairs)
    return repeated >= 2 and repeated >= _ROLLING_SHARE * len(pairs)


def _count_repeated(first: _Cue, second: _Cue) -> int:
    """Lines at the start of a cue that are the last ones of the cue before."""
    if second.start_s > first.end_s + _ADJACENT_S:
        return 0
    before = [_strip_tags(line) for line in first.lines]
    after = [_strip_tags(line) for line in second.lines]
    longest = min(len(before), len(after))
    return next((n for n in range(longest, 0, -1) if before[-n:] == after[:n]), 0)


def _cut_repeated_lines(cues: Sequence[_Cue | None]) -> list[_Cue | None]:
    """Cues without the lines of the cue before."""
    kept: list[_Cue | None] = list(cues[:1])
    for first, second in pairwise(cues):
        if first is None or second is None:
            kept.append(second)
            continue
        repeated = _count_repeated(first, second)
        kept.append(second._replace(lines=second.lines[repeated:]))
    return kept


def _parse_cue(cue: _Cue | None) -> RawSegment | None:
    if cue is None:
        return None
    words: list[tuple[float, float, str]] = []
    content = " ".join(cue.lines)

    # Times between words: <00:01:02.500>
    times = [_to_seconds(found.groups()) for found in _WORD_TIME.finditer(content)]
    if times:
        parts = _WORD_TIME.sub("\0", content).split("\0")
        starts = [cue.start_s, *times]
        ends = [*times, cue.end_s]
        words = [
            (start, end, _strip_tags(part))
            for start, end, part in zip(starts, ends, parts, strict=True)
        ]
    return RawSegment(cue.start_s, cue.end_s, _strip_tags(content), tuple(words))


def _strip_tags(line: str) -> str:
    return " ".join(html.unescape(_TAG.sub("", line)).split())


def parse_table(text: str, where: str) -> Transcript:
    """Read a table of start, end and text, with or without a line of column names.

    Values are seconds (``62.5``) or clock times (``1:02.5``). Columns called ``start_ms`` and
    ``end_ms`` are milliseconds; so are whole numbers whose rows would last minutes in seconds:
    Whisper's TSV and whisper.cpp's CSV count so.

    Args:
        text: content of the file.
        where: names it in messages.

    Warns:
        SpotkickWarning: see `check_segments`.

    Raises:
        InputError: if columns are missing, or none of the rows can be used.
    """
    first, _, rest = text.partition("\n")
    if first.strip().lower().startswith("sep="):  # spreadsheets write which delimiter follows
        text = rest
    delimiter = max((",", ";", "\t"), key=text.partition("\n")[0].count)
    rows = [row for row in csv.reader(io.StringIO(text), delimiter=delimiter) if any(row)]
    if not rows:
        raise InputError(f"{where}: the table is empty; start, end and text are needed")

    columns = _find_columns(rows[0])
    if columns is None and (len(rows[0]) < 3 or _parse_time(rows[0][0], delimiter) is None):
        raise InputError(f"{where}: a table with the columns start, end and text is needed")
    body = rows if columns is None else rows[1:]
    start, end, content = columns or (0, 1, 2)

    # (start, end, text) of each row, None where a row is too short or holds no times
    parsed = [_parse_row(row, (start, end, content), delimiter) for row in body]
    named_ms = columns is not None and rows[0][start].strip().lower().endswith("_ms")
    named_s = columns is not None and rows[0][start].strip().lower().endswith("_s")
    scale = 1000 if named_ms or (not named_s and _counts_milliseconds(parsed)) else 1
    return Transcript(
        check_segments(
            [row and RawSegment(row[0] / scale, row[1] / scale, row[2]) for row in parsed], where
        )
    )


def _find_columns(header: Sequence[str]) -> tuple[int, int, int] | None:
    names = [name.strip().lower() for name in header]
    places = [
        next((names.index(name) for name in known if name in names), -1)
        for known in _COLUMNS.values()
    ]
    return None if -1 in places else (places[0], places[1], places[2])


def _parse_row(
    row: Sequence[str], columns: tuple[int, int, int], delimiter: str
) -> tuple[float, float, str] | None:
    if len(row) <= max(columns):
        return None
    start, end = (_parse_time(row[column], delimiter) for column in columns[:2])
    return None if start is None or end is None else (start, end, row[columns[2]])


def _parse_time(value: str, delimiter: str) -> float | None:
    """A number or a clock time; a decimal comma is read where commas do not part columns."""
    value = value.strip()
    if delimiter != ",":
        value = value.replace(",", ".")
    clock = re.fullmatch(_CLOCK, value)
    if clock:
        return _to_seconds(clock.groups())
    try:
        return float(value)
    except ValueError:
        return None


def _counts_milliseconds(rows: Sequence[tuple[float, float, str] | None]) -> bool:
    times = [(row[0], row[1]) for row in rows if row is not None]
    if not times or not all(time.is_integer() for row in times for time in row):
        return False
    return statistics.median(end - start for start, end in times) > _LONGEST_SECONDS
