"""Scores of predictions that do not depend on where a loss puts its confidences.

The official Average-mAP looks at 200 fixed thresholds, so a loss that gives small confidences is
scored on fewer of them. Before scoring, confidences of a class are replaced by their rank, spread
over the thresholds in the same way for all networks.
"""

import warnings
from collections.abc import Sequence
from typing import Final

import numpy as np

from spotkick.actions import MatchActions
from spotkick.errors import SpotkickWarning
from spotkick.evaluation.assignment import AssignmentResult, assign_predictions
from spotkick.evaluation.average_map import score_assignment, tolerances_of
from spotkick.study.data import StudyData
from spotkick.study.peaks import Peaks, predictions_of
from spotkick.tasks import Task

HALVES: Final = ("A", "B")
"""Of the held matches."""

METRICS: Final = ("loose", "tight")

LEVELS: Final = 200
"""Thresholds of the official metric."""

_RANKS_PER_LABEL: Final = 6
"""Ranks up to this many times the labels of a class are spread over the thresholds, evenly on a
logarithmic scale; predictions of later ranks are left out."""


def rank_peaks(peaks: Peaks, data: StudyData) -> Peaks:
    """Replace confidences by ranks, class by class and on each half of the held matches alone.

    Args:
        peaks: after suppression.
        data: whose held periods they are of.

    Returns:
        Confidences in the middle between two of `LEVELS` thresholds, 0 for late ranks.
    """
    ranked = np.zeros_like(peaks.confidences)
    held = data.periods(held=True)
    for matches in data.halves():
        rows = np.flatnonzero(np.isin(data.period_match[held], matches))
        inside = np.isin(data.actions[:, 0], held[rows])
        labels = np.bincount(data.actions[inside, 1], minlength=len(data.classes))

        # A rank becomes a height on a logarithmic scale, then a level.
        for network in range(len(ranked)):
            for column, count in enumerate(labels):
                own = peaks.confidences[network, rows, column]
                order = np.argsort(-own, axis=None, kind="stable")
                ranks = np.empty(own.size)
                ranks[order] = np.arange(own.size)
                lowest = np.log(1 + _RANKS_PER_LABEL * max(int(count), 1))
                heights = np.clip(1 - np.log1p(ranks) / lowest, 0, 1).reshape(own.shape)
                levels = np.ceil(LEVELS * heights) * (own > 0)
                ranked[network, rows, column] = (levels - 0.5).clip(min=0) / LEVELS
    return Peaks(peaks.positions_ms, ranked)


def assign_network(
    predictions: Sequence[MatchActions],
    labels: Sequence[MatchActions],
    data: StudyData,
    metric: str,
) -> AssignmentResult:
    """Which prediction found which label, on the official grid."""
    task = Task(data.class_list)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SpotkickWarning)
        return assign_predictions(predictions, labels, task, tolerances_s=tolerances_of(metric))


def score_network(
    ranked: Peaks, network: int, data: StudyData, matches: tuple[int, ...]
) -> dict[str, float]:
    """Average-mAP of one network on some held matches, loose and tight.

    Args:
        ranked: of `rank_peaks`.
        network: which.
        data: with the labels.
        matches: indices.
    """
    labels, predictions = data.labels(matches), predictions_of(ranked, network, data, matches)
    return {
        metric: score_assignment(assign_network(predictions, labels, data, metric)).average_map
        for metric in METRICS
    }
