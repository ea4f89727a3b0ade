"""A companion score that does not depend on the scale of confidences.

The official Average-mAP looks at 200 fixed thresholds. Two systems that rank their predictions
alike get different scores when their confidences lie in different places: multiplied by 0.01, a
score of 57 becomes 34. Before systems are compared, confidences can be replaced by their ranks,
spread evenly over 0 to 1 in each class; the score then depends on the ranking alone.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from fractions import Fraction

import numpy as np

from spotkick.actions import SOCCERNET_V2, Action, ActionClasses, MatchActions
from spotkick.evaluation.average_map import (
    SpottingScore,
    assign_predictions,
    score_assignment,
    tolerances_of,
)
from spotkick.evaluation.frames import OFFICIAL_PERIODS
from spotkick.timeline import FEATURE_RATE


def rank_uniform(
    predictions: Iterable[MatchActions], classes: ActionClasses = SOCCERNET_V2
) -> tuple[MatchActions, ...]:
    """Replace confidences by even ranks, class by class over all matches.

    The lowest of n gets 0.5/n, the highest 1 - 0.5/n, equal ones the middle of their places.
    Confidences below 0, or not a number, stay as they are, and so do labels outside the classes.
    """
    sets = tuple(predictions)
    confidences: dict[str, list[float]] = {name: [] for name in classes.names}
    for match in sets:
        for action in match.actions:
            label = classes.resolve(action.label)
            if label is not None and action.confidence is not None and action.confidence >= 0:
                confidences[label].append(action.confidence)
    ordered = {
        label: np.sort(np.array(values, dtype=np.float64)) for label, values in confidences.items()
    }

    def ranked(action: Action) -> Action:
        label = classes.resolve(action.label)
        if label is None or action.confidence is None or not action.confidence >= 0:
            return action
        values = ordered[label]
        low, high = (
            np.searchsorted(values, action.confidence),
            np.searchsorted(values, action.confidence, side="right"),
        )
        return replace(action, confidence=float(low + high) / (2 * len(values)))

    return tuple(MatchActions(match.match, tuple(map(ranked, match.actions))) for match in sets)


def evaluate_rank_uniform(
    predictions: Iterable[MatchActions],
    labels: Iterable[MatchActions],
    classes: ActionClasses = SOCCERNET_V2,
    *,
    metric: str | Sequence[float] = "loose",
    frame_rate: Fraction = FEATURE_RATE,
    periods: Sequence[int] = OFFICIAL_PERIODS,
) -> SpottingScore:
    """The official score of predictions after `rank_uniform`; arguments as in `spotkick.evaluation.evaluate`.

    Raises:
        InputError: if a match has labels but no predictions, comes twice, or a prediction has no
            confidence.
    """
    truth = tuple(labels)
    wanted = {match.match for match in truth}
    found = rank_uniform((match for match in predictions if match.match in wanted), classes)
    assignment = assign_predictions(
        found,
        truth,
        classes,
        tolerances_s=tolerances_of(metric),
        frame_rate=frame_rate,
        periods=periods,
    )
    return score_assignment(
        assignment, metric=f"{metric if isinstance(metric, str) else 'tolerances'}, rank-uniform"
    )
