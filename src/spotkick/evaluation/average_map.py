"""Average-mAP of action spotting, equal to the official SoccerNet evaluator to the last digit.

Three steps: put labels and predictions on the evaluator's frames (`frames`), find which prediction
hits which label at every tolerance (`assignment`), turn the hits into average precision
(`average_precision`).
"""

import re
import warnings
from collections.abc import Sequence
from fractions import Fraction
from types import MappingProxyType
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from spotkick.actions import SOCCERNET_V2
from spotkick.errors import ConfigError, SpotkickWarning
from spotkick.evaluation.assignment import (
    LOOSE_TOLERANCES_S,
    AssignmentResult,
    assign_predictions,
)
from spotkick.evaluation.group_counts import (
    GroupCounts,
    average_over_tolerances,
    group_by_visibility,
)
from spotkick.evaluation.per_tolerance import count_per_tolerance
from spotkick.evaluation.scores import Score, SpottingScore
from spotkick.evaluation.sources import (
    ActionSource,
    ClassesLike,
    read_scored_sets,
    resolve_task,
)

TIGHT_TOLERANCES_S: Final = (1.0, 2.0, 3.0, 4.0, 5.0)
"""Tolerances of the ``tight`` metric."""

UNSHOWN_FACTOR: Final = Fraction(17, 13)
"""The official evaluator multiplies the unshown Average-mAP by this, because 4 of the 17 classes
of SoccerNet-v2 are always shown."""

Suppression = Literal["none", "per-tolerance"]
"""What `evaluate` suppresses: nothing, or at each tolerance what lies within a window as wide."""


def evaluate(
    predictions: ActionSource,
    labels: ActionSource,
    classes: ClassesLike = SOCCERNET_V2,
    *,
    metric: str | Sequence[float] | None = None,
    frame_rate: Fraction | None = None,
    periods: Sequence[int] | None = None,
    nms: Suppression = "none",
) -> SpottingScore:
    """Score predictions with the official Average-mAP.

    Args:
        predictions: path to a file, folder or archive of any format that ``spotkick convert``
            reads; or one entry per match, at least for every match of the labels, in any order: a
            list of `MatchActions`, a mapping from match to actions, or one `MatchActions`.
        labels: likewise. One `MatchActions` of labels and one of predictions belong together,
            whatever their names.
        classes: what is scored: a list of class names, the name of a task such as
            ``soccernet-ball``, a class list or a `spotkick.tasks.Task`. The mean is over all
            classes, also over those that have no label.
        metric: ``loose``, ``tight``, ``at1`` ... ``at5``, or tolerances in seconds (full window
            widths); that of the task when None: ``at1`` for ball actions, else ``loose``.
        frame_rate: frames per second of the evaluator's grid; that of the task when None: 25 for
            ball actions, else 2.
        periods: that count; those of the task when None: 1 and 2 for the tasks of SoccerNet, all
            that occur for classes of one's own.
        nms: ``per-tolerance`` suppresses predictions at each tolerance in a window as wide as the
            tolerance, as the code behind the published 62.5 does; predictions must then come
            unsuppressed.

    Raises:
        InputError: if a match has labels but no predictions, comes twice, or a prediction has no
            confidence.
        ConfigError: if the metric is not known.

    Warns:
        SpotkickWarning: once for each kind of entry that the official evaluator drops, moves or
            overwrites silently.

    Source: ``SoccerNet.Evaluation.ActionSpotting`` 0.2.0.
    """
    task = resolve_task(classes)
    metric = task.metric if metric is None else metric
    tolerances_s = tolerances_of(metric)
    found, truth = read_scored_sets(predictions, labels, task)
    assignment = assign_predictions(
        found,
        truth,
        task,
        tolerances_s=tolerances_s,
        frame_rate=frame_rate,
        periods=periods,
    )

    name = metric if isinstance(metric, str) else name_tolerances(metric)
    score = score_assignment(assignment, metric=name, nms=nms)
    for message in score.warnings:
        warnings.warn(message, SpotkickWarning, stacklevel=2)
    return score


def tolerances_of(metric: str | Sequence[float]) -> tuple[float, ...]:
    """Tolerances in seconds of a metric's name; tolerances are given back.

    Raises:
        ConfigError: if the name is not known or a tolerance is not positive.
    """
    if isinstance(metric, str):
        named = {"loose": LOOSE_TOLERANCES_S, "tight": TIGHT_TOLERANCES_S}.get(metric)
        if named is None and re.fullmatch(r"at[1-5]", metric) is None:
            raise ConfigError(f"metric must be loose, tight, or at1 to at5, got {metric!r}")
        return named or (float(metric[2:]),)
    tolerances = tuple(float(value) for value in metric)
    if not tolerances or not all(0 < value < float("inf") for value in tolerances):
        raise ConfigError(f"tolerances must be positive numbers of seconds, got {tolerances}")
    return tolerances


def name_tolerances(tolerances_s: Sequence[float]) -> str:
    """What to call a metric that is given by its tolerances."""
    return "tolerances " + ", ".join(f"{value:g}" for value in tolerances_s) + " s"


def score_assignment(
    assignment: AssignmentResult, *, metric: str = "", nms: Suppression = "none"
) -> SpottingScore:
    """Average-mAP of an assignment, overall and by visibility.

    Args:
        assignment: of `assign_predictions`.
        metric: its name; the tolerances when empty.
        nms: as in `evaluate`.
    """
    names = assignment.classes.names
    counts = group_by_visibility(assignment)
    scored = count_per_tolerance(assignment) if nms == "per-tolerance" else counts

    # Labels that state no visibility have no score by visibility.
    visible = unshown = None
    factor = unshown_factor(assignment)
    if assignment.has_visibility:
        by_visibility = scored.average_precision()  # (tolerances, visibility, classes)
        visible = score_table(by_visibility[:, 0], names, assignment.tolerances_s)
        unshown = score_table(by_visibility[:, 1], names, assignment.tolerances_s, factor=factor)

    # Counts are those before any suppression.
    num_labels = counts.labels.sum(axis=0)
    num_predictions = counts.predictions.sum(axis=(0, 2))
    return SpottingScore(
        metric=metric or name_tolerances(assignment.tolerances_s),
        overall=score_table(
            scored.total().average_precision()[:, 0], names, assignment.tolerances_s
        ),
        visible=visible,
        unshown=unshown,
        unshown_factor=factor,
        frame_rate=assignment.labels.grid.frame_rate,
        periods=assignment.labels.grid.periods,
        num_matches=assignment.num_matches,
        num_labels=_by_class(names, num_labels),
        num_visible=_by_class(names, counts.labels[0]),
        num_predictions=_by_class(names, num_predictions),
        warnings=(*assignment.messages, *_warn_about_empty_classes(counts, names)),
    )


def unshown_factor(assignment: AssignmentResult) -> Fraction:
    """17/13 for an average over tolerances of the 17 classes of SoccerNet-v2, else 1.

    The official code multiplies for every class list; for another list the reason is missing.
    """
    is_v2 = set(assignment.classes.names) == set(SOCCERNET_V2.names)
    return UNSHOWN_FACTOR if is_v2 and len(assignment.tolerances_s) > 1 else Fraction(1)


def score_table(
    table: npt.NDArray[np.float64],
    names: Sequence[str],
    tolerances_s: Sequence[float],
    *,
    factor: Fraction = Fraction(1),
) -> Score:
    """Average a table of average precision.

    Args:
        table: (tolerances, classes).
        names: of the classes.
        tolerances_s: in seconds.
        factor: of the average.
    """
    # Not table.mean(axis=1): it adds in another order, and the last digit would differ.
    means = np.array([np.mean(row) for row in table])
    average = float(average_over_tolerances(means))
    if factor != 1:
        average = average * factor.numerator / factor.denominator

    per_class = average_over_tolerances(table).tolist()
    return Score(
        average_map=average,
        per_class=MappingProxyType(dict(zip(names, per_class, strict=True))),
        map_at=MappingProxyType(dict(zip(tolerances_s, means.tolist(), strict=True))),
    )


def _by_class(names: Sequence[str], counts: npt.NDArray[np.int64]) -> MappingProxyType[str, int]:
    return MappingProxyType(dict(zip(names, counts.tolist(), strict=True)))


def _warn_about_empty_classes(counts: GroupCounts, names: Sequence[str]) -> list[str]:
    empty = [
        name for name, number in zip(names, counts.labels.sum(axis=0), strict=True) if not number
    ]
    if not empty:
        return []
    return [
        f"{len(empty)} of {len(names)} classes have no label here and count as 0 in every mean: "
        + ", ".join(empty)
    ]
