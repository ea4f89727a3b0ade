"""What goes wrong, by kind: an error taxonomy for spotting.

It follows TIDE and "Diagnosing error in temporal action detectors".

At one tolerance every prediction that found no label is, in this order,

* a **duplicate**: a label of its class in the window is taken by a better prediction;
* **early** or **late**: a label of its class that was not found is near, outside the window;
* of the **wrong class**: a label of another class is in the window;
* **background**: none of these.

A label that was not found and that no early, late or wrongly classed prediction points to is
**missed**.

`spotkick.evaluation.error_costs` has what each kind costs.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from spotkick.evaluation.assignment import AssignmentResult
from spotkick.evaluation.deferred_acceptance import UNASSIGNED
from spotkick.evaluation.frames import FramedActions

NEAR_S: Final = 60.0
"""Full width of the window in which a spot is early or late rather than background."""

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


class ErrorKind(StrEnum):
    """Kinds of errors; see the module's text."""

    EARLY = "early"
    LATE = "late"
    WRONG_CLASS = "wrong class"
    DUPLICATE = "duplicate"
    BACKGROUND = "background"
    MISSED = "missed"


KINDS: Final = tuple(ErrorKind)
_CORRECT: Final = -1
_IGNORED: Final = -2


@dataclass(frozen=True, slots=True)
class ErrorCase:
    """One error, with the times that a person looks at.

    Attributes:
        kind: what went wrong.
        match: name of the match.
        period: number of the period.
        position_s: seconds of the prediction in its period; of the label when it was missed.
        label: class of the prediction or of the missed label.
        confidence: of the prediction, None for a missed label.
        other_label: class of the label that the error is about, None for background and missed
            ones.
        other_position_s: its time, or None.
    """

    kind: ErrorKind
    match: str
    period: int
    position_s: float
    label: str
    confidence: float | None
    other_label: str | None = None
    other_position_s: float | None = None

    def to_json(self) -> dict[str, Any]:
        """Plain values for a JSON file."""
        fields = (
            "match",
            "period",
            "position_s",
            "label",
            "confidence",
            "other_label",
            "other_position_s",
        )
        return {"kind": str(self.kind), **{name: getattr(self, name) for name in fields}}


@dataclass(frozen=True)
class SpotErrors:
    """Every prediction and label with its kind of error.

    Attributes:
        assignment: what was looked at.
        kind: (predictions,) position in ``KINDS``, -1 for correct ones, -2 for those below their
            threshold.
        other: (predictions,) index of the label that the error is about, -1 without.
        found: (labels,) whether a prediction found the label.
        missed: (labels,) whether the label was missed.
    """

    assignment: AssignmentResult
    kind: Ints
    other: Ints
    found: Flags
    missed: Flags

    def counts(self, *, visible: bool | None = None) -> Mapping[str, Mapping[ErrorKind, int]]:
        """Number of errors by class and kind.

        Args:
            visible: only errors about labels that are shown (True) or not shown (False). An error
                that is about no label belongs to the nearest label of its class, and to the unshown
                ones when there is none.
        """
        labels = self.assignment.labels
        shown = np.append(labels.value > 0, False)
        about_shown = np.where(
            self.other != UNASSIGNED, shown[self.other], self.assignment.closest_is_visible()
        )
        chosen = np.ones_like(about_shown) if visible is None else about_shown == visible
        missed = self.missed if visible is None else self.missed & (shown[:-1] == visible)

        # A row for each class, a column for each kind.
        size, kinds = len(self.assignment.classes), len(KINDS)
        wrong = chosen & (self.kind >= 0)
        cell = self.assignment.predictions.class_index[wrong] * kinds + self.kind[wrong]
        table = np.bincount(cell, minlength=size * kinds).reshape(size, kinds)
        table[:, KINDS.index(ErrorKind.MISSED)] = np.bincount(
            labels.class_index[missed], minlength=size
        )
        return MappingProxyType(
            {
                name: MappingProxyType(dict(zip(KINDS, row.tolist(), strict=True)))
                for name, row in zip(self.assignment.classes.names, table, strict=True)
            }
        )

    def cases(self, kind: ErrorKind, limit: int | None = None) -> tuple[ErrorCase, ...]:
        """The errors of a kind, the most confident first; missed labels in the order of time."""
        if kind is ErrorKind.MISSED:
            return tuple(
                self._missed_case(int(number)) for number in np.flatnonzero(self.missed)[:limit]
            )
        numbers = np.flatnonzero(self.kind == KINDS.index(kind))
        ranked = numbers[np.argsort(-self.assignment.predictions.value[numbers], kind="stable")][
            :limit
        ]
        return tuple(self._describe_case(int(number)) for number in ranked)

    def _describe_case(self, number: int) -> ErrorCase:
        spot = _locate_action(self.assignment.predictions, number)
        kind, confidence = (
            KINDS[self.kind[number]],
            float(self.assignment.predictions.value[number]),
        )
        if self.other[number] == UNASSIGNED:
            return ErrorCase(kind, *spot, confidence)
        _, _, other_position_s, other_label = _locate_action(
            self.assignment.labels, int(self.other[number])
        )
        return ErrorCase(kind, *spot, confidence, other_label, other_position_s)

    def _missed_case(self, number: int) -> ErrorCase:
        return ErrorCase(ErrorKind.MISSED, *_locate_action(self.assignment.labels, number), None)


def _locate_action(actions: FramedActions, number: int) -> tuple[str, int, float, str]:
    grid = actions.grid
    match = grid.matches[int(actions.match_index[number])]
    label = grid.classes.names[int(actions.class_index[number])]
    return match, int(actions.period[number]), float(actions.frame[number] / grid.rate), label


def find_errors(
    assignment: AssignmentResult,
    tolerance_s: float,
    *,
    near_s: float = NEAR_S,
    thresholds: Mapping[str, float] | None = None,
) -> SpotErrors:
    """Sort all errors at one tolerance into kinds.

    Args:
        assignment: of `spotkick.evaluation.assign_predictions`, at this tolerance among others.
        tolerance_s: full width of the window in which a prediction is right.
        near_s: full width of the window in which it is early or late.
        thresholds: least confidence by class; weaker predictions are ignored. Default is all
            predictions.

    Raises:
        InputError: if the sets were not assigned at this tolerance.
    """
    labels, predictions = assignment.labels, assignment.predictions
    used = np.ones(len(predictions), dtype=bool)
    if thresholds is not None:
        limit = np.array([thresholds[name] for name in assignment.classes.names])
        used = predictions.value >= limit[predictions.class_index]
    found = assignment.labels_found(tolerance_s)
    correct = used & (found != UNASSIGNED)
    free = np.ones(len(labels), dtype=bool)
    free[found[correct]] = False

    # Until a rule below applies, a wrong prediction is background.
    kind = np.full(len(predictions), KINDS.index(ErrorKind.BACKGROUND))
    kind[correct], kind[~used] = _CORRECT, _IGNORED
    other = np.full(len(predictions), UNASSIGNED)
    undecided = used & ~correct

    # A series is a class in a period; errors about other classes look at the whole period.
    by_class = (labels.group, predictions.group)
    num_classes = len(assignment.classes)
    by_period = (labels.group // num_classes, predictions.group // num_classes)
    reach, near = tolerance_s * labels.grid.rate / 2, near_s * labels.grid.rate / 2

    def decide(name: ErrorKind, chosen: Flags, series: tuple[Ints, Ints], width: float) -> None:
        """Give the kind to undecided predictions with a chosen label of their series in reach."""
        numbers = np.flatnonzero(undecided)
        nearest = _find_nearest(
            labels,
            chosen,
            series[0],
            query_series=series[1][numbers],
            query_frame=predictions.frame[numbers],
            width_frames=width,
        )
        hit = nearest != UNASSIGNED
        kind[numbers[hit]], other[numbers[hit]] = KINDS.index(name), nearest[hit]
        undecided[numbers[hit]] = False

    decide(ErrorKind.DUPLICATE, ~free, by_class, width=reach)
    decide(ErrorKind.EARLY, free, by_class, width=near)
    decide(ErrorKind.WRONG_CLASS, free, by_period, width=reach)
    decide(ErrorKind.WRONG_CLASS, np.ones_like(free), by_period, width=reach)

    # Early until here means near; those after their label are late.
    after_label = predictions.frame > np.append(labels.frame, 0)[other]
    kind[(kind == KINDS.index(ErrorKind.EARLY)) & after_label] = KINDS.index(ErrorKind.LATE)
    missed = free.copy()
    missed[other[other != UNASSIGNED]] = False
    return SpotErrors(assignment, kind=kind, other=other, found=~free, missed=missed)


def _find_nearest(
    labels: FramedActions,
    chosen: Flags,
    label_series: Ints,
    *,
    query_series: Ints,
    query_frame: Ints,
    width_frames: float,
) -> Ints:
    """Index of the nearest chosen label of the same series within a width, -1 without.

    Of two at the same distance the earlier one.
    """
    numbers = np.flatnonzero(chosen)
    if not len(numbers):
        return np.full(len(query_frame), UNASSIGNED)

    # All series on one axis, so far apart that no window reaches from one to the next.
    stride = 4 * labels.grid.num_frames
    axis = label_series[numbers] * stride + labels.frame[numbers]
    order = np.argsort(axis, kind="stable")
    axis, numbers = axis[order], numbers[order]
    query = query_series * stride + query_frame

    after = np.searchsorted(axis, query).clip(0, len(axis) - 1)
    before = (after - 1).clip(0)
    best = np.where(np.abs(axis[before] - query) <= np.abs(axis[after] - query), before, after)
    return np.where(np.abs(axis[best] - query) <= width_frames, numbers[best], UNASSIGNED)
