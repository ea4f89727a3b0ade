"""Suppression at each tolerance: the protocol of the code behind CALF's published 62.5.

The authors' first release does not suppress predictions once, in a window of a fixed length, but
again for every tolerance, in a window as wide as the tolerance. Wide tolerances then see few
predictions, narrow ones all of them. Its numbers can only be had this way, and are not comparable
with those of the official evaluator, which takes predictions as they come.
"""

import itertools

import numpy as np

from spotkick.evaluation.assignment import AssignmentResult, replace_predictions
from spotkick.evaluation.frames import FramedActions
from spotkick.evaluation.group_counts import GroupCounts, group_by_visibility
from spotkick.suppression import suppress


def count_per_tolerance(assignment: AssignmentResult) -> GroupCounts:
    """Counts by visibility, at each tolerance of what its own suppression leaves.

    Args:
        assignment: of `spotkick.evaluation.assign_predictions`, with unsuppressed predictions.

    Returns:
        Counts whose predictions are (T, G, C, 201).

    Source: ``NMS`` and ``average_mAP`` in the authors' TensorFlow code.
    """
    rate = assignment.labels.grid.rate
    counts = []
    for tolerance_s in assignment.tolerances_s:
        kept = suppress_framed(assignment.predictions, tolerance_s * rate)
        counts.append(group_by_visibility(replace_predictions(assignment, kept, (tolerance_s,))))
    return GroupCounts(
        counts[0].labels,
        np.stack([part.predictions for part in counts]),
        np.concatenate([part.hits for part in counts]),
    )


def suppress_framed(predictions: FramedActions, window_frames: float) -> FramedActions:
    """Predictions that remain when each silences the weaker ones of its series around it.

    Args:
        predictions: on the grid.
        window_frames: whole width of the window, see `spotkick.suppression.suppress`.
    """
    kept = np.zeros(len(predictions), dtype=bool)
    starts = np.flatnonzero(np.diff(predictions.group, prepend=-1))
    for begin, end in itertools.pairwise([*starts, len(predictions)]):
        # Ranks instead of confidences: what is silenced has 0, and so may a confidence.
        _, rank = np.unique(predictions.value[begin:end], return_inverse=True)
        left = suppress(predictions.frame[begin:end], rank + 1.0, window_frames)
        kept[begin:end] = left > 0
    return predictions.take(kept)
