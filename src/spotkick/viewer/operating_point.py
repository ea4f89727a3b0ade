"""Precision, recall and F1 at a threshold, counted as the browser counts while a slider moves."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

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
    # One line of time for all classes and periods, too far apart to reach each other.
    places, at = _place_actions(predictions, labels, tolerance_ms)
    order = np.argsort(places, kind="stable")
    first = np.searchsorted(places[order], at - tolerance_ms, side="left").tolist()
    last = np.searchsorted(places[order], at + tolerance_ms, side="right").tolist()

    # The predictions by time are cut out around each label.
    by_time: list[int] = order.tolist()
    found = []
    for start, end in zip(first, last, strict=True):
        near = by_time[start:end]
        if len(near) > 1:
            near.sort(key=lambda index: -(predictions[index].confidence or 0.0))
        found.append(near)
    return found


def _place_actions(
    predictions: Sequence[Action], labels: Sequence[Action], tolerance_ms: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Positions on one line of time, each class and period on a stretch of its own."""
    actions = (*predictions, *labels)
    names = [action.label for action in actions]
    numbers = {name: number for number, name in enumerate(dict.fromkeys(names))}
    classes = np.array([numbers[name] for name in names], dtype=np.int64)
    known, periods = np.unique([action.period for action in actions], return_inverse=True)
    positions = np.array([action.position_ms for action in actions], dtype=np.int64)

    # (predictions + labels,)
    if len(actions) > 0:
        stretch = classes * len(known) + periods
        positions += stretch * (np.ptp(positions) + 2 * tolerance_ms + 1)
    return positions[: len(predictions)], positions[len(predictions) :]


def _order_by_time(labels: Sequence[Action]) -> list[int]:
    return sorted(range(len(labels)), key=lambda index: labels[index].position_ms)


def _split_contested(candidates: Sequence[Sequence[int]]) -> tuple[list[int], list[int]]:
    """Labels that share no candidate with another one, and those that do."""
    wanted = Counter(index for near in candidates for index in near)
    alone: list[int] = []
    contested: list[int] = []
    for number, near in enumerate(candidates):
        if near:
            shared = any(wanted[index] > 1 for index in near)
            (contested if shared else alone).append(number)
    return alone, contested


def _count_assigned(
    order: Iterable[int],
    candidates: Sequence[Sequence[int]],
    confidences: Sequence[float],
    threshold: float,
) -> int:
    """How many labels, in order, find a free candidate that reaches the threshold."""
    taken: set[int] = set()
    for number in order:
        for index in candidates[number]:
            # those that follow are less confident still
            if confidences[index] < threshold:
                break
            if index not in taken:
                taken.add(index)
                break
    return len(taken)


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

    # A label alone with its candidates takes the most confident one; the others have an order.
    alone, contested = _split_contested(candidates)
    surest = sorted(confidences[candidates[number][0]] for number in alone)
    shared = set(contested)
    order = [number for number in _order_by_time(labels) if number in shared]
    points = []
    for threshold in thresholds:
        correct = len(surest) - bisect_left(surest, threshold)
        correct += _count_assigned(order, candidates, confidences, threshold)
        kept = len(ranked) - bisect_left(ranked, threshold)
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
