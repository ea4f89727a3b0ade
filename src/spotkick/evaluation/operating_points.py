"""True and false positives at a threshold: which threshold to use, and what it gives.

A threshold is chosen on one set (validation) and applied to another (test). The assignment does not
depend on it: what a label takes above the threshold is the same whether weaker predictions are
there or not.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from spotkick.errors import InputError
from spotkick.evaluation.assignment import AssignmentResult
from spotkick.evaluation.average_precision import (
    THRESHOLDS,
    bin_histogram,
    reaching,
    threshold_bins,
)
from spotkick.evaluation.deferred_acceptance import UNASSIGNED

PRIOR_LABELS: Final = 10.0
"""Labels at which a class's own threshold weighs as much as the shared one: an F1 of 0.7 on 10
labels has a standard error of about 0.15."""

_MULTIPLES: Final = tuple(np.geomspace(0.25, 4, 33).tolist())
"""Predictions kept per label that are tried for all classes together."""

Floats = npt.NDArray[np.float64]


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
        return _share_of(self.true_positives, self.true_positives + self.false_positives)

    @property
    def recall(self) -> float:
        """Share of the labels that are found, 0 without any."""
        return _share_of(self.true_positives, self.true_positives + self.false_negatives)

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall."""
        return _share_of(
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


def _share_of(part: int, whole: int) -> float:
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
    names = assignment.classes.names
    missing = [name for name in names if name not in thresholds]
    if missing:
        raise InputError(f"no threshold for class {missing[0]!r}; tune one for every class")

    found = assignment.labels_found(tolerance_s) != UNASSIGNED
    column = assignment.predictions.class_index
    limit = np.array([thresholds[name] for name in names])
    kept = assignment.predictions.value >= limit[column]

    # Labels that no kept prediction found are the false negatives.
    hits = np.bincount(column[kept & found], minlength=len(names))
    others = np.bincount(column[kept & ~found], minlength=len(names))
    labels = np.bincount(assignment.labels.class_index, minlength=len(names))
    return MappingProxyType(
        {
            name: SpotCounts(
                float(limit[i]),
                true_positives=int(hits[i]),
                false_positives=int(others[i]),
                false_negatives=int(labels[i] - hits[i]),
            )
            for i, name in enumerate(names)
        }
    )


def tune_class_thresholds(assignment: AssignmentResult, tolerance_s: float) -> Mapping[str, float]:
    """The threshold of each class that gives the best F1; of equals the highest.

    A class without any hit gets infinity. For spotting other matches, and for classes with few
    labels, `choose_class_thresholds` is the better choice.

    Args:
        assignment: of `spotkick.evaluation.assign_predictions` on the validation set.
        tolerance_s: full width of the window.

    Raises:
        InputError: if the sets were not assigned at this tolerance.
    """
    found = assignment.labels_found(tolerance_s) != UNASSIGNED
    column = assignment.predictions.class_index
    labels = np.bincount(assignment.labels.class_index, minlength=len(assignment.classes))
    thresholds = {}
    for index, name in enumerate(assignment.classes.names):
        own = column == index
        thresholds[name] = best_f1_threshold(
            assignment.predictions.value[own], found[own], int(labels[index])
        )
    return MappingProxyType(thresholds)


def best_f1_threshold(value: Floats, hit: npt.NDArray[np.bool_], num_labels: int) -> float:
    """The confidence at which F1 is best; of equals the highest, infinity without a hit.

    Args:
        value: (predictions,) confidences.
        hit: (predictions,) whether each found a label.
        num_labels: labels that there were to find.
    """
    order = np.argsort(-value, kind="stable")
    ranked, hits = value[order], np.cumsum(hit[order])
    if not len(hits) or not hits[-1]:
        return float("inf")

    last = np.append(ranked[1:] != ranked[:-1], True)  # equal confidences come in together
    f1 = 2 * hits[last] / (np.flatnonzero(last) + 1 + num_labels)
    return float(ranked[last][np.argmax(f1)])


def choose_class_thresholds(
    assignment: AssignmentResult, tolerance_s: float, *, prior_labels: float = PRIOR_LABELS
) -> Mapping[str, float]:
    """Thresholds for spotting other matches, which also hold for classes with few labels.

    The threshold with the best F1 is chance when a class has a handful of labels. It is therefore
    drawn towards one that the class shares with all others: so many predictions are kept that their
    number is a common multiple of the number of labels, the multiple with the best F1 of all
    classes together. That needs no knowledge of which prediction is right, and it does not compare
    confidences of different classes, whose scales differ. A class with n labels has the weight
    n / (n + ``prior_labels``) for its own threshold.

    Both thresholds lie in the middle between two confidences, so that spots of other matches that
    are a little weaker than the weakest hit still count. A class without labels gets the threshold
    with the best F1 of all classes together; one with labels and no hit gets the shared one when it
    has fewer than ``prior_labels`` labels, else infinity.

    Args:
        assignment: of `spotkick.evaluation.assign_predictions` on the validation set.
        tolerance_s: full width of the window.
        prior_labels: number of labels at which both thresholds weigh the same.

    Raises:
        InputError: if the sets were not assigned at this tolerance.

    Source: the strategies SCut (best F1) and PCut (proportion of the labels) of Yang, "A study of
    thresholding strategies for text categorization", SIGIR 2001, which finds that SCut overfits
    rare classes; the weights are those of a shrinkage estimator.
    """
    hit = assignment.labels_found(tolerance_s) != UNASSIGNED
    ranked = [_rank_class(assignment, hit, column) for column in range(len(assignment.classes))]
    multiple = _best_multiple(ranked)
    every_label = sum(one.num_labels for one in ranked)
    pooled = best_f1_threshold(assignment.predictions.value, hit, every_label)

    thresholds = {}
    for name, one in zip(assignment.classes.names, ranked, strict=True):
        own = best_f1_threshold(one.value, one.hit, one.num_labels)
        shared = _middle_below(one.value, round(multiple * one.num_labels))
        weight = one.num_labels / (one.num_labels + prior_labels) if one.num_labels else 0.0
        if not one.num_labels:
            thresholds[name] = pooled
        elif own == float("inf"):
            thresholds[name] = shared if one.num_labels < prior_labels else own
        else:
            own = _middle_below(one.value, int(np.sum(one.value >= own)))
            thresholds[name] = weight * own + (1 - weight) * shared
    return MappingProxyType(thresholds)


@dataclass(frozen=True, slots=True)
class _RankedClass:
    """Predictions of a class, the most confident first, whether each is a hit, and the labels."""

    value: Floats
    hit: npt.NDArray[np.bool_]
    num_labels: int


def _rank_class(
    assignment: AssignmentResult, hit: npt.NDArray[np.bool_], column: int
) -> _RankedClass:
    own = np.flatnonzero(assignment.predictions.class_index == column)
    own = own[np.argsort(-assignment.predictions.value[own], kind="stable")]
    num_labels = int(np.sum(assignment.labels.class_index == column))
    return _RankedClass(assignment.predictions.value[own], hit[own], num_labels)


def _best_multiple(ranked: Sequence[_RankedClass]) -> float:
    """Predictions per label with the best F1 of all classes together; of equals nearest to 1."""
    best, best_f1 = 1.0, -1.0
    for multiple in sorted(_MULTIPLES, key=lambda value: abs(np.log(value))):
        kept = [round(multiple * one.num_labels) for one in ranked]
        hits = sum(int(one.hit[:count].sum()) for one, count in zip(ranked, kept, strict=True))
        predicted = sum(min(count, len(one.hit)) for one, count in zip(ranked, kept, strict=True))
        f1 = 2 * hits / max(predicted + sum(one.num_labels for one in ranked), 1)
        if f1 > best_f1:
            best, best_f1 = multiple, f1
    return best


def _middle_below(value: Floats, count: int) -> float:
    """Middle between the ``count``-th confidence and the next lower one; ``value`` descends."""
    if not len(value):
        return float("inf")
    count = min(max(count, 1), len(value))
    weaker = value[count:][value[count:] < value[count - 1]]
    below = float(weaker[0]) if len(weaker) else 0.0
    return (float(value[count - 1]) + below) / 2


def tune_common_threshold(assignment: AssignmentResult, tolerance_s: float) -> float:
    """The one of the 200 official thresholds with the best mean F1 over classes.

    Of equals the lowest.

    Args:
        assignment: of `spotkick.evaluation.assign_predictions` on the validation set.
        tolerance_s: full width of the window.

    Raises:
        InputError: if the sets were not assigned at this tolerance.

    Source: the notebook behind Fig. 6 of the CALF paper, which however tunes on the set that it
    reports.
    """
    found = assignment.labels_found(tolerance_s) != UNASSIGNED
    size, column = len(assignment.classes), assignment.predictions.class_index
    bins = threshold_bins(assignment.predictions.value)

    # Rows are classes, columns thresholds.
    hits = reaching(bin_histogram(column[found], bins[found], size))
    reached = reaching(bin_histogram(column, bins, size))
    labels = np.bincount(assignment.labels.class_index, minlength=size)[:, None]
    f1 = 2 * hits / np.maximum(reached + labels, 1)
    return float(THRESHOLDS[np.argmax(f1.mean(axis=0))])


def count_curve(
    assignment: AssignmentResult, tuned_on: AssignmentResult | None = None
) -> Mapping[float, Mapping[str, SpotCounts]]:
    """Hits and errors by tolerance and class (Fig. 6 of the paper).

    Each tolerance has the common threshold that is best for it.

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
        thresholds = dict.fromkeys(assignment.classes.names, threshold)
        curve[tolerance] = count_spots(assignment, thresholds, tolerance)
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
