"""Periods of one recording: which stretch of which file is which period.

A recording of a whole match holds its periods one after the other, with the interval between them.
Where they lie is stated with ``--period 1=754:3612 --period 2=4500:7300``, or in a file
``periods.json`` beside the video, which other commands write and people may edit::

    {
      "format": "spotkick-periods-1",
      "periods": [
        {"period": 1, "start_s": 754.0, "end_s": 3612.0, "file": "match.mp4"},
        {"period": 2, "start_s": 4500.0, "end_s": null, "file": "match.mp4"}
      ]
    }

``end_s`` may be null or left out: the period then lasts until the next one begins, or until the
file ends. ``file`` may be left out where the folder holds one video. ``position_s`` is how long the
period had lasted at ``start_s``, where a file begins after the kick-off. Keys that are not known
here are kept.
"""

import itertools
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from spotkick.errors import InputError
from spotkick.files import read_json, write_json
from spotkick.formats.recordings import MAX_PERIOD
from spotkick.timeline import format_clock

PERIODS_FILE: Final = "periods.json"
"""Name of the file beside a video that says where its periods lie."""

_FORMAT: Final = "spotkick-periods-1"
_KNOWN_KEYS: Final = ("period", "start_s", "end_s", "file", "position_s")


@dataclass(frozen=True, slots=True)
class PeriodSpan:
    """One period, or a part of one, in one file.

    Attributes:
        period: from 1 to 9.
        start_s: where it begins, in seconds from the first frame of the file.
        end_s: where it ends; None for the end of the file.
        file: the video; None where the context says which.
        extra: further keys of ``periods.json``, such as how a start was found.
        position_s: how long the period had lasted at ``start_s``; above 0 where the kick-off lies
            before the file.
    """

    period: int
    start_s: float = 0.0
    end_s: float | None = None
    file: Path | None = None
    extra: Mapping[str, Any] = field(
        default_factory=lambda: MappingProxyType({}), compare=False, hash=False
    )
    position_s: float = 0.0

    @property
    def is_whole_file(self) -> bool:
        """Whether the file holds nothing but this period."""
        return self.start_s == 0 and self.end_s is None and self.position_s == 0

    def __reduce__(self) -> tuple[type["PeriodSpan"], tuple[Any, ...]]:
        """Allow copies and worker processes in spite of the read-only ``extra``."""
        fields = (self.period, self.start_s, self.end_s, self.file)
        return PeriodSpan, (*fields, dict(self.extra), self.position_s)

    def contains(self, position_s: float) -> bool:
        """Whether a time of the file lies in the period; its end does not."""
        return self.start_s <= position_s and (self.end_s is None or position_s < self.end_s)

    def describe(self) -> str:
        """The span for people.

        Example:
            >>> PeriodSpan(2, 4500.0).describe()
            'period 2 from 1:15:00 to the end'
        """
        end = "the end" if self.end_s is None else _format_time(self.end_s)
        return f"period {self.period} from {_format_time(self.start_s)} to {end}"


def _format_time(seconds: float) -> str:
    """A clock time, with the fraction of the second where there is one."""
    fraction = f"{seconds % 1:.3f}".rstrip("0").lstrip("0").rstrip(".")
    return format_clock(seconds) + (fraction if seconds % 1 else "")


def find_contradiction(spans: Iterable[PeriodSpan]) -> str | None:
    """What is wrong with the periods of one or several files, as a clause; None when nothing is.

    Within a file periods must follow each other in the order of their numbers, without overlap, and
    each must be there once.
    """
    by_file: dict[Path | None, list[PeriodSpan]] = {}
    for span in spans:
        by_file.setdefault(span.file, []).append(span)
    for file, own in by_file.items():
        where = f"{file.name}: " if file else ""
        for span in own:
            if span.end_s is not None and span.end_s <= span.start_s:
                return f"{where}the end of period {span.period} lies before its start"

        # Once every span is sound by itself, neighbours in time are compared.
        ordered = sorted(own, key=lambda span: span.start_s)
        for first, second in itertools.pairwise(ordered):
            problem = _compare_neighbours(first, second)
            if problem:
                return where + problem
    return None


def _compare_neighbours(first: PeriodSpan, second: PeriodSpan) -> str | None:
    """What is wrong with two periods of a file, the second of which does not begin earlier."""
    begins = format_clock(second.start_s)
    if first.period == second.period:
        return f"period {first.period} is given twice"
    if second.period < first.period:
        return (
            f"period {second.period} begins at {begins}, after period {first.period} at "
            f"{format_clock(first.start_s)}; number the periods in the order of play"
        )
    end_s = math.inf if first.end_s is None else first.end_s
    if first.start_s == second.start_s or second.start_s < end_s < math.inf:
        return (
            f"period {first.period} ends after period {second.period} begins at {begins}; "
            "periods must not overlap"
        )
    return None


def close_spans(spans: Iterable[PeriodSpan]) -> tuple[PeriodSpan, ...]:
    """Let each open period end where the next one of its file begins; sorted by period."""
    spans = tuple(spans)
    closed = []
    for span in spans:
        later = [
            other.start_s
            for other in spans
            if other.file == span.file and other.start_s > span.start_s
        ]
        end_s = min(later, default=None) if span.end_s is None else span.end_s
        closed.append(replace(span, end_s=end_s))
    return tuple(sorted(closed, key=lambda span: span.period))


def find_periods(video: Path) -> tuple[PeriodSpan, ...]:
    """The periods of a video by the ``periods.json`` beside it; none where there is no such file.

    Raises:
        InputError: if the file is damaged or contradicts itself.
    """
    path = video.parent / PERIODS_FILE
    if not path.is_file():
        return ()
    own = [span for span in read_periods(path) if span.file is None or span.file.name == video.name]
    return close_spans(replace(span, file=video) for span in own)


def read_periods(path: Path) -> tuple[PeriodSpan, ...]:
    """Read ``periods.json``; files are relative to its folder.

    Raises:
        InputError: if the file is missing, damaged or contradicts itself.
    """
    document = _read_document(path)
    spans = [_parse_span(row, path, index) for index, row in enumerate(document["periods"], 1)]
    problem = find_contradiction(spans)
    if problem:
        raise InputError(f"{path}: {problem}")
    return close_spans(spans)


def write_periods(
    folder: Path, spans: Iterable[PeriodSpan], *, extra: Mapping[str, Any] | None = None
) -> Path:
    """Write ``periods.json``; its entries for other files, and its further keys, are kept.

    Args:
        folder: of the videos.
        spans: all periods of the files that they name.
        extra: further keys of the document.

    Returns:
        the file.

    Raises:
        InputError: if the spans contradict each other, or the file that is there is damaged.
        StorageError: if it cannot be written.
    """
    spans = tuple(spans)
    problem = find_contradiction(spans)
    if problem:
        raise InputError(f"{folder / PERIODS_FILE}: {problem}")
    path = folder / PERIODS_FILE
    former: dict[str, Any] = _read_document(path) if path.is_file() else {"periods": []}

    # Rows of files that the new spans do not speak of stay as they are.
    named = {span.file.name if span.file else None for span in spans}
    kept = [row for row in former["periods"] if row.get("file") not in named]
    rows = [
        {
            "period": span.period,
            "start_s": span.start_s,
            "end_s": span.end_s,
            **({"file": span.file.name} if span.file else {}),
            **({"position_s": span.position_s} if span.position_s else {}),
            **span.extra,
        }
        for span in spans
    ]
    write_json(path, {**former, **(extra or {}), "format": _FORMAT, "periods": kept + rows})
    return path


def _read_document(path: Path) -> dict[str, Any]:
    document = read_json(path)
    if not isinstance(document, dict) or document.get("format") != _FORMAT:
        raise InputError(f"{path}: the key 'format' must be '{_FORMAT}'")
    rows = document.get("periods")
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise InputError(f"{path}: the key 'periods' must be a list of objects")
    return document


def _parse_span(row: Mapping[str, Any], path: Path, number: int) -> PeriodSpan:
    where = f"{path}: entry {number} of 'periods'"
    period = row.get("period")
    if isinstance(period, bool) or not isinstance(period, int) or not 1 <= period <= MAX_PERIOD:
        raise InputError(f"{where}: 'period' must be a number within 1 and {MAX_PERIOD}")
    name = row.get("file")
    if name is not None and (not isinstance(name, str) or not name or Path(name).name != name):
        raise InputError(f"{where}: 'file' must be the name of a file in the same folder")
    return PeriodSpan(
        period,
        _parse_time(row.get("start_s", 0.0), where, "start_s"),
        None if row.get("end_s") is None else _parse_time(row["end_s"], where, "end_s"),
        path.parent / name if name else None,
        extra=MappingProxyType({key: row[key] for key in row if key not in _KNOWN_KEYS}),
        position_s=_parse_time(row.get("position_s", 0.0), where, "position_s"),
    )


def _parse_time(value: object, where: str, key: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < math.inf:
        raise InputError(f"{where}: '{key}' must be seconds from 0 on, got {value!r}")
    return float(value)
