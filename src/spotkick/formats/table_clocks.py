"""Minutes of a match clock that runs on from period to period, in tables."""

import warnings
from dataclasses import replace

from spotkick.actions import MatchActions
from spotkick.errors import SpotkickWarning
from spotkick.timeline import SOCCER_PERIODS_S


def restart_clock(match: MatchActions, where: str) -> MatchActions:
    """Positions since the start of each period, where minutes run on over the periods.

    Minutes run on where every action of every later period lies after the regular end of those
    before it: 45:00 for the second half of soccer. A warning says so.

    Args:
        match: with positions as the table states them.
        where: names the table.
    """
    starts_ms = {
        period: 1000 * sum(SOCCER_PERIODS_S[: period - 1])
        for period in range(2, len(SOCCER_PERIODS_S) + 1)
    }
    later = [action for action in match.actions if action.period in starts_ms]
    if not later or any(action.position_ms < starts_ms[action.period] for action in later):
        return match

    warnings.warn(
        f"{where}: minutes run on over the periods; those of period 2 count from 45:00",
        SpotkickWarning,
        stacklevel=3,
    )
    return replace(
        match,
        actions=tuple(
            replace(action, position_ms=action.position_ms - starts_ms.get(action.period, 0))
            for action in match.actions
        ),
    )
