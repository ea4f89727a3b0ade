"""What goes wrong, by kind: an error taxonomy for spotting, after TIDE and "Diagnosing error in temporal action detectors".

At one tolerance every prediction that found no label is, in this order,

* a **duplicate**: a label of its class in the window is taken by a better prediction;
* **early** or **late**: a label of its class that nobody found is near, but outside the window;
* of the **wrong class**: a label of another class is in the window;
* **background**: none of these.

A label that was not found and that no early, late or wrongly classed prediction points to is
**missed**.

The cost of a kind is what Average-mAP would gain if only errors of that kind were mended. The gains
do not add up to what is missing.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from spotkick.evaluation.assignment import UNASSIGNED, assign_to_labels, closest_labels
from spotkick.evaluation.average_map import AssignmentResult, score_assignment
from spotkick.evaluation.frames import FramedActions
from spotkick.evaluation.operating_points import tolerance_row

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
        about = np.where(
            self.other != UNASSIGNED, shown[self.other], self.assignment.closest_is_visible()
        )
        chosen = np.ones_like(about) if visible is None else about == visible
        lost = self.missed if visible is None else self.missed & (shown[:-1] == visible)
        size, kinds = len(self.assignment.classes), len(KINDS)
        wrong = chosen & (self.kind >= 0)
        table = np.bincount(
            self.assignment.predictions.class_index[wrong] * kinds + self.kind[wrong],
            minlength=size * kinds,
        )
        table = table.reshape(size, kinds)
        table[:, KINDS.index(ErrorKind.MISSED)] = np.bincount(
            labels.class_index[lost], minlength=size
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
        return tuple(self._case(int(number)) for number in ranked)

    def _case(self, number: int) -> ErrorCase:
        spot = _place(self.assignment.predictions, number)
        kind, confidence = (
            KINDS[self.kind[number]],
            float(self.assignment.predictions.value[number]),
        )
        if self.other[number] == UNASSIGNED:
            return ErrorCase(kind, *spot, confidence)
        _, _, other_position_s, other_label = _place(
            self.assignment.labels, int(self.other[number])
        )
        return ErrorCase(kind, *spot, confidence, other_label, other_position_s)

    def _missed_case(self, number: int) -> ErrorCase:
        return ErrorCase(ErrorKind.MISSED, *_place(self.assignment.labels, number), None)


def _place(actions: FramedActions, number: int) -> tuple[str, int, float, str]:
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
    found = assignment.assigned[tolerance_row(assignment, tolerance_s)]
    correct = used & (found != UNASSIGNED)
    free = np.ones(len(labels), dtype=bool)
    free[found[correct]] = False

    kind = np.full(len(predictions), KINDS.index(ErrorKind.BACKGROUND))
    kind[correct], kind[~used] = _CORRECT, _IGNORED
    other = np.full(len(predictions), UNASSIGNED)
    open_ = used & ~correct
    reach, near = tolerance_s * labels.grid.rate / 2, near_s * labels.grid.rate / 2
    half, half_of_prediction = (
        labels.group // len(assignment.classes),
        predictions.group // len(assignment.classes),
    )
    everything = np.ones_like(free)

    def settle(
        what: ErrorKind, chosen: Flags, label_series: Ints, series: Ints, width: float
    ) -> None:
        """Give the kind to the open predictions that have a chosen label in their series within the width."""
        numbers = np.flatnonzero(open_)
        nearest = _nearest(
            labels, chosen, label_series, series[numbers], predictions.frame[numbers], width
        )
        hit = nearest != UNASSIGNED
        kind[numbers[hit]], other[numbers[hit]] = KINDS.index(what), nearest[hit]
        open_[numbers[hit]] = False

    settle(ErrorKind.DUPLICATE, ~free, labels.group, predictions.group, reach)
    settle(ErrorKind.EARLY, free, labels.group, predictions.group, near)
    settle(ErrorKind.WRONG_CLASS, free, half, half_of_prediction, reach)
    settle(ErrorKind.WRONG_CLASS, everything, half, half_of_prediction, reach)
    late = (kind == KINDS.index(ErrorKind.EARLY)) & (
        predictions.frame > np.append(labels.frame, 0)[other]
    )
    kind[late] = KINDS.index(ErrorKind.LATE)
    missed = free.copy()
    missed[other[other != UNASSIGNED]] = False
    return SpotErrors(assignment, kind, other, ~free, missed)


def _nearest(
    labels: FramedActions,
    chosen: Flags,
    label_series: Ints,
    series: Ints,
    frame: Ints,
    width: float,
) -> Ints:
    """Index of the nearest chosen label of the same series within ``width`` frames, -1 without; the earlier one of equals."""
    numbers = np.flatnonzero(chosen)
    if not len(numbers):
        return np.full(len(frame), UNASSIGNED)
    stride = 4 * labels.grid.num_frames  # series lie so far apart that no window reaches over
    axis = label_series[numbers] * stride + labels.frame[numbers]
    order = np.argsort(axis, kind="stable")
    axis, numbers = axis[order], numbers[order]
    query = series * stride + frame
    after = np.searchsorted(axis, query).clip(0, len(axis) - 1)
    before = (after - 1).clip(0)
    best = np.where(np.abs(axis[before] - query) <= np.abs(axis[after] - query), before, after)
    return np.where(np.abs(axis[best] - query) <= width, numbers[best], UNASSIGNED)


def error_costs(
    assignment: AssignmentResult, tolerance_s: float, *, near_s: float = NEAR_S
) -> Mapping[ErrorKind, float]:
    """What Average-mAP would gain, over all tolerances of the matching, if all errors of one kind were mended.

    Early and late spots move to their label, those of the wrong class get the right one; when
    several point to a label the most confident is mended and the others go. Duplicates and
    background spots go. Missed labels are taken out.

    Args:
        assignment: of `spotkick.evaluation.assign_predictions`.
        tolerance_s: full width of the window that tells errors from hits.
        near_s: full width of the window in which a spot is early or late.

    Raises:
        InputError: if the sets were not assigned at this tolerance.
    """
    errors = find_errors(assignment, tolerance_s, near_s=near_s)
    base = score_assignment(assignment).average_map
    return MappingProxyType(
        {kind: score_assignment(_mended(errors, kind)).average_map - base for kind in KINDS}
    )


def _mended(errors: SpotErrors, kind: ErrorKind) -> AssignmentResult:
    """The same sets without errors of one kind."""
    labels, predictions = errors.assignment.labels, errors.assignment.predictions
    if kind is ErrorKind.MISSED:
        return _reassign(errors.assignment, _take(labels, ~errors.missed), predictions)
    wrong = np.flatnonzero(errors.kind == KINDS.index(kind))
    kept = np.ones(len(predictions), dtype=bool)
    kept[wrong] = False
    group, frame = predictions.group.copy(), predictions.frame.copy()
    if kind in (ErrorKind.EARLY, ErrorKind.LATE, ErrorKind.WRONG_CLASS):
        best = wrong[np.lexsort((-predictions.value[wrong], errors.other[wrong]))]
        about = errors.other[best]
        best = best[np.append(True, about[1:] != about[:-1])[: len(best)]]
        about = errors.other[best]
        if (
            kind is ErrorKind.WRONG_CLASS
        ):  # a label that somebody found already needs no second spot
            best = best[~errors.found[about]]
            about = errors.other[best]
            group[best] = labels.group[about]
        else:
            frame[best] = labels.frame[about]
        kept[best] = True
    moved = replace(predictions, group=group, frame=frame)
    order = np.lexsort((predictions.value, moved.key))
    order = order[kept[order]]
    key = moved.key[order]
    last = np.append(key[1:] != key[:-1], True)[: len(key)]  # the most confident of a cell
    return _reassign(errors.assignment, labels, _take(moved, order[last]))


def _take(actions: FramedActions, chosen: npt.NDArray[Any]) -> FramedActions:
    columns = (actions.group, actions.frame, actions.value, actions.source)
    return FramedActions(actions.grid, *(column[chosen] for column in columns))


def _reassign(
    assignment: AssignmentResult, labels: FramedActions, predictions: FramedActions
) -> AssignmentResult:
    tolerances = [tolerance * labels.grid.rate for tolerance in assignment.tolerances_s]
    return replace(
        assignment,
        labels=labels,
        predictions=predictions,
        assigned=assign_to_labels(labels, predictions, tolerances),
        closest=closest_labels(labels, predictions),
    )
