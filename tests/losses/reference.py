"""Slow, literal transcriptions of the paper's equations, one frame at a time, in double precision.

Written from the equations and not from the package, so that both can be wrong only independently.
"""

import math
from typing import Literal

Bounds = tuple[float, float, float, float]
PAPER_MARGINS = (0.1, 0.9)


def segmentation(
    p: float,
    s: float,
    bounds: Bounds,
    margins: tuple[float, float] = PAPER_MARGINS,
    variant: Literal["paper", "tf_legacy", "symmetric"] = "paper",
) -> float:
    """Eqs. (1)-(8) for one frame and class."""
    k1, k2, k3, k4 = bounds
    tau_min, tau_max = margins
    low, high = math.log(1 - tau_min), math.log(tau_max)
    if s <= k1:
        return max(0.0, -math.log(1 - p) + low)
    if s <= k2:
        return max(0.0, -math.log(1 - (k2 - s) / (k2 - k1) * p) + low)
    if s < 0:
        if variant == "symmetric":
            return max(0.0, -math.log(s / k2 + (1 - s / k2) * p) + high)
        return 0.0
    if s < k3:
        if variant == "tf_legacy":
            return max(0.0, -math.log(p + s / k3) + high)
        return max(0.0, -math.log(s / k3 + (k3 - s) / k3 * p) + high)
    if s < k4:
        if variant == "tf_legacy":
            return max(0.0, -math.log(1 - p + (k4 - s) / (k4 - k3)) + low)
        return max(0.0, -math.log(1 - (s - k3) / (k4 - k3) * p) + low)
    return max(0.0, -math.log(1 - p) + low)


def spotting(
    matched: list[list[float]],
    target: list[list[float]],
    num_actions: int,
    location_weight: float,
    unmatched_weight: float,
) -> float:
    """Eq. (10) for one chunk whose predictions are already in the order of the target's rows."""
    total = 0.0
    for i in range(num_actions):
        for j in range(len(target[i])):
            weight = location_weight if j == 1 else 1.0
            total += weight * (target[i][j] - matched[i][j]) ** 2
    for i in range(num_actions, len(target)):
        total += unmatched_weight * matched[i][0] ** 2
    return total


def match_mutual(predicted: list[float], actual: list[float], actions: list[int]) -> dict[int, int]:
    """Action rows and predictions by increasing distance: equal to mutual nearest neighbours."""
    pairs = sorted(
        (abs(predicted[j] - actual[i]), i, j) for i in actions for j in range(len(predicted))
    )
    chosen: dict[int, int] = {}
    for _, i, j in pairs:
        if i not in chosen and j not in chosen.values():
            chosen[i] = j
    return chosen


def match_propose(
    predicted: list[float], actual: list[float], actions: list[int]
) -> dict[int, int]:
    """The authors' loop: in each round free actions propose, predictions accept a proposer."""
    chosen: dict[int, int] = {}
    for _ in range(len(predicted)):
        free_actions = [i for i in actions if i not in chosen]
        free_predictions = [j for j in range(len(predicted)) if j not in chosen.values()]
        proposals: dict[int, list[int]] = {}
        for i in free_actions:
            favourite = min(free_predictions, key=lambda j: (abs(predicted[j] - actual[i]), j))
            proposals.setdefault(favourite, []).append(i)
        for j, proposers in proposals.items():
            chosen[min(proposers, key=lambda i: (abs(predicted[j] - actual[i]), i))] = j
    return chosen
