"""The clock of the match in captions, chapters and tables."""

from collections.abc import Iterable
from typing import Final

from spotkick.actions import SOCCERNET_BALL, SOCCERNET_V1, SOCCERNET_V2
from spotkick.highlights.candidates import Candidate
from spotkick.highlights.config import INTEREST, HighlightsConfig
from spotkick.timeline import SOCCER_PERIODS_S, format_clock, match_clock

_MAX_ADDED_S: Final = 25 * 60
"""Added time is shorter; what lies later is no period but a recording of the whole match."""

_SOCCER_CLASSES: Final = frozenset(
    {name.lower() for task in (SOCCERNET_V1, SOCCERNET_V2, SOCCERNET_BALL) for name in task.names}
    | set(INTEREST)
)


def period_lengths(labels: Iterable[str], config: HighlightsConfig) -> tuple[int, ...]:
    """Regular length of each period in seconds; empty where the sport is not known.

    Args:
        labels: classes of the match.
        config: may state the lengths.
    """
    if config.period_lengths_s is not None:
        return config.period_lengths_s
    known = {label.lower() for label in labels}
    return SOCCER_PERIODS_S if known <= _SOCCER_CLASSES else ()


def clock_of(candidate: Candidate, lengths_s: tuple[int, ...]) -> str:
    """What the clock of the match shows at a candidate.

    Example:
        >>> clock_of(Candidate("Goal", 2, 20.0, 0.9), SOCCER_PERIODS_S)
        '45:20'
    """
    period, position_s = candidate.period, candidate.position_s
    if period <= len(lengths_s) and position_s > lengths_s[period - 1] + _MAX_ADDED_S:
        return format_clock(position_s)
    return match_clock(period, round(1000 * position_s), lengths_s=lengths_s)
