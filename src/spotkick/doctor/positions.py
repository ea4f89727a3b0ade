"""What the positions of a whole set betray without labels: units, and how halves are counted."""

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np

from spotkick.actions import MatchActions
from spotkick.doctor.findings import Finding, Severity

SHORT_SET_S: Final = 180.0
"""Halves that end before this, with many actions, are probably counted in another unit."""

MANY_ACTIONS: Final = 20
"""So many actions of a match say something about its positions."""

MOST_LABELS_PER_S: Final = 0.6
MOST_SPOTS_PER_S: Final = 8.0
"""More actions in a second than people label, or a spotter of 2 frames per second leaves."""

LATE_SECOND_HALF_S: Final = 40 * 60
"""Second halves that begin later than this count from the kick-off of the match."""

LONG_HALF_S: Final = 65 * 60
"""A first half with later actions probably holds the second one too."""

_GUESSES: Final = (
    ("seconds", 1, 1000),
    ("frames at 2 per second", 2, 500),
    ("frames at 25 per second", 25, 40),
    ("frames at 30 per second", 30, 1000 / 30),
    ("frames at 50 per second", 50, 20),
)
_HALF_S: Final = (40 * 60, 62 * 60)
_SURE_FACTOR: Final = 500
"""Whole halves within a few seconds are a mistake; within a minute they may be clips."""

_SHARE: Final = 0.8


def check_positions(
    matches: Sequence[MatchActions], where: str, *, is_soccer: bool, scored: bool
) -> Iterator[Finding]:
    """Check the positions of all matches of a set together.

    Args:
        matches: labels or predictions.
        where: the set, for findings that concern all of it.
        is_soccer: whether halves of 45 minutes can be expected.
        scored: whether these are predictions, which may come several in a second.
    """
    full = [match for match in matches if len(match.actions) >= MANY_ACTIONS]
    if not full:
        return
    unit = _check_unit(full, where, is_soccer=is_soccer, scored=scored)
    if unit is not None:
        yield unit
    elif is_soccer:
        yield from _check_halves(full, where, scored=scored)


def _check_unit(
    matches: Sequence[MatchActions], where: str, *, is_soccer: bool, scored: bool
) -> Finding | None:
    """Whole matches that end within seconds, or last for days."""
    lasts = np.array([max(a.position_ms for a in match.actions) for match in matches])
    largest = float(np.median(lasts))

    # Positions in seconds or frames that are read as milliseconds: everything in three minutes.
    crowded = _measure_density(matches) > (MOST_SPOTS_PER_S if scored else MOST_LABELS_PER_S)
    if largest < 1000 * SHORT_SET_S and crowded:
        fitting = [
            (unit, factor)
            for unit, per_second, factor in _GUESSES
            if is_soccer and _HALF_S[0] <= largest / per_second <= _HALF_S[1]
        ]
        guess = f"they may be {' or '.join(unit for unit, _ in fitting)}" if fitting else ""
        factor = f" (multiply by {fitting[0][1]:.4g})" if fitting else ""
        return Finding(
            Severity.ERROR if fitting and fitting[0][1] >= _SURE_FACTOR else Severity.WARNING,
            "wrong-unit",
            where,
            f"the last position of a match is {largest:.0f} in the median, so "
            f"{largest / 1000:.1f} s in milliseconds{'; ' if guess else ''}{guess}",
            f"write positions in milliseconds since the start of the period{factor}",
            len(matches),
        )
    if largest > 1000 * 12 * 3600:
        return Finding(
            Severity.ERROR,
            "wrong-unit",
            where,
            f"the last position of a match is {largest:.0f} in the median, so "
            f"{largest / 3_600_000:,.0f} hours in milliseconds; they may be microseconds",
            "write positions in milliseconds since the start of the period",
            len(matches),
        )
    return None


def _measure_density(matches: Sequence[MatchActions]) -> float:
    """Actions per second of the first matches, up to the last one of each."""
    actions = sum(len(match.actions) for match in matches)
    total_ms = sum(
        max(a.position_ms for a in match.actions if a.period == period)
        for match in matches
        for period in {action.period for action in match.actions}
    )
    return 1000 * actions / max(total_ms, 1)


def _check_halves(
    matches: Sequence[MatchActions], where: str, *, scored: bool
) -> Iterator[Finding]:
    seconds = [
        [action.position_s for action in match.actions if action.period == 2] for match in matches
    ]
    counted = [times for times in seconds if len(times) >= MANY_ACTIONS // 4]
    late = [times for times in counted if min(times) >= LATE_SECOND_HALF_S]
    if counted and len(late) >= _SHARE * len(counted):
        first_s = float(np.median([min(times) for times in late]))
        yield Finding(
            Severity.ERROR,
            "counts-from-kick-off",
            where,
            f"in {len(late)} of {len(counted)} matches no action of the second half comes before "
            f"minute {first_s / 60:.0f}: its positions count from the kick-off of the match",
            "subtract the start of the second half (45:00, or where its video begins) from them",
            len(late),
        )

    # All in the first half: either the second one is missing, or it is numbered as the first.
    alone = [match for match in matches if {action.period for action in match.actions} == {1}]
    if len(alone) < len(matches):
        return
    long = sum(max(a.position_s for a in match.actions) > LONG_HALF_S for match in alone)
    if long >= _SHARE * len(alone):
        yield Finding(
            Severity.ERROR,
            "merged-halves",
            where,
            f"all actions of {len(alone)} matches lie in half 1, up to minute "
            f"{max(a.position_s for m in alone for a in m.actions) / 60:.0f}: the second half is "
            "counted on in the first",
            "write period 2, and positions since the start of the second half",
            len(alone),
        )
    else:
        yield Finding(
            Severity.WARNING if scored and len(alone) > 1 else Severity.INFO,
            "no-second-half",
            where,
            f"no action of {len(alone)} {'match' if len(alone) == 1 else 'matches'} lies in half 2",
            "if whole matches were spotted, number the second half 2; single recordings have one",
            len(alone),
        )
