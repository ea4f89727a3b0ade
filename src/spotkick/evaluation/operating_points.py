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
from spotkick.evaluation.assignment import UNMATCHED
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
    matched: AssignmentResult, thresholds: Mapping[str, float], tolerance_s: float
) -> Mapping[str, SpotCounts]:
    """Count hits and errors of each class.

    Args:
        matched: of `spotkick.evaluation.assign_predictions`, at this tolerance among others.
        thresholds: least confidence of each class.
        tolerance_s: full width of the window.

    Raises:
        InputError: if the sets were not matched at this tolerance, or a class has no threshold.
    """
    found = matched.matched[tolerance_row(matched, tolerance_s)] != UNMATCHED
    missing = [name for name in matched.classes.names if name not in thresholds]
    if missing:
        raise InputError(f"no threshold for class {missing[0]!r}; tune one for every class")
    limit = np.array([thresholds[name] for name in matched.classes.names])
    column = matched.predictions.class_index
    kept = matched.predictions.value >= limit[column]
    size = len(matched.classes)
    hits = np.bincount(column[kept & found], minlength=size)
    others = np.bincount(column[kept & ~found], minlength=size)
    labels = np.bincount(matched.labels.class_index, minlength=size)
    return MappingProxyType(
        {
            name: SpotCounts(
                float(limit[i]), int(hits[i]), int(others[i]), int(labels[i] - hits[i])
            )
            for i, name in enumerate(matched.classes.names)
        }
    )


def tune_class_thresholds(matched: AssignmentResult, tolerance_s: float) -> Mapping[str, float]:
    """The threshold of each class that gives the best F1; of equals the highest. A class without any hit gets infinity.

    Args:
        matched: of `spotkick.evaluation.assign_predictions` on the validation set.
        tolerance_s: full width of the window.

    Raises:
        InputError: if the sets were not matched at this tolerance.
    """
    found = matched.matched[tolerance_row(matched, tolerance_s)] != UNMATCHED
    column = matched.predictions.class_index
    labels = np.bincount(matched.labels.class_index, minlength=len(matched.classes))
    thresholds = {}
    for index, name in enumerate(matched.classes.names):
        own = column == index
        order = np.argsort(-matched.predictions.value[own], kind="stable")
        confidence, hits = matched.predictions.value[own][order], np.cumsum(found[own][order])
        last = np.append(confidence[1:] != confidence[:-1], True)[
            : len(order)
        ]  # equal confidences come in together
        f1 = 2 * hits[last] / (np.flatnonzero(last) + 1 + labels[index])
        thresholds[name] = float(confidence[last][np.argmax(f1)]) if np.any(f1 > 0) else np.inf
    return MappingProxyType(thresholds)


def tune_common_threshold(matched: AssignmentResult, tolerance_s: float) -> float:
    """The one of the 200 official thresholds that gives the best mean F1 over classes; of equals the lowest.

    Args:
        matched: of `spotkick.evaluation.assign_predictions` on the validation set.
        tolerance_s: full width of the window.

    Raises:
        InputError: if the sets were not matched at this tolerance.

    Source: the notebook behind Fig. 6 of the CALF paper, which however tunes on the set that it
    reports.
    """
    found = matched.matched[tolerance_row(matched, tolerance_s)] != UNMATCHED
    column, bins, size = (
        matched.predictions.class_index,
        threshold_bins(matched.predictions.value),
        len(matched.classes),
    )
    hits = reaching(bin_histogram(column[found], bins[found], size))
    reached = reaching(bin_histogram(column, bins, size))
    labels = np.bincount(matched.labels.class_index, minlength=size)[:, None]
    f1 = 2 * hits / np.maximum(reached + labels, 1)
    return float(THRESHOLDS[np.argmax(f1.mean(axis=0))])


def count_curve(
    matched: AssignmentResult, tuned_on: AssignmentResult | None = None
) -> Mapping[float, Mapping[str, SpotCounts]]:
    """Hits and errors by tolerance and class, each tolerance at the common threshold that is best for it (Fig. 6 of the paper).

    Args:
        matched: the set that is reported, at all tolerances of the curve.
        tuned_on: the set that thresholds are chosen on; None chooses on the reported set itself, as
            the authors did.

    Raises:
        InputError: if the sets were not matched at the same tolerances.
    """
    source = matched if tuned_on is None else tuned_on
    curve = {}
    for tolerance in matched.tolerances_s:
        threshold = tune_common_threshold(source, tolerance)
        curve[tolerance] = count_spots(
            matched, dict.fromkeys(matched.classes.names, threshold), tolerance
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


def tolerance_row(matched: AssignmentResult, tolerance_s: float) -> int:
    """Row of a tolerance in ``matched.matched``.

    Raises:
        InputError: if the sets were not matched at this tolerance.
    """
    if tolerance_s not in matched.tolerances_s:
        have = ", ".join(f"{value:g}" for value in matched.tolerances_s)
        raise InputError(f"the sets were matched at {have} s, not at {tolerance_s:g} s")
    return matched.tolerances_s.index(tolerance_s)
