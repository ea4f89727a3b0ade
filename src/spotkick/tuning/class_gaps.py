"""Distances between the actions of labels, which say when something else happens."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from spotkick.actions import ActionClasses, MatchActions

SAME_INCIDENT_S: Final = 2.0
"""Actions this close mark one incident (a shot and the goal): they do not end each other's
context."""


@dataclass(frozen=True, slots=True)
class ClassGaps:
    """Distances around the actions of one class, in seconds.

    Attributes:
        actions: number of actions.
        before: to the nearest earlier incident of any class, where there is one in the period.
        after: to the nearest later incident.
        same: between neighbouring actions of the class.
    """

    actions: int
    before: npt.NDArray[np.float64]
    after: npt.NDArray[np.float64]
    same: npt.NDArray[np.float64]


def measure_gaps(matches: Iterable[MatchActions], classes: ActionClasses) -> dict[str, ClassGaps]:
    """Measure distances between actions.

    Args:
        matches: labels; actions of other classes count as incidents too.
        classes: decides which classes are measured.
    """
    before: dict[str, list[float]] = {name: [] for name in classes}
    after: dict[str, list[float]] = {name: [] for name in classes}
    same: dict[str, list[float]] = {name: [] for name in classes}
    counts = dict.fromkeys(classes, 0)

    for times, labels in _iterate_periods(matches, classes):
        # Place of the nearest other incident on each side; actions that mark one incident are none.
        earlier = np.searchsorted(times, times - SAME_INCIDENT_S, side="left") - 1
        later = np.searchsorted(times, times + SAME_INCIDENT_S, side="right")
        for name in classes:
            chosen = np.flatnonzero(labels == name)
            counts[name] += len(chosen)
            same[name].extend(np.diff(times[chosen]))
            found = chosen[earlier[chosen] >= 0]
            before[name].extend(times[found] - times[earlier[found]])
            found = chosen[later[chosen] < len(times)]
            after[name].extend(times[later[found]] - times[found])

    return {
        name: ClassGaps(
            counts[name],
            before=np.array(before[name]),
            after=np.array(after[name]),
            same=np.array(same[name]),
        )
        for name in classes
    }


def _iterate_periods(
    matches: Iterable[MatchActions], classes: ActionClasses
) -> Iterable[tuple[npt.NDArray[np.float64], npt.NDArray[np.str_]]]:
    """Times in seconds and class names of each period, in order of time."""
    for match in matches:
        for period in sorted({action.period for action in match.actions}):
            actions = sorted(
                (action for action in match.actions if action.period == period),
                key=lambda action: action.position_ms,
            )
            names = [classes.resolve(action.label) or "" for action in actions]
            yield (
                np.array([action.position_s for action in actions]),
                np.array(names, dtype=np.str_),
            )
