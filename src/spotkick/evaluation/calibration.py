"""Calibration: whether a confidence of 0.8 is right in 8 of 10 cases."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from spotkick.evaluation.assignment import UNASSIGNED
from spotkick.evaluation.average_map import AssignmentResult
from spotkick.evaluation.operating_points import tolerance_row


@dataclass(frozen=True)
class Calibration:
    """A reliability curve of B bins of equal width between 0 and 1; larger confidences belong to the last bin.

    Attributes:
        edges: (B + 1,) of the bins.
        confidence: (B,) mean confidence of the predictions of a bin, NaN without any.
        accuracy: (B,) share of them that found a label, NaN without any.
        count: (B,) predictions.
        expected_error: mean distance between confidence and accuracy, weighted by counts; 0 is
            perfect.
    """

    edges: npt.NDArray[np.float64]
    confidence: npt.NDArray[np.float64]
    accuracy: npt.NDArray[np.float64]
    count: npt.NDArray[np.int64]
    expected_error: float

    def to_json(self) -> dict[str, Any]:
        """Plain values for a JSON file; empty bins have nulls."""
        columns = zip(
            self.edges[:-1], self.edges[1:], self.confidence, self.accuracy, self.count, strict=True
        )
        return {
            "expected_error": self.expected_error,
            "bins": [
                {
                    "low": float(low),
                    "high": float(high),
                    "confidence": float(confidence) if count else None,
                    "accuracy": float(accuracy) if count else None,
                    "count": int(count),
                }
                for low, high, confidence, accuracy, count in columns
            ],
        }


def calibrate(
    assignment: AssignmentResult, tolerance_s: float, *, label: str | None = None, bins: int = 10
) -> Calibration:
    """Compare confidences with how often they are right.

    Args:
        assignment: of `spotkick.evaluation.assign_predictions`.
        tolerance_s: full width of the window in which a prediction is right.
        label: one class; default is all.
        bins: number of bins.

    Raises:
        InputError: if the sets were not assigned at this tolerance.

    Source: expected calibration error, Guo et al., "On calibration of modern neural networks", ICML
    2017.
    """
    right = assignment.assigned[tolerance_row(assignment, tolerance_s)] != UNASSIGNED
    confidence = assignment.predictions.value
    if label is not None:
        own = assignment.predictions.class_index == assignment.classes.names.index(label)
        right, confidence = right[own], confidence[own]
    place = np.minimum((confidence.clip(0, 1) * bins).astype(np.int64), bins - 1)
    count = np.bincount(place, minlength=bins)
    with np.errstate(invalid="ignore"):
        mean = np.bincount(place, weights=confidence, minlength=bins) / count
        accuracy = np.bincount(place, weights=right, minlength=bins) / count
    used = count > 0
    total = int(count.sum())
    error = (
        float(np.sum(count[used] * np.abs(mean[used] - accuracy[used])) / total) if total else 0.0
    )
    return Calibration(np.linspace(0, 1, bins + 1), mean, accuracy, count, error)
