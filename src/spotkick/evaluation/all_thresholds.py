"""A companion score that does not depend on the scale of confidences.

The official Average-mAP looks at 200 fixed thresholds. Two systems that rank their predictions
alike get different scores when their confidences lie in different places: multiplied by 0.01, a
score of 57 becomes 34. With every confidence that occurs as a threshold, the score depends on the
ranking alone, and weak predictions added below all others cannot lower it.
"""

from collections.abc import Sequence
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from spotkick.actions import SOCCERNET_V2
from spotkick.evaluation.assignment import AssignmentResult, assign_predictions
from spotkick.evaluation.average_map import score_table, tolerances_of
from spotkick.evaluation.average_precision import RECALL_LEVELS
from spotkick.evaluation.deferred_acceptance import UNASSIGNED
from spotkick.evaluation.scores import Score
from spotkick.evaluation.sources import (
    ActionSource,
    ClassesLike,
    read_scored_sets,
    resolve_task,
)


def evaluate_all_thresholds(
    predictions: ActionSource,
    labels: ActionSource,
    classes: ClassesLike = SOCCERNET_V2,
    *,
    metric: str | Sequence[float] | None = None,
    frame_rate: Fraction | None = None,
    periods: Sequence[int] | None = None,
) -> Score:
    """Average-mAP with all confidences as thresholds; arguments as `spotkick.evaluation.evaluate`.

    Raises:
        InputError: if a match has labels but no predictions, comes twice, or a prediction has no
            confidence.
    """
    task = resolve_task(classes)
    found, truth = read_scored_sets(predictions, labels, task)
    assignment = assign_predictions(
        found,
        truth,
        task,
        tolerances_s=tolerances_of(task.metric if metric is None else metric),
        frame_rate=frame_rate,
        periods=periods,
    )
    return score_all_thresholds(assignment)


def score_all_thresholds(assignment: AssignmentResult) -> Score:
    """Average-mAP of an assignment with all confidences as thresholds.

    Args:
        assignment: of `spotkick.evaluation.assign_predictions`.
    """
    predictions, names = assignment.predictions, assignment.classes.names
    num_labels = np.bincount(assignment.labels.class_index, minlength=len(names))
    found = assignment.assigned != UNASSIGNED  # (tolerances, predictions)

    table = np.zeros((len(found), len(names)))
    for column in range(len(names)):
        # Best first; predictions of equal confidence pass a threshold together.
        own = np.flatnonzero(predictions.class_index == column)
        own = own[np.argsort(-predictions.value[own], kind="stable")]
        value = predictions.value[own]
        last = np.append(value[1:] != value[:-1], True)[: len(own)]
        for row, hit in zip(table, found[:, own], strict=True):
            row[column] = eleven_points(hit, last, int(num_labels[column]))
    return score_table(table, names, assignment.tolerances_s)


def eleven_points(
    hit: npt.NDArray[np.bool_], last: npt.NDArray[np.bool_], num_labels: int
) -> float:
    """11-point average precision of ranked predictions.

    Args:
        hit: (predictions,) whether each found a label, the most confident first.
        last: (predictions,) whether each is the last one of its confidence.
        num_labels: labels of the class.
    """
    if not len(hit) or not num_labels:
        return 0.0
    positives = np.cumsum(hit)[last]
    recall = positives / num_labels
    precision = positives / (np.flatnonzero(last) + 1)

    # Best precision at this recall or more: the maximum over this rank and all later ones.
    best = np.append(np.maximum.accumulate(precision[::-1])[::-1], 0.0)
    return float(best[np.searchsorted(recall, RECALL_LEVELS)].mean())
