"""Precision, recall and F1 at a threshold, counted as the browser counts while a slider moves."""

from bisect import bisect_left, bisect_right
from collections.abc import Container, Iterable, Sequence
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
    candidates = _find_candidates(predictions, labels, tolerance_ms)
    return _assign_candidates(labels, candidates, range(len(predictions)))


def _find_candidates(
    predictions: Sequence[Action], labels: Sequence[Action], tolerance_ms: int
) -> list[list[int]]:
    """For each label the predictions within the tolerance, the one to be taken first before all."""
    groups: dict[tuple[str, int], list[int]] = {}
    for index, action in enumerate(predictions):
        groups.setdefault((action.label, action.period), []).append(index)
    places: dict[tuple[str, int], list[int]] = {}
    for name, group in groups.items():
        group.sort(key=lambda index: predictions[index].position_ms)
        places[name] = [predictions[index].position_ms for index in group]

    # the predictions of a class and period, by time, are cut out around each label
    found = []
    for label in labels:
        name = (label.label, label.period)
        first = bisect_left(places.get(name, []), label.position_ms - tolerance_ms)
        last = bisect_right(places.get(name, []), label.position_ms + tolerance_ms)
        near = groups.get(name, [])[first:last]
        found.append(sorted(near, key=lambda index: -(predictions[index].confidence or 0.0)))
    return found


def _assign_candidates(
    labels: Sequence[Action], candidates: Sequence[Sequence[int]], counted: Container[int]
) -> dict[int, int]:
    """Labels in the order of time, each with its first candidate that is free and counts."""
    taken: set[int] = set()
    pairs: dict[int, int] = {}
    for number in sorted(range(len(labels)), key=lambda index: labels[index].position_ms):
        free = (index for index in candidates[number] if index not in taken and index in counted)
        best = next(free, None)
        if best is not None:
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
    found = tuple(predictions)
    return _measure_all(found, labels, [threshold], tolerance_ms)[0]


def _measure_all(
    predictions: Sequence[Action],
    labels: Sequence[Action],
    thresholds: Sequence[float],
    tolerance_ms: int,
) -> list[OperatingPoint]:
    """Quality at each threshold; what lies near each label is looked up once for all of them."""
    confidences = [action.confidence or 0.0 for action in predictions]
    candidates = _find_candidates(predictions, labels, tolerance_ms)
    points = []
    for threshold in thresholds:
        counted = {index for index, value in enumerate(confidences) if value >= threshold}
        pairs = _assign_candidates(labels, candidates, counted)
        correct, kept = len(pairs), len(counted)
        precision = correct / kept if kept else 0.0
        recall = correct / len(labels) if labels else 0.0
        total = kept + len(labels)
        f1 = 2 * correct / total if total else 0.0
        points.append(OperatingPoint(threshold, precision, recall, f1))
    return points


def best_f1(
    predictions: Sequence[Action], labels: Sequence[Action], tolerance_ms: int = TOLERANCE_MS
) -> OperatingPoint:
    """The threshold, out of 0.05 to 0.95, with the highest F1 for all classes together."""
    steps = [step / 20 for step in range(1, 20)]
    points = _measure_all(predictions, labels, steps, tolerance_ms)
    return max(points, key=lambda point: point.f1)
