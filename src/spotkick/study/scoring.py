"""Scores of predictions that do not depend on where a loss puts its confidences.

The official Average-mAP looks at 200 fixed thresholds, so a loss that gives small confidences is
scored on fewer of them. Before scoring, confidences of a class are replaced by their rank, spread
over the thresholds in the same way for all networks.
"""

import warnings
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from spotkick.actions import MatchActions
from spotkick.errors import SpotkickWarning
from spotkick.evaluation.assignment import AssignmentResult, assign_predictions
from spotkick.evaluation.average_map import score_assignment, tolerances_of
from spotkick.study.data import StudyData
from spotkick.study.peaks import Peaks, predictions_of
from spotkick.tasks import Task

METRICS: Final = ("loose", "tight")

_RANKS_PER_LABEL: Final = 6
"""Ranks up to this many times the labels of a class are spread over the thresholds, evenly on a
logarithmic scale; later ones share the lowest."""


def rank_confidences(
    predictions: Sequence[MatchActions], labels: Sequence[MatchActions]
) -> list[MatchActions]:
    """Replace confidences by ranks, class by class.

    Args:
        predictions: of one network.
        labels: of the same matches.
    """
    classes = sorted({action.label for match in predictions for action in match.actions})
    ranked = [list(match.actions) for match in predictions]
    for name in classes:
        places = [
            (-(action.confidence or 0.0), number, row)
            for number, match in enumerate(predictions)
            for row, action in enumerate(match.actions)
            if action.label == name
        ]
        count = sum(action.label == name for match in labels for action in match.actions)
        lowest = np.log(1 + _RANKS_PER_LABEL * max(count, 1))
        for rank, (_, number, row) in enumerate(sorted(places)):
            value = max(0.0, 1 - float(np.log1p(rank) / lowest))
            ranked[number][row] = replace(ranked[number][row], confidence=value)
    return [
        replace(match, actions=tuple(own)) for match, own in zip(predictions, ranked, strict=True)
    ]


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
    peaks: Peaks, network: int, data: StudyData, matches: tuple[int, ...]
) -> dict[str, float]:
    """Ranked Average-mAP of one network on some held matches, loose and tight."""
    labels = data.labels(matches)
    ranked = rank_confidences(predictions_of(peaks, network, data, matches), labels)
    return {
        metric: score_assignment(assign_network(ranked, labels, data, metric)).average_map
        for metric in METRICS
    }
