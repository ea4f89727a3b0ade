"""What each kind of error costs: the gain in Average-mAP if only errors of that kind were fixed."""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

import numpy as np

from spotkick.evaluation.assignment import AssignmentResult, replace_predictions
from spotkick.evaluation.average_map import score_assignment
from spotkick.evaluation.error_analysis import KINDS, NEAR_S, ErrorKind, SpotErrors, find_errors


def error_costs(
    assignment: AssignmentResult, tolerance_s: float, *, near_s: float = NEAR_S
) -> Mapping[ErrorKind, float]:
    """What Average-mAP would gain if all errors of one kind were fixed, over all tolerances.

    Early and late spots move to their label, those of the wrong class get the right one; when
    several point to a label the most confident is fixed and the others go. Duplicates and
    background spots go. Missed labels are taken out.

    Args:
        assignment: of `spotkick.evaluation.assign_predictions`.
        tolerance_s: full width of the window that tells errors from hits.
        near_s: full width of the window in which a spot is early or late.

    Raises:
        InputError: if the sets were not assigned at this tolerance.
    """
    errors = find_errors(assignment, tolerance_s, near_s=near_s)
    base = score_assignment(assignment).average_map
    gains = {kind: score_assignment(_fix_errors(errors, kind)).average_map - base for kind in KINDS}
    return MappingProxyType(gains)


def _fix_errors(errors: SpotErrors, kind: ErrorKind) -> AssignmentResult:
    """The same sets without errors of one kind."""
    labels, predictions = errors.assignment.labels, errors.assignment.predictions
    if kind is ErrorKind.MISSED:
        left = labels.take(~errors.missed)
        return replace_predictions(errors.assignment, predictions, labels=left)

    wrong = np.flatnonzero(errors.kind == KINDS.index(kind))
    kept = np.ones(len(predictions), dtype=bool)
    kept[wrong] = False
    group, frame = predictions.group.copy(), predictions.frame.copy()
    if kind in (ErrorKind.EARLY, ErrorKind.LATE, ErrorKind.WRONG_CLASS):
        # The most confident prediction of each label that the errors are about.
        best = wrong[np.lexsort((-predictions.value[wrong], errors.other[wrong]))]
        about = errors.other[best]
        best = best[np.append(True, about[1:] != about[:-1])[: len(best)]]
        if kind is ErrorKind.WRONG_CLASS:
            # A label that was found already needs no second spot.
            best = best[~errors.found[errors.other[best]]]
            group[best] = labels.group[errors.other[best]]
        else:
            frame[best] = labels.frame[errors.other[best]]
        kept[best] = True

    # Two spots may meet on one frame; the most confident one stays.
    moved = replace(predictions, group=group, frame=frame)
    order = np.lexsort((predictions.value, moved.key))
    order = order[kept[order]]
    key = moved.key[order]
    last = np.append(key[1:] != key[:-1], True)[: len(key)]
    return replace_predictions(errors.assignment, moved.take(order[last]))
