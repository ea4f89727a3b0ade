"""The spotting metric of the first SoccerNet paper (2018), which the published baselines 34.5, 49.7 and 40.6 were measured with.

It is the detection metric on segments: a label becomes a segment as wide as the tolerance, a
prediction one of a second, and they match when they overlap at all.
"""

from collections.abc import Iterable, Sequence
from types import MappingProxyType

import numpy as np

from spotkick.actions import SOCCERNET_V1, ActionClasses, MatchActions
from spotkick.errors import InputError
from spotkick.evaluation.average_map import LOOSE_TOLERANCES_S, Score, average_over_tolerances
from spotkick.evaluation.detection import SegmentTable, detection_average_precision

_PREDICTION_S = 1.0


def evaluate_original(
    predictions: Iterable[MatchActions],
    labels: Iterable[MatchActions],
    classes: ActionClasses = SOCCERNET_V1,
    *,
    tolerances_s: Sequence[float] = LOOSE_TOLERANCES_S,
) -> Score:
    """Score predictions as in 2018: assigned by score, all-point interpolated average precision, area over tolerances.

    Args:
        predictions: one entry per match; a prediction covers the second that begins at its
            position.
        labels: one entry per match; classes without labels do not count.
        classes: classes that are scored.
        tolerances_s: widths of the label segments in seconds.

    Raises:
        InputError: if there are no labels, or a prediction has no confidence.

    Source: SoccerNet-code (2018), ``src/Detection/Evaluation``: ActivityNet's detection metric with
    tIoU > 0.
    """
    truth, found = list(labels), list(predictions)
    number = {
        name: index
        for index, name in enumerate(sorted({match.match for match in (*truth, *found)}))
    }
    present = {action.label for match in truth for action in classes.select(match.actions)}
    names = tuple(name for name in classes.names if name in present)
    if not names:
        raise InputError("there are no labels to score against")

    def table(sets: Sequence[MatchActions], before_s: float, after_s: float) -> SegmentTable:
        rows = [
            (
                number[match.match],
                action.period,
                names.index(action.label),
                action.position_s,
                _score(action.confidence),
            )
            for match in sets
            for action in classes.select(match.actions)
            if action.label in names
        ]
        values = np.array(rows, dtype=np.float64).reshape(-1, 5)
        match_index, period, class_index = values[:, :3].astype(np.int64).T
        series = (match_index * 100 + period) * len(names) + class_index
        return SegmentTable(
            series, class_index, values[:, 3] - before_s, values[:, 3] + after_s, values[:, 4]
        )

    spots = table(found, 0.0, _PREDICTION_S)
    if np.isnan(spots.score).any():
        raise InputError("a prediction has no confidence; predictions need one")
    by_tolerance = np.array(
        [
            detection_average_precision(
                spots, table(truth, width / 2, width / 2), len(names), (0.0,), strict=True
            )[0]
            for width in tolerances_s
        ]
    )
    means = by_tolerance.mean(axis=1)
    return Score(
        average_map=float(average_over_tolerances(means)),
        per_class=MappingProxyType(
            dict(zip(names, average_over_tolerances(by_tolerance).tolist(), strict=True))
        ),
        map_at=MappingProxyType(dict(zip(tolerances_s, means.tolist(), strict=True))),
    )


def _score(confidence: float | None) -> float:
    return np.nan if confidence is None else confidence
