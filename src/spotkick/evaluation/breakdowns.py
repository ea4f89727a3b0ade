"""Average-mAP over parts of the match: by game time, by distance to the next action (Figs. 4 and 5 of the CALF paper).

No code was released for these figures; what is not stated in the paper is chosen here and said in
the docstrings. Classes without a label in a part are left out of its mean.
"""

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from spotkick.actions import ActionClasses, MatchActions
from spotkick.evaluation.average_map import AssignmentResult, average_over_tolerances, count_groups
from spotkick.timeline import PERIOD_NAMES

DISTANCE_EDGES_S: Final = (0.0, 5.0, 15.0, 30.0, 60.0, 120.0, 300.0)
"""Lower edges of the bins of distance; the last bin has no end."""

FIRST_FRAME_MS: Final = 500
"""Length of the first frame at 2 frames per second."""


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
        num_predictions: predictions that count in the part.
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


def by_game_time(
    assignment: AssignmentResult, *, bin_minutes: float = 5, last_minute: float = 45
) -> tuple[Part, ...]:
    """Average-mAP in bins of game time, each period by itself.

    Labels and predictions count in the bin of their own time.

    Args:
        assignment: of `spotkick.evaluation.assign_predictions`.
        bin_minutes: width of a bin.
        last_minute: where the last bin begins, which has no end.
    """
    edges = [*np.arange(0, last_minute, bin_minutes).tolist(), float(last_minute), np.inf]
    grid = assignment.labels.grid
    bins = len(edges) - 1

    def place(frame: npt.NDArray[np.int64], period: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        row = np.searchsorted(np.sort(grid.periods), period)
        return row * bins + np.searchsorted(edges, frame / grid.rate / 60, side="right") - 1

    spans = [
        (
            f"{PERIOD_NAMES.get(period, f'period {period}')}, {_span(low, high)} min",
            low,
            high,
            period,
        )
        for period in sorted(grid.periods)
        for low, high in itertools.pairwise(edges)
    ]
    return _parts(
        assignment,
        place(assignment.labels.frame, assignment.labels.period),
        place(assignment.predictions.frame, assignment.predictions.period),
        spans,
    )


def by_distance(
    assignment: AssignmentResult, *, edges_s: Sequence[float] = DISTANCE_EDGES_S
) -> tuple[Part, ...]:
    """Average-mAP in bins of the distance to the closest other action of the same period, of any class.

    A prediction counts in the bin of the nearest label of its class; one without any in its period
    counts nowhere.

    Args:
        assignment: of `spotkick.evaluation.assign_predictions`.
        edges_s: lower edges of the bins; the last bin has no end.
    """
    edges = [*map(float, edges_s), np.inf]
    distance = np.minimum(distance_to_others(assignment), np.finfo(np.float64).max)
    place = np.searchsorted(edges, distance, side="right") - 1
    of_prediction = np.append(place, -1)[
        assignment.closest
    ]  # the last entry answers for UNASSIGNED
    spans = [(f"{_span(low, high)} s", low, high, None) for low, high in itertools.pairwise(edges)]
    return _parts(assignment, place, of_prediction, spans)


def distance_to_others(assignment: AssignmentResult) -> npt.NDArray[np.float64]:
    """(labels,) seconds to the closest other label of the same match and period, infinity where there is none."""
    labels = assignment.labels
    half = labels.group // len(assignment.classes)
    order = np.lexsort((labels.frame, half))
    gap = np.where(
        half[order][1:] == half[order][:-1], np.diff(labels.frame[order]).astype(np.float64), np.inf
    )
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
    return tuple(
        MatchActions(
            match.match,
            tuple(
                action
                for action in match.actions
                if not (
                    action.period > 1
                    and action.position_ms < FIRST_FRAME_MS
                    and classes.resolve(action.label) == name
                )
            ),
        )
        for match in labels
    )


def _span(low: float, high: float) -> str:
    return f"{low:g}-{high:g}" if np.isfinite(high) else f"from {low:g}"


def _parts(
    assignment: AssignmentResult,
    label_part: npt.NDArray[np.int64],
    prediction_part: npt.NDArray[np.int64],
    spans: Sequence[tuple[str, float, float, int | None]],
) -> tuple[Part, ...]:
    counts = count_groups(assignment, label_part, prediction_part, len(spans))
    table = average_over_tolerances(counts.average_precision())  # (parts, classes)
    present = counts.labels > 0
    return tuple(
        Part(
            *span,
            average_map=float(np.mean(row[known])) if known.any() else float("nan"),
            num_labels=int(labels.sum()),
            num_predictions=int(predictions.sum()),
        )
        for span, row, known, labels, predictions in zip(
            spans, table, present, counts.labels, counts.predictions, strict=True
        )
    )
