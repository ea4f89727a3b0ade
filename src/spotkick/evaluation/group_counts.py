"""Counts that average precision is computed from, by group: visibility, match, part of the match.

Counts of groups may be added up, so they are made once and serve scores, parts and resamples.
"""

import itertools
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from spotkick.evaluation.assignment import AssignmentResult
from spotkick.evaluation.average_precision import (
    NUM_BINS,
    bin_histogram,
    eleven_point_average_precision,
    precision_recall,
    reaching,
    threshold_bins,
)
from spotkick.evaluation.deferred_acceptance import UNASSIGNED


@dataclass(frozen=True, slots=True)
class GroupCounts:
    """What average precision is computed from, for G groups of labels and predictions.

    Attributes:
        labels: (G, C) number of labels.
        predictions: (G, C, 201) histogram of predictions over confidence bins, or (T, G, C, 201)
            where a prediction's group depends on the tolerance.
        hits: (T, G, C, 201) histogram of true positives at each tolerance.
    """

    labels: npt.NDArray[np.int64]
    predictions: npt.NDArray[np.int64]
    hits: npt.NDArray[np.int64]

    def total(self) -> "GroupCounts":
        """All groups as one."""
        return GroupCounts(
            self.labels.sum(axis=0, keepdims=True),
            self.predictions.sum(axis=-3, keepdims=True),
            self.hits.sum(axis=-3, keepdims=True),
        )

    def average_precision(self) -> npt.NDArray[np.float64]:
        """(T, G, C) 11-point average precision at the official thresholds."""
        precision, recall = precision_recall(
            reaching(self.hits), reaching(self.predictions), self.labels
        )
        return eleven_point_average_precision(precision, recall)


def count_groups(
    assignment: AssignmentResult,
    label_group: npt.NDArray[np.int64],
    prediction_group: npt.NDArray[np.int64],
    *,
    num_groups: int,
) -> GroupCounts:
    """Count labels, predictions and hits by group and class.

    Args:
        assignment: of `spotkick.evaluation.assign_predictions`.
        label_group: (labels,) group of each label; negative ones are left out.
        prediction_group: (predictions,) group of each prediction, or (tolerances, predictions)
            where it depends on the tolerance; negative ones are left out.
        num_groups: number of groups G.
    """
    num_classes, num_tolerances = len(assignment.classes), len(assignment.tolerances_s)
    num_series = num_groups * num_classes
    shape = (num_groups, num_classes)
    bins = threshold_bins(assignment.predictions.value)

    label_series = label_group * num_classes + assignment.labels.class_index
    labels = np.bincount(label_series[label_group >= 0], minlength=num_series)

    # A series is a class of a group; one row of them, or one for each tolerance.
    series = np.atleast_2d(prediction_group * num_classes + assignment.predictions.class_index)
    counted = np.atleast_2d(prediction_group >= 0)
    predictions = [
        bin_histogram(row[use], bins[use], num_series).reshape(*shape, NUM_BINS)
        for row, use in zip(series, counted, strict=True)
    ]

    hits = np.empty((num_tolerances, num_series, NUM_BINS), dtype=np.int64)
    for number, found in enumerate(assignment.assigned):
        row = number if len(series) > 1 else 0
        hit = np.flatnonzero((found != UNASSIGNED) & counted[row])
        hits[number] = bin_histogram(series[row][hit], bins[hit], num_series)
    return GroupCounts(
        labels.reshape(shape),
        predictions[0] if prediction_group.ndim == 1 else np.stack(predictions),
        hits.reshape(num_tolerances, *shape, NUM_BINS),
    )


def group_by_visibility(assignment: AssignmentResult) -> GroupCounts:
    """Counts of two groups: what is about visible labels, and what is about unshown ones."""
    return count_groups(
        assignment,
        (assignment.labels.value < 0).astype(np.int64),
        (~assignment.closest_is_visible()).astype(np.int64),
        num_groups=2,
    )


def average_over_tolerances(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Area under values at equally spaced tolerances, divided by the width of their range.

    Args:
        values: (tolerances, ...); a single tolerance stands for itself.

    Returns:
        (...) averages.
    """
    if len(values) == 1:
        return np.array(values[0])
    total = np.zeros(values.shape[1:])
    for lower, upper in itertools.pairwise(values):
        total += (lower + upper) / 2
    return total / (len(values) - 1)
