"""The values of ``--period`` on the command line."""

import re
from collections.abc import Sequence
from typing import Final

from spotkick.datasets.periods import PeriodSpan, close_spans, find_contradiction
from spotkick.errors import ConfigError, InputError
from spotkick.formats.recordings import MAX_PERIOD
from spotkick.timeline import parse_clock

_LONGEST_TIME_S: Final = 24 * 3600
_OPTION: Final = re.compile(r"\s*(\d+)\s*=\s*(.*\S)\s*")
_FORM: Final = "--period must look like 1=754:3612, 2=1:15:00-2:01:40 or 2=4500: (PERIOD=START:END)"


def parse_period_options(values: Sequence[str]) -> tuple[int | None, tuple[PeriodSpan, ...]]:
    """Read the values of ``--period``: either one plain number, or spans.

    Args:
        values: such as ``["2"]`` or ``["1=754:3612", "2=4500:"]``.

    Returns:
        the period of a file that holds one period, and the periods of a file that holds several.
        The file of each span is None, and open ends stop where the next period begins.

    Raises:
        ConfigError: if a value has another form, both kinds are given, or the spans contradict each
            other.

    Example:
        >>> parse_period_options(["2"])
        (2, ())
        >>> [span.end_s for span in parse_period_options(["1=0:", "2=4500:7300"])[1]]
        [4500.0, 7300.0]
    """
    plain = [value for value in values if value.strip().isdecimal()]
    if plain:
        if len(values) > 1:
            raise ConfigError(
                f"--period {plain[0]} says that a file holds one period, so that it stands alone; "
                "for several periods in one file give start and end of each, as in 1=754:3612"
            )
        return _checked_period(int(plain[0])), ()
    spans = [parse_period_span(value) for value in values]
    problem = find_contradiction(spans)
    if problem:
        raise ConfigError(f"--period: {problem}")
    return None, close_spans(spans)


def parse_period_span(text: str) -> PeriodSpan:
    """Read ``PERIOD=START:END``, where the end may be left out.

    Times are seconds, ``m:ss`` or ``h:mm:ss``. Two numbers are two times in seconds. A ``-`` in
    place of the colon separates times that hold colons themselves.

    Raises:
        ConfigError: if the text has another form, or can be read in more than one way.

    Example:
        >>> span = parse_period_span("2=1:15:00-2:01:40")
        >>> span.period, span.start_s, span.end_s
        (2, 4500.0, 7300.0)
    """
    found = _OPTION.fullmatch(text)
    if found is None:
        raise ConfigError(f"{_FORM}, got {text!r}")
    period, times = _checked_period(int(found[1])), found[2]

    readings = _list_readings(times)
    forward = [pair for pair in readings if pair[1] is None or pair[0] < pair[1]]
    if not readings:
        raise ConfigError(f"{_FORM}, got {text!r}")
    if not forward:
        raise ConfigError(f"--period {text}: the end of period {period} lies before its start")
    if len(forward) > 1:
        raise ConfigError(
            f"--period {text} can be read in {len(forward)} ways; separate start and end by a "
            f"hyphen, as in {period}=1:15:00-2:01:40"
        )
    return PeriodSpan(period, *forward[0])


def _checked_period(period: int) -> int:
    if not 1 <= period <= MAX_PERIOD:
        raise ConfigError(f"--period: a period must lie within 1 and {MAX_PERIOD}, got {period}")
    return period


def _list_readings(times: str) -> list[tuple[float, float | None]]:
    """All ways to read the times of a span as (start, end)."""
    if "-" in times:
        start, _, end = times.partition("-")
        return [pair for pair in (_read_pair(start, end),) if pair]
    parts = times.split(":")
    if parts[-1].strip() == "":
        return [pair for pair in (_read_pair(times.rpartition(":")[0], ""),) if pair]

    # Two numbers are always two times in seconds: 10:55 is not ten minutes.
    cuts = [1] if len(parts) == 2 else range(1, len(parts) + 1)
    pairs = (_read_pair(":".join(parts[:cut]), ":".join(parts[cut:])) for cut in cuts)
    return [pair for pair in pairs if pair]


def _read_pair(start: str, end: str) -> tuple[float, float | None] | None:
    """(start, end), or None where one of them is not a time within a day."""
    try:
        pair = parse_clock(start), parse_clock(end) if end.strip() else None
    except InputError:
        return None
    return pair if max(pair[0], pair[1] or 0.0) <= _LONGEST_TIME_S else None
