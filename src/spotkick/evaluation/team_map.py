"""Team-mAP of SoccerNet's team ball action spotting: who did what, and when."""

import warnings
from collections.abc import Iterable, Sequence
from fractions import Fraction
from types import MappingProxyType
from typing import Final

import numpy as np
import numpy.typing as npt

from spotkick.actions import SOCCERNET_BALL, ActionClasses, MatchActions
from spotkick.errors import SpotkickWarning
from spotkick.evaluation.assignment import AssignmentResult, assign_predictions
from spotkick.evaluation.average_map import tolerances_of
from spotkick.evaluation.frames import OFFICIAL_PERIODS
from spotkick.evaluation.group_counts import average_over_tolerances, count_groups
from spotkick.evaluation.scores import Score
from spotkick.tasks import Task

TEAMS: Final = ("left", "right")
"""Teams by their side of the field in the first half."""


def evaluate_teams(
    predictions: Iterable[MatchActions],
    labels: Iterable[MatchActions],
    classes: ActionClasses = SOCCERNET_BALL,
    *,
    metric: str | Sequence[float] = "at1",
    frame_rate: Fraction = Fraction(25),
    teams: Sequence[str] = TEAMS,
    periods: Sequence[int] = OFFICIAL_PERIODS,
) -> Score:
    """Score predictions that also say which team acted.

    Average precision is computed for every pair of class and team, and averaged over the teams of a
    class with the numbers of their labels as weights; the mean over classes is not weighted.

    Args:
        predictions: with teams; at least for every match of the labels.
        labels: with teams.
        classes: classes that are scored.
        metric: as in `spotkick.evaluation.evaluate`; the challenge uses ``at1``.
        frame_rate: frames per second of the evaluator's grid.
        teams: the words for the teams.
        periods: that count.

    Returns:
        Score over classes. A class without labels, or with as many shown as unshown ones, is left
        out of the mean, where the official code arrives at "not a number" or infinity.

    Warns:
        SpotkickWarning: for actions without one of the teams, which do not count (the official code
            stops there), and for labels that are not shown, which the official weights count as -1.

    Source: ``evaluation/score.py`` of the repository sn-teamspotting.
    """
    names = [f"{name}/{team}" for name in classes.names for team in teams]
    pairs = ActionClasses(tuple(names), name=f"{classes.name} by team")
    truth, unnamed_labels = _split_by_team(labels, classes, teams)
    found, unnamed_spots = _split_by_team(predictions, classes, teams)
    assignment = assign_predictions(
        found,
        truth,
        Task(pairs, periods=tuple(periods)),
        tolerances_s=tolerances_of(metric),
        frame_rate=frame_rate,
    )

    # Average precision of each pair, averaged over teams by the numbers of their labels.
    shape = (len(classes), len(teams))
    table = _average_precision(assignment).reshape(-1, *shape)
    weight = np.bincount(
        assignment.labels.class_index, weights=assignment.labels.value, minlength=len(names)
    ).reshape(shape)
    known = weight.sum(axis=-1) != 0
    total = np.where(known, weight.sum(axis=-1), 1)
    by_class = (table * weight).sum(axis=-1) / total  # (tolerances, classes)

    num_labels = np.bincount(assignment.labels.class_index, minlength=len(names))
    messages = [
        *assignment.messages,
        *_describe_losses(assignment, known, num_labels.reshape(shape).sum(axis=-1)),
    ]
    if unnamed_labels + unnamed_spots:
        messages.append(
            f"{unnamed_labels + unnamed_spots} actions without a team ({', '.join(teams)}) "
            "were left out"
        )
    for message in messages:
        warnings.warn(message, SpotkickWarning, stacklevel=2)

    per_class = average_over_tolerances(by_class)
    means = by_class[:, known].mean(axis=1) if known.any() else np.zeros(len(by_class))
    return Score(
        average_map=float(average_over_tolerances(means)),
        per_class=MappingProxyType(
            {name: float(per_class[i]) for i, name in enumerate(classes.names) if known[i]}
        ),
        map_at=MappingProxyType(dict(zip(assignment.tolerances_s, means.tolist(), strict=True))),
    )


def _average_precision(assignment: AssignmentResult) -> npt.NDArray[np.float64]:
    """(tolerances, pairs of class and team)."""
    everything = count_groups(
        assignment,
        np.zeros_like(assignment.labels.group),
        np.zeros_like(assignment.predictions.group),
        num_groups=1,
    )
    return everything.average_precision()[:, 0]


def _describe_losses(
    assignment: AssignmentResult, known: npt.NDArray[np.bool_], num_labels: npt.NDArray[np.int64]
) -> list[str]:
    """Messages about classes (C,) that are left out, and about labels of negative weight."""
    messages = []
    empty, balanced = int(np.sum(num_labels == 0)), int(np.sum(~known & (num_labels > 0)))
    if empty:
        messages.append(
            f"{empty} of {len(known)} classes have no label here and are left out of the mean"
        )
    if balanced:
        messages.append(
            f"{balanced} of {len(known)} classes have as many shown as unshown labels, so that "
            "the official weights add up to 0; they are left out of the mean"
        )
    unshown = int(np.sum(assignment.labels.value < 0))
    if unshown:
        messages.append(
            f"{unshown} labels are not shown; the official weights count them as -1, which can "
            "push a score above 1 or below 0"
        )
    return messages


def _split_by_team(
    sets: Iterable[MatchActions], classes: ActionClasses, teams: Sequence[str]
) -> tuple[list[MatchActions], int]:
    """Actions under the name ``class/team``, and how many have no team."""
    split, unnamed = [], 0
    for match in sets:
        selected = classes.select(match.actions)
        kept = [action for action in selected if action.team in teams]
        unnamed += len(selected) - len(kept)
        named = (action.with_label(f"{action.label}/{action.team}") for action in kept)
        split.append(MatchActions(match.match, tuple(named)))
    return split, unnamed
