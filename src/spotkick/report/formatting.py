"""Values as people read them on a report: shares in percent, ends of intervals, dashes."""

import math
from typing import Final

from spotkick.evaluation.resampling import MIN_MATCHES, Interval
from spotkick.evaluation.tables import NO_VALUE
from spotkick.report.intervals import Estimate

NONE: Final = NO_VALUE
"""What a table shows where there is no value."""


def percent(value: float) -> str:
    """A share as people read it; a dash where there is none."""
    return NONE if math.isnan(value) else f"{100 * value:.1f}"


def span(interval: Interval) -> str:
    """The ends of an interval; a dash where there is none."""
    if not interval.known:
        return NONE
    return f"{percent(interval.low)}\N{NO-BREAK SPACE}to\N{NO-BREAK SPACE}{percent(interval.high)}"


def estimate(interval: Interval) -> Estimate:
    """An interval in percent, for charts."""
    return Estimate(100 * interval.value, 100 * interval.low, 100 * interval.high)


def count_matches(number: int) -> str:
    """A number of matches in words.

    Example:
        >>> count_matches(1), count_matches(1200)
        ('1 match', '1,200 matches')
    """
    return f"{number:,} match" if number == 1 else f"{number:,} matches"


def no_interval(num_matches: int) -> str:
    """Why there is no interval.

    Example:
        >>> no_interval(1)
        '1 match: no interval, which needs 10'
    """
    return f"{count_matches(num_matches)}: no interval, which needs {MIN_MATCHES}"
