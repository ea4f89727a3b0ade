"""Precision, recall and F1 at a threshold, counted as the browser counts while a slider moves."""

from bisect import bisect_left, bisect_right
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


def _order_by_time(labels: Sequence[Action]) -> list[int]:
    return sorted(range(len(labels)), key=lambda index: labels[index].position_ms)


def _assign_candidates(
    order: Iterable[int],
    candidates: Sequence[Sequence[int]],
    confidences: Sequence[float],
    threshold: float,
) -> dict[int, int]:
    """Labels in order, each with its first free candidate that reaches the threshold."""
    taken: set[int] = set()
    pairs: dict[int, int] = {}
    for number in order:
        for index in candidates[number]:
            # those that follow are less confident still
            if confidences[index] < threshold:
                break
            if index not in taken:
                taken.add(index)
                pairs[number] = index
                break
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
    ranked = sorted(confidences)
    candidates = _find_candidates(predictions, labels, tolerance_ms)
    order = [number for number in _order_by_time(labels) if candidates[number]]
    points = []
    for threshold in thresholds:
        pairs = _assign_candidates(order, candidates, confidences, threshold)
        correct, kept = len(pairs), len(ranked) - bisect_left(ranked, threshold)
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
