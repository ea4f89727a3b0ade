"""Labels and predictions on the evaluator's frames, and which prediction found which label.

`assign_predictions` does the costly part of scoring once; scores, breakdowns, operating points,
errors, calibration and uncertainty all start from the `AssignmentResult` that it returns.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Final

import numpy as np
import numpy.typing as npt

from spotkick.actions import ActionClasses, MatchActions
from spotkick.errors import InputError
from spotkick.evaluation.deferred_acceptance import assign_to_labels, closest_labels
from spotkick.evaluation.frames import OFFICIAL_PERIODS, FramedActions, FrameGrid
from spotkick.evaluation.framing import frame_labels, frame_predictions
from spotkick.tasks import Task, task_of

LOOSE_TOLERANCES_S: Final = tuple(float(5 * step) for step in range(1, 13))
"""Tolerances of the ``loose`` metric: 5 to 60 s. A tolerance is the full width of the window."""


@dataclass(frozen=True, slots=True)
class AssignmentResult:
    """Labels and predictions on the frame grid, and which found which.

    P predictions, T tolerances.

    Attributes:
        labels: framed labels.
        predictions: framed predictions.
        tolerances_s: (T,) total window widths in seconds.
        assigned: (T, P) index of the label that a prediction found, -1 for a false positive.
        closest: (P,) index of the nearest label of the prediction's series, -1 where there is none.
        has_visibility: whether any label states its visibility.
        messages: everything that was dropped, moved or overwritten on the way.
    """

    labels: FramedActions
    predictions: FramedActions
    tolerances_s: tuple[float, ...]
    assigned: npt.NDArray[np.int64]
    closest: npt.NDArray[np.int64]
    has_visibility: bool
    messages: tuple[str, ...]

    @property
    def classes(self) -> ActionClasses:
        """The class list."""
        return self.labels.grid.classes

    @property
    def num_matches(self) -> int:
        """Number of matches with labels."""
        return len(self.labels.grid.matches)

    def closest_is_visible(self) -> npt.NDArray[np.bool_]:
        """(P,) whether the nearest label of the class is visible.

        A prediction without a label of its class in the period counts as unshown.
        """
        sign = np.append(self.labels.value, -1.0)  # the last entry answers for UNASSIGNED
        return np.asarray(sign[self.closest] > 0)

    def labels_found(self, tolerance_s: float) -> npt.NDArray[np.int64]:
        """(P,) index of the label that each prediction found at one tolerance.

        Raises:
            InputError: if the sets were not assigned at this tolerance.
        """
        if tolerance_s not in self.tolerances_s:
            have = ", ".join(f"{value:g}" for value in self.tolerances_s)
            raise InputError(f"the sets were assigned at {have} s, not at {tolerance_s:g} s")
        row: npt.NDArray[np.int64] = self.assigned[self.tolerances_s.index(tolerance_s)]
        return row


def assign_predictions(
    predictions: Iterable[MatchActions],
    labels: Iterable[MatchActions],
    classes: ActionClasses | Task,
    *,
    tolerances_s: Sequence[float] = LOOSE_TOLERANCES_S,
    frame_rate: Fraction | None = None,
    periods: Sequence[int] | None = None,
) -> AssignmentResult:
    """Put labels and predictions on the official frame grid and find which prediction hits which.

    Args:
        predictions: one entry per match, at least for every match of the labels, in any order.
        labels: one entry per match.
        classes: what is scored, and with what task it is scored.
        tolerances_s: full widths of the window, in seconds.
        frame_rate: frames per second of the grid; that of the task when None.
        periods: that count; those of the task when None, and where the task names none, all that
            occur.

    Raises:
        InputError: if a match has labels but no predictions, comes twice, or a prediction has no
            confidence.
    """
    task = classes if isinstance(classes, Task) else task_of(classes)
    truth = _by_match(labels)

    # A task without fixed periods counts all; only then must the predictions be read twice.
    counted = tuple(periods or task.periods)
    if not counted:
        predictions = tuple(predictions)
        counted = periods_of((*truth.values(), *predictions))
    grid = FrameGrid(tuple(truth), task.classes, frame_rate or task.frame_rate, counted)

    framed_labels, messages = frame_labels(truth.values(), grid)
    framed_predictions, further = frame_predictions(predictions, grid)
    widths_frames = [tolerance * grid.rate for tolerance in tolerances_s]
    return AssignmentResult(
        labels=framed_labels,
        predictions=framed_predictions,
        tolerances_s=tuple(tolerances_s),
        assigned=assign_to_labels(framed_labels, framed_predictions, widths_frames),
        closest=closest_labels(framed_labels, framed_predictions),
        has_visibility=any(
            action.visibility is not None for match in truth.values() for action in match.actions
        ),
        messages=(*messages, *further),
    )


def replace_predictions(
    assignment: AssignmentResult,
    predictions: FramedActions,
    tolerances_s: Sequence[float] | None = None,
    *,
    labels: FramedActions | None = None,
) -> AssignmentResult:
    """The assignment of other predictions, or labels, on the same grid.

    Args:
        assignment: of `assign_predictions`.
        predictions: framed predictions.
        tolerances_s: in seconds; those of the assignment when None.
        labels: framed labels; those of the assignment when None.
    """
    labels = assignment.labels if labels is None else labels
    tolerances = assignment.tolerances_s if tolerances_s is None else tuple(tolerances_s)
    widths_frames = [tolerance * labels.grid.rate for tolerance in tolerances]
    return replace(
        assignment,
        labels=labels,
        predictions=predictions,
        tolerances_s=tolerances,
        assigned=assign_to_labels(labels, predictions, widths_frames),
        closest=closest_labels(labels, predictions),
    )


def periods_of(sets: Iterable[MatchActions]) -> tuple[int, ...]:
    """Periods that occur, ascending; the official two where there is no action at all."""
    found = {action.period for match in sets for action in match.actions}
    return tuple(sorted(found)) or OFFICIAL_PERIODS


def _by_match(labels: Iterable[MatchActions]) -> dict[str, MatchActions]:
    truth: dict[str, MatchActions] = {}
    for match in labels:
        if match.match in truth:
            raise InputError(f"labels for match {match.match!r} come twice")
        truth[match.match] = match
    if not truth:
        raise InputError("there are no labels to score against")
    return truth
