"""Precision and recall at the official 200 thresholds, and 11-point average precision."""

from typing import Any, Final

import numpy as np
import numpy.typing as npt

Counts = npt.NDArray[Any]
"""Whole numbers, also where a matrix product made them floats."""

THRESHOLDS: Final = np.linspace(0, 1, 200)
"""Confidence thresholds of the official evaluator; the score depends on where confidences lie
between them."""

RECALL_LEVELS: Final = np.arange(11) / 10


NUM_BINS: Final = len(THRESHOLDS) + 1
"""A confidence reaches between 0 and 200 of the thresholds."""


def threshold_bins(confidence: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    """How many thresholds each confidence reaches, 0 to 200."""
    return np.searchsorted(THRESHOLDS, confidence, side="right").astype(np.int64)


def bin_histogram(
    series: npt.NDArray[np.int64], bins: npt.NDArray[np.int64], num_series: int
) -> npt.NDArray[np.int64]:
    """Count entries by series and by the number of thresholds that they reach.

    Args:
        series: (n,) number of the class (or of any other series) of each entry.
        bins: (n,) from `threshold_bins`.
        num_series: number of series.

    Returns:
        (num_series, 201) counts; such histograms may be added up.
    """
    return np.bincount(series * NUM_BINS + bins, minlength=num_series * NUM_BINS).reshape(
        num_series, NUM_BINS
    )


def reaching(histogram: Counts) -> Counts:
    """Counts of entries at or above each threshold: (..., 201) histogram to (..., 200)."""
    counts: Counts = np.cumsum(histogram[..., :0:-1], axis=-1)[..., ::-1]
    return counts


def precision_recall(
    true_positives: Counts, predictions: Counts, labels: Counts
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Precision and recall, 0 where there is nothing to divide by.

    Args:
        true_positives: (..., 200) counts.
        predictions: (..., 200) counts.
        labels: (...) counts.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        precision = np.nan_to_num(true_positives / predictions)
        recall = np.nan_to_num(true_positives / labels[..., None])
    return precision, recall


def eleven_point_average_precision(
    precision: npt.NDArray[np.float64], recall: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Mean over the recall levels 0, 0.1, ..., 1 of the best precision at that recall or more.

    Args:
        precision: (..., thresholds) at ascending thresholds.
        recall: (..., thresholds), so it never rises from one threshold to the next.

    Returns:
        (...) average precision. Source: ``compute_mAP`` of the official evaluator (VOC 2007).
    """
    # The thresholds that reach a recall are the first ones: the best of them is a running maximum.
    best = np.maximum.accumulate(precision, axis=-1)
    best = np.concatenate([np.zeros((*best.shape[:-1], 1)), best], axis=-1)

    # Added one by one, in the order of the official code: the last digit depends on it.
    total = np.zeros(precision.shape[:-1])
    for level in RECALL_LEVELS:
        reached = np.count_nonzero(recall >= level, axis=-1, keepdims=True)
        total += np.take_along_axis(best, reached, axis=-1)[..., 0]
    return total / len(RECALL_LEVELS)
