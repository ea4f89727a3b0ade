"""Times of labels and predictions as arrays, and how well they agree.

Of each match and class only as many predictions count as there are labels, the most confident
ones: they are what a score is made of.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from spotkick.actions import Action

_MAX_OFFSET_S: Final = 4 * 3600.0


@dataclass(frozen=True, slots=True)
class Times:
    """Labels or predictions as arrays, one entry per action.

    Attributes:
        match: index of the match.
        label: index of the class.
        period: from 1.
        position_s: seconds since the start of the period.
    """

    match: npt.NDArray[np.intp]
    label: npt.NDArray[np.intp]
    period: npt.NDArray[np.intp]
    position_s: npt.NDArray[np.float64]

    def select(self, chosen: npt.NDArray[np.bool_]) -> "Times":
        """Some of the actions."""
        return Times(
            self.match[chosen], self.label[chosen], self.period[chosen], self.position_s[chosen]
        )


def arrange_times(
    matches: Sequence[Sequence[Action]], names: Sequence[str], counts: Sequence[Counter[str]]
) -> Times:
    """Arrays of the actions of each match, of each class as many as ``counts`` says.

    Args:
        matches: actions of each match, of the classes in ``names`` only.
        names: classes.
        counts: of each match, how many actions of each class are taken, the most confident first.
    """
    rows: list[tuple[int, int, int, float]] = []
    for index, actions in enumerate(matches):
        taken: Counter[str] = Counter()
        for action in sorted(actions, key=lambda action: -(action.confidence or 0.0)):
            if taken[action.label] < counts[index][action.label]:
                taken[action.label] += 1
                rows.append((index, names.index(action.label), action.period, action.position_s))
    values = np.array(rows, dtype=np.float64).reshape(-1, 4)
    whole = values[:, :3].astype(np.intp)
    return Times(whole[:, 0], whole[:, 1], whole[:, 2], values[:, 3])


def measure_agreement(predicted: Times, labelled: Times, tolerance_s: float) -> float:
    """Share of the labels that have a prediction of their match, class and period close by."""
    if not len(labelled.match):
        return 0.0
    return float((nearest_gaps(predicted, labelled) <= tolerance_s).mean())


def nearest_gaps(predicted: Times, labelled: Times) -> npt.NDArray[np.float64]:
    """(labels,) seconds to the nearest prediction of the same match, class and period."""
    # One axis for all: groups lie so far apart that no neighbour is of another group.
    apart_s = 1e7
    keys = [_number_groups(times) * apart_s + times.position_s for times in (predicted, labelled)]
    order = np.sort(keys[0])
    if not len(order):
        return np.full(len(keys[1]), np.inf)
    place = np.searchsorted(order, keys[1])
    before = np.abs(keys[1] - order[np.clip(place - 1, 0, None)])
    after = np.abs(keys[1] - order[np.clip(place, None, len(order) - 1)])
    gaps: npt.NDArray[np.float64] = np.minimum(before, after)
    return gaps


def find_offset(predicted: Times, labelled: Times, tolerance_s: float) -> float:
    """The one shift of all predictions, in seconds, that brings most of them to a label."""
    groups: dict[float, list[int]] = {}
    for index, group in enumerate(_number_groups(labelled)):
        groups.setdefault(float(group), []).append(index)
    gaps = [
        labelled.position_s[groups[float(group)]] - position
        for group, position in zip(_number_groups(predicted), predicted.position_s, strict=True)
        if float(group) in groups
    ]
    if not gaps:
        return 0.0
    found = np.concatenate(gaps)
    found = np.sort(found[np.abs(found) <= _MAX_OFFSET_S])
    if not len(found):
        return 0.0

    # The window of twice the tolerance that holds most differences; the middle of what it holds.
    ends = np.searchsorted(found, found + 2 * tolerance_s, side="right")
    counts = ends - np.arange(len(found))
    first = int(np.argmax(counts))
    return float(np.median(found[first : int(ends[first])]))


def _number_groups(times: Times) -> npt.NDArray[np.float64]:
    numbers: npt.NDArray[np.float64] = (
        (times.match * 512.0 + times.label) * 16.0 + times.period
    ).astype(np.float64)
    return numbers
