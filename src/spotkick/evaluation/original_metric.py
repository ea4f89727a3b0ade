"""The spotting metric of the first SoccerNet paper (2018).

The published baselines 34.5, 49.7 and 40.6 were measured with it. It is the detection metric on
segments: a label becomes a segment as wide as the tolerance, a prediction one of a second, and they
match when they overlap at all.
"""

from collections.abc import Iterable, Sequence
from types import MappingProxyType

import numpy as np

from spotkick.actions import SOCCERNET_V1, ActionClasses, MatchActions
from spotkick.errors import InputError
from spotkick.evaluation.assignment import LOOSE_TOLERANCES_S
from spotkick.evaluation.group_counts import average_over_tolerances
from spotkick.evaluation.scores import Score
from spotkick.evaluation.segment_table import SegmentTable, detection_average_precision

_PREDICTION_S = 1.0
_MOST_PERIODS = 100


def evaluate_original(
    predictions: Iterable[MatchActions],
    labels: Iterable[MatchActions],
    classes: ActionClasses = SOCCERNET_V1,
    *,
    tolerances_s: Sequence[float] = LOOSE_TOLERANCES_S,
) -> Score:
    """Score predictions as in 2018.

    Predictions take labels by score; average precision is interpolated at all points, and averaged
    over tolerances.

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
    present = {action.label for match in truth for action in classes.select(match.actions)}
    names = tuple(name for name in classes.names if name in present)
    if not names:
        raise InputError("there are no labels to score against")
    matches = sorted({match.match for match in (*truth, *found)})
    number = {name: index for index, name in enumerate(matches)}

    def tabulate(
        sets: Sequence[MatchActions], *, before_s: float = 0.0, after_s: float = 0.0
    ) -> SegmentTable:
        """Each action as a segment around its position."""
        rows = [
            (
                number[match.match],
                action.period,
                names.index(action.label),
                action.position_s,
                np.nan if action.confidence is None else action.confidence,
            )
            for match in sets
            for action in classes.select(match.actions)
            if action.label in names
        ]

        # A period of a match is a video of its own.
        values = np.array(rows, dtype=np.float64).reshape(-1, 5)
        match_index, period, class_index = values[:, :3].astype(np.int64).T
        video = match_index * _MOST_PERIODS + period
        return SegmentTable(
            video * len(names) + class_index,
            class_index=class_index,
            start=values[:, 3] - before_s,
            end=values[:, 3] + after_s,
            score=values[:, 4],
            video=video,
        )

    spots = tabulate(found, after_s=_PREDICTION_S)
    if np.isnan(spots.score).any():
        raise InputError("a prediction has no confidence; predictions need one")

    # Rows are tolerances, columns classes.
    rows = [
        detection_average_precision(
            spots,
            tabulate(truth, before_s=width / 2, after_s=width / 2),
            num_classes=len(names),
            overlaps=(0.0,),
            strict=True,
        )[0]
        for width in tolerances_s
    ]
    by_tolerance = np.array(rows)
    means = by_tolerance.mean(axis=1)
    per_class = average_over_tolerances(by_tolerance).tolist()
    return Score(
        average_map=float(average_over_tolerances(means)),
        per_class=MappingProxyType(dict(zip(names, per_class, strict=True))),
        map_at=MappingProxyType(dict(zip(tolerances_s, means.tolist(), strict=True))),
    )
