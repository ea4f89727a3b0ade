"""Average-mAP over parts of the match: by game time and by distance to the next action.

These are figures 4 and 5 of the CALF paper, for which no code was released; what is not stated in
the paper is chosen here and said in the docstrings. Classes without a label in a part are left out
of its mean.
"""

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from spotkick.actions import Action, ActionClasses, MatchActions
from spotkick.evaluation.assignment import AssignmentResult
from spotkick.evaluation.deferred_acceptance import UNASSIGNED
from spotkick.evaluation.group_counts import average_over_tolerances, count_groups
from spotkick.timeline import PERIOD_NAMES

DISTANCE_EDGES_S: Final = (0.0, 5.0, 15.0, 30.0, 60.0, 120.0, 300.0)
"""Lower edges of the bins of distance; the last bin has no end."""

FIRST_FRAME_MS: Final = 500
"""Length of the first frame at 2 frames per second."""

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Part:
    """The score of one part.

    Attributes:
        name: for people, such as ``first half, 5-10 min``.
        low: lower edge, in minutes of the period or in seconds of distance.
        high: upper edge; infinity for the last part.
        period: number of the period, None when the part goes over all.
        average_map: mean over the classes that have a label here; NaN without any.
        num_labels: labels in the part.
        num_predictions: predictions in the part: by game time those whose own time lies in it, by
            distance those whose nearest label does.
    """

    name: str
    low: float
    high: float
    period: int | None
    average_map: float
    num_labels: int
    num_predictions: int

    def to_json(self) -> dict[str, Any]:
        """Plain values for a JSON file; what is not a finite number becomes null."""
        return {
            "name": self.name,
            "low": self.low,
            "high": self.high if np.isfinite(self.high) else None,
            "period": self.period,
            "average_map": None if np.isnan(self.average_map) else self.average_map,
            "n_labels": self.num_labels,
            "n_predictions": self.num_predictions,
        }


@dataclass(frozen=True, slots=True)
class _Bin:
    name: str
    low: float
    high: float
    period: int | None


def by_game_time(
    assignment: AssignmentResult, *, bin_minutes: float = 5, last_minute: float = 45
) -> tuple[Part, ...]:
    """Average-mAP in bins of game time, each period by itself.

    A label and the prediction that found it count in the bin of the label, so that a spot just
    across an edge is no miss; a prediction that found none counts in the bin of its own time.

    Args:
        assignment: of `spotkick.evaluation.assign_predictions`.
        bin_minutes: width of a bin.
        last_minute: where the last bin begins, which has no end.
    """
    edges = [*np.arange(0, last_minute, bin_minutes).tolist(), float(last_minute), np.inf]
    grid = assignment.labels.grid
    periods = sorted(grid.periods)

    def find_bin(frame: Ints, period: Ints) -> Ints:
        """Number of the bin, over all periods."""
        minute = frame / grid.rate / 60
        inside: Ints = np.searchsorted(edges, minute, side="right") - 1
        return np.searchsorted(periods, period) * (len(edges) - 1) + inside

    bins = [
        _Bin(f"{_name_period(period)}, {_name_range(low, high)} min", low, high, period)
        for period in periods
        for low, high in itertools.pairwise(edges)
    ]
    labels, predictions = assignment.labels, assignment.predictions
    return _score_parts(
        assignment,
        find_bin(labels.frame, labels.period),
        find_bin(predictions.frame, predictions.period),
        bins,
    )


def by_distance(
    assignment: AssignmentResult, *, edges_s: Sequence[float] = DISTANCE_EDGES_S
) -> tuple[Part, ...]:
    """Average-mAP in bins of the distance to the closest other action of the period, of any class.

    A prediction counts in the bin of the label that it found, one that found none in the bin of the
    nearest label of its class; one without any in its period counts nowhere.

    Args:
        assignment: of `spotkick.evaluation.assign_predictions`.
        edges_s: lower edges of the bins; the last bin has no end.
    """
    edges = [*map(float, edges_s), np.inf]
    distance = np.minimum(distance_to_others(assignment), np.finfo(np.float64).max)
    label_bin = np.searchsorted(edges, distance, side="right") - 1
    prediction_bin = np.append(label_bin, -1)[assignment.closest]  # the -1 answers for UNASSIGNED

    bins = [
        _Bin(f"{_name_range(low, high)} s", low, high, None)
        for low, high in itertools.pairwise(edges)
    ]
    return _score_parts(assignment, label_bin, prediction_bin, bins)


def distance_to_others(assignment: AssignmentResult) -> npt.NDArray[np.float64]:
    """(labels,) seconds to the closest other label of the same match and period.

    Infinity where there is none.
    """
    labels = assignment.labels
    match_period = labels.group // len(assignment.classes)
    order = np.lexsort((labels.frame, match_period))

    # Gaps between neighbours in time; across a border of periods there is none.
    same = match_period[order][1:] == match_period[order][:-1]
    gap = np.where(same, np.diff(labels.frame[order]).astype(np.float64), np.inf)
    nearest = np.minimum(np.append(np.inf, gap), np.append(gap, np.inf))[: len(order)]

    distance = np.empty(len(labels))
    distance[order] = nearest / labels.grid.rate
    return distance


def without_first_frame(
    labels: Iterable[MatchActions], classes: ActionClasses, name: str
) -> tuple[MatchActions, ...]:
    """Leave out the labels of a class on the first frame of the second and later periods.

    SoccerNet notes a substitution made at the break on the first frame of the second half, where
    nothing can be seen of it. The paper reports its score with and without these (62.5 and 63.2).

    Args:
        labels: one entry per match.
        classes: resolves labels to classes.
        name: class that is filtered, such as ``Substitution``.
    """

    def is_left_out(action: Action) -> bool:
        first = action.period > 1 and action.position_ms < FIRST_FRAME_MS
        return first and classes.resolve(action.label) == name

    return tuple(
        MatchActions(
            match.match, tuple(action for action in match.actions if not is_left_out(action))
        )
        for match in labels
    )


def _name_period(period: int) -> str:
    return PERIOD_NAMES.get(period, f"period {period}")


def _name_range(low: float, high: float) -> str:
    return f"{low:g}-{high:g}" if np.isfinite(high) else f"from {low:g}"


def _score_parts(
    assignment: AssignmentResult, label_bin: Ints, prediction_bin: Ints, bins: Sequence[_Bin]
) -> tuple[Part, ...]:
    """Scores of bins of labels and predictions; a hit counts in the bin of its label."""
    # (tolerances, predictions) because which label a prediction finds depends on the tolerance.
    hit = assignment.assigned != UNASSIGNED
    bin_of_found = np.append(label_bin, -1)[assignment.assigned]
    counts = count_groups(
        assignment,
        label_bin,
        np.where(hit, bin_of_found, prediction_bin),
        num_groups=len(bins),
    )

    # Only classes with a label in the bin count in its mean.
    table = average_over_tolerances(counts.average_precision())  # (bins, classes)
    num_predictions = np.bincount(prediction_bin[prediction_bin >= 0], minlength=len(bins))
    parts = []
    for number, one in enumerate(bins):
        labels = counts.labels[number]
        known = table[number][labels > 0]
        parts.append(
            Part(
                one.name,
                low=one.low,
                high=one.high,
                period=one.period,
                average_map=float(np.mean(known)) if len(known) else float("nan"),
                num_labels=int(labels.sum()),
                num_predictions=int(num_predictions[number]),
            )
        )
    return tuple(parts)
