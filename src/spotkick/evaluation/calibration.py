"""Calibration: whether a confidence of 0.8 is right in 8 of 10 cases."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from spotkick.evaluation.assignment import AssignmentResult
from spotkick.evaluation.deferred_acceptance import UNASSIGNED


@dataclass(frozen=True)
class Calibration:
    """A reliability curve of B bins of equal width between 0 and 1.

    Confidences above 1 are no probabilities: they are counted apart and lie in no bin.

    Attributes:
        edges: (B + 1,) of the bins.
        confidence: (B,) mean confidence of the predictions of a bin, NaN without any.
        accuracy: (B,) share of them that found a label, NaN without any.
        count: (B,) predictions.
        expected_error: mean distance between confidence and accuracy, weighted by counts; 0 is
            perfect; NaN when any confidence is above 1.
        above_one: predictions with a confidence above 1.
        highest: greatest confidence of all, NaN without predictions.
    """

    edges: npt.NDArray[np.float64]
    confidence: npt.NDArray[np.float64]
    accuracy: npt.NDArray[np.float64]
    count: npt.NDArray[np.int64]
    expected_error: float
    above_one: int
    highest: float

    def to_json(self) -> dict[str, Any]:
        """Plain values for a JSON file; empty bins have nulls."""
        rows = []
        for number, count in enumerate(self.count.tolist()):
            rows.append(
                {
                    "low": float(self.edges[number]),
                    "high": float(self.edges[number + 1]),
                    "confidence": float(self.confidence[number]) if count else None,
                    "accuracy": float(self.accuracy[number]) if count else None,
                    "count": count,
                }
            )
        known = np.isfinite(self.expected_error)
        return {
            "expected_error": self.expected_error if known else None,
            "above_one": self.above_one,
            "bins": rows,
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
    right = assignment.labels_found(tolerance_s) != UNASSIGNED
    confidence = assignment.predictions.value
    if label is not None:
        own = assignment.predictions.class_index == assignment.classes.names.index(label)
        right, confidence = right[own], confidence[own]
    highest = float(confidence.max()) if len(confidence) else float("nan")

    # Percentages and logits have no place on the curve.
    probable = confidence <= 1
    above_one = int(np.sum(~probable))
    right, confidence = right[probable], confidence[probable]

    place = np.minimum((confidence * bins).astype(np.int64), bins - 1)
    count = np.bincount(place, minlength=bins)
    with np.errstate(invalid="ignore"):  # empty bins
        mean = np.bincount(place, weights=confidence, minlength=bins) / count
        accuracy = np.bincount(place, weights=right, minlength=bins) / count

    used = count > 0
    distance = float(np.sum(count[used] * np.abs(mean[used] - accuracy[used])))
    error = distance / max(int(count.sum()), 1)
    return Calibration(
        np.linspace(0, 1, bins + 1),
        confidence=mean,
        accuracy=accuracy,
        count=count,
        expected_error=float("nan") if above_one else error,
        above_one=above_one,
        highest=highest,
    )
