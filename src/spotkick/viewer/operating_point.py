"""Precision, recall and F1 at a threshold, counted as the browser counts while a slider moves."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from spotkick.actions import Action

TOLERANCE_MS: Final = 2500
"""A prediction counts for an action within this distance: the 5-second setting of the
benchmarks."""


@dataclass(frozen=True, slots=True)
class OperatingPoint:
    """Quality of all predictions at or above a threshold."""

    threshold: float
    precision: float
    recall: float
    f1: float


def assign_greedily(
    predictions: Sequence[Action], labels: Sequence[Action], tolerance_ms: int
) -> dict[int, int]:
    """Pair labels with predictions of their class and period.

    Labels are served in order of time; each takes the most confident free prediction within the
    tolerance, the earlier one when two are equal. This is the rule of the official SoccerNet
    evaluator.

    Returns:
        Index of a label -> index of its prediction.
    """
    groups: dict[tuple[str, int], list[int]] = {}
    for index, action in enumerate(predictions):
        groups.setdefault((action.label, action.period), []).append(index)

    # Labels in the order of time, each with the most confident prediction that is free.
    taken: set[int] = set()
    pairs: dict[int, int] = {}
    for number in sorted(range(len(labels)), key=lambda index: labels[index].position_ms):
        label = labels[number]
        near = [
            index
            for index in groups.get((label.label, label.period), ())
            if index not in taken
            and abs(predictions[index].position_ms - label.position_ms) <= tolerance_ms
        ]
        if near:
            best = min(
                near,
                key=lambda index: (
                    -(predictions[index].confidence or 0.0),
                    predictions[index].position_ms,
                ),
            )
            taken.add(best)
            pairs[number] = best
    return pairs


def measure(
    predictions: Iterable[Action],
    labels: Sequence[Action],
    threshold: float,
    tolerance_ms: int = TOLERANCE_MS,
) -> OperatingPoint:
    """Quality at one threshold for all classes together."""
    kept = [action for action in predictions if (action.confidence or 0.0) >= threshold]
    correct = len(assign_greedily(kept, labels, tolerance_ms))
    precision = correct / len(kept) if kept else 0.0
    recall = correct / len(labels) if labels else 0.0
    total = len(kept) + len(labels)
    return OperatingPoint(threshold, precision, recall, 2 * correct / total if total else 0.0)


def best_f1(
    predictions: Sequence[Action], labels: Sequence[Action], tolerance_ms: int = TOLERANCE_MS
) -> OperatingPoint:
    """The threshold, out of 0.05 to 0.95, with the highest F1 for all classes together."""
    points = [measure(predictions, labels, step / 20, tolerance_ms) for step in range(1, 20)]
    return max(points, key=lambda point: point.f1)
