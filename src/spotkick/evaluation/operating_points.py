"""True and false positives at a threshold: which threshold to use, and what it gives.

A threshold is chosen on one set (validation) and applied to another (test). The matching does not
depend on it: what a label takes above the threshold is the same whether weaker predictions are
there or not.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt

from spotkick.errors import InputError
from spotkick.evaluation.assignment import UNASSIGNED
from spotkick.evaluation.average_map import AssignmentResult
from spotkick.evaluation.average_precision import (
    THRESHOLDS,
    bin_histogram,
    reaching,
    threshold_bins,
)

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class SpotCounts:
    """Hits and errors of one class at one tolerance and threshold.

    Attributes:
        threshold: least confidence that counts.
        true_positives: predictions that found a label.
        false_positives: predictions that found none.
        false_negatives: labels that were not found.
    """

    threshold: float
    true_positives: int
    false_positives: int
    false_negatives: int

    @property
    def precision(self) -> float:
        """Share of the predictions that are right, 0 without any."""
        return _share(self.true_positives, self.true_positives + self.false_positives)

    @property
    def recall(self) -> float:
        """Share of the labels that are found, 0 without any."""
        return _share(self.true_positives, self.true_positives + self.false_negatives)

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall."""
        return _share(
            2 * self.true_positives,
            2 * self.true_positives + self.false_positives + self.false_negatives,
        )

    def to_json(self) -> dict[str, Any]:
        """Plain values for a JSON file."""
        return {
            "threshold": self.threshold,
            "tp": self.true_positives,
            "fp": self.false_positives,
            "fn": self.false_negatives,
            "precision": self.precision,
            "recall": self.recall,
            "f1": self.f1,
        }


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0


def count_spots(
    assignment: AssignmentResult, thresholds: Mapping[str, float], tolerance_s: float
) -> Mapping[str, SpotCounts]:
    """Count hits and errors of each class.

    Args:
        assignment: of `spotkick.evaluation.assign_predictions`, at this tolerance among others.
        thresholds: least confidence of each class.
        tolerance_s: full width of the window.

    Raises:
        InputError: if the sets were not assigned at this tolerance, or a class has no threshold.
    """
    found = assignment.assigned[tolerance_row(assignment, tolerance_s)] != UNASSIGNED
    missing = [name for name in assignment.classes.names if name not in thresholds]
    if missing:
        raise InputError(f"no threshold for class {missing[0]!r}; tune one for every class")
    limit = np.array([thresholds[name] for name in assignment.classes.names])
    column = assignment.predictions.class_index
    kept = assignment.predictions.value >= limit[column]
    size = len(assignment.classes)
    hits = np.bincount(column[kept & found], minlength=size)
    others = np.bincount(column[kept & ~found], minlength=size)
    labels = np.bincount(assignment.labels.class_index, minlength=size)
    return MappingProxyType(
        {
            name: SpotCounts(
                float(limit[i]), int(hits[i]), int(others[i]), int(labels[i] - hits[i])
            )
            for i, name in enumerate(assignment.classes.names)
        }
    )


def tune_class_thresholds(assignment: AssignmentResult, tolerance_s: float) -> Mapping[str, float]:
    """The threshold of each class that gives the best F1; of equals the highest. A class without any hit gets infinity.

    Args:
        assignment: of `spotkick.evaluation.assign_predictions` on the validation set.
        tolerance_s: full width of the window.

    Raises:
        InputError: if the sets were not assigned at this tolerance.
    """
    found = assignment.assigned[tolerance_row(assignment, tolerance_s)] != UNASSIGNED
    column = assignment.predictions.class_index
    labels = np.bincount(assignment.labels.class_index, minlength=len(assignment.classes))
    thresholds = {}
    for index, name in enumerate(assignment.classes.names):
        own = column == index
        order = np.argsort(-assignment.predictions.value[own], kind="stable")
        confidence, hits = assignment.predictions.value[own][order], np.cumsum(found[own][order])
        last = np.append(confidence[1:] != confidence[:-1], True)[
            : len(order)
        ]  # equal confidences come in together
        f1 = 2 * hits[last] / (np.flatnonzero(last) + 1 + labels[index])
        thresholds[name] = float(confidence[last][np.argmax(f1)]) if np.any(f1 > 0) else np.inf
    return MappingProxyType(thresholds)


def tune_common_threshold(assignment: AssignmentResult, tolerance_s: float) -> float:
    """The one of the 200 official thresholds that gives the best mean F1 over classes; of equals the lowest.

    Args:
        assignment: of `spotkick.evaluation.assign_predictions` on the validation set.
        tolerance_s: full width of the window.

    Raises:
        InputError: if the sets were not assigned at this tolerance.

    Source: the notebook behind Fig. 6 of the CALF paper, which however tunes on the set that it
    reports.
    """
    found = assignment.assigned[tolerance_row(assignment, tolerance_s)] != UNASSIGNED
    column, bins, size = (
        assignment.predictions.class_index,
        threshold_bins(assignment.predictions.value),
        len(assignment.classes),
    )
    hits = reaching(bin_histogram(column[found], bins[found], size))
    reached = reaching(bin_histogram(column, bins, size))
    labels = np.bincount(assignment.labels.class_index, minlength=size)[:, None]
    f1 = 2 * hits / np.maximum(reached + labels, 1)
    return float(THRESHOLDS[np.argmax(f1.mean(axis=0))])


def count_curve(
    assignment: AssignmentResult, tuned_on: AssignmentResult | None = None
) -> Mapping[float, Mapping[str, SpotCounts]]:
    """Hits and errors by tolerance and class, each tolerance at the common threshold that is best for it (Fig. 6 of the paper).

    Args:
        assignment: the set that is reported, at all tolerances of the curve.
        tuned_on: the set that thresholds are chosen on; None chooses on the reported set itself, as
            the authors did.

    Raises:
        InputError: if the sets were not assigned at the same tolerances.
    """
    source = assignment if tuned_on is None else tuned_on
    curve = {}
    for tolerance in assignment.tolerances_s:
        threshold = tune_common_threshold(source, tolerance)
        curve[tolerance] = count_spots(
            assignment, dict.fromkeys(assignment.classes.names, threshold), tolerance
        )
    return MappingProxyType(curve)


def legacy_tolerances_s(labels: tuple[float, ...], frame_rate: float) -> tuple[float, ...]:
    """The tolerances that the authors' figure really used: they pass its "seconds" as frames.

    Args:
        labels: as written on the axis, such as 5, 10, ..., 60.
        frame_rate: frames per second of the evaluator's grid.

    Example:
        >>> legacy_tolerances_s((5, 60), 2)
        (2.5, 30.0)
    """
    return tuple(label / frame_rate for label in labels)


def tolerance_row(assignment: AssignmentResult, tolerance_s: float) -> int:
    """Row of a tolerance in ``assignment.assigned``.

    Raises:
        InputError: if the sets were not assigned at this tolerance.
    """
    if tolerance_s not in assignment.tolerances_s:
        have = ", ".join(f"{value:g}" for value in assignment.tolerances_s)
        raise InputError(f"the sets were assigned at {have} s, not at {tolerance_s:g} s")
    return assignment.tolerances_s.index(tolerance_s)
