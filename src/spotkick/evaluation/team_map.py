"""Team-mAP of SoccerNet's team ball action spotting: who did what, and when."""

import warnings
from collections.abc import Iterable, Sequence
from fractions import Fraction
from types import MappingProxyType
from typing import Final

import numpy as np

from spotkick.actions import SOCCERNET_BALL, Action, ActionClasses, MatchActions
from spotkick.errors import SpotkickWarning
from spotkick.evaluation.average_map import (
    Score,
    assign_predictions,
    average_over_tolerances,
    count_groups,
    tolerances_of,
)

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

    Returns:
        Score over classes. A class without labels is left out of the mean, where the official code
        arrives at "not a number".

    Warns:
        SpotkickWarning: for actions without one of the teams, which do not count (the official code
            stops there), and for labels that are not shown, which the official weights count as -1.

    Source: ``evaluation/score.py`` of the repository sn-teamspotting.
    """
    names = [f"{name}/{team}" for name in classes.names for team in teams]
    pairs = ActionClasses(tuple(names), name=f"{classes.name} by team")
    lost = [0]
    truth = [_with_team(match, classes, teams, lost) for match in labels]
    found = [_with_team(match, classes, teams, lost) for match in predictions]
    assignment = assign_predictions(
        found, truth, pairs, tolerances_s=tolerances_of(metric), frame_rate=frame_rate
    )
    everything = count_groups(
        assignment,
        np.zeros_like(assignment.labels.group),
        np.zeros_like(assignment.predictions.group),
        1,
    )
    weight = np.bincount(
        assignment.labels.class_index, weights=assignment.labels.value, minlength=len(names)
    )
    weight = weight.reshape(-1, len(teams))
    table = everything.average_precision()[:, 0].reshape(-1, len(classes), len(teams))
    with np.errstate(invalid="ignore"):
        by_class = (table * weight).sum(axis=-1) / weight.sum(
            axis=-1
        )  # (tolerances, classes), NaN without labels
    known = ~np.isnan(by_class[0])
    messages = list(assignment.messages)
    if lost[0]:
        messages.append(f"{lost[0]} actions without a team ({', '.join(teams)}) were left out")
    if not known.all():
        messages.append(
            f"{np.sum(~known)} of {len(known)} classes have no label here and are left out of the mean"
        )
    unshown = int(np.sum(assignment.labels.value < 0))
    if unshown:
        messages.append(
            f"{unshown} labels are not shown; the official weights count them as -1, which can push a score above 1"
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


def _with_team(
    match: MatchActions, classes: ActionClasses, teams: Sequence[str], lost: list[int]
) -> MatchActions:
    """Actions of the classes under the name ``class/team``; those without a team are counted in ``lost``."""
    kept: list[Action] = []
    for action in classes.select(match.actions):
        if action.team in teams:
            kept.append(action.with_label(f"{action.label}/{action.team}"))
        else:
            lost[0] += 1
    return MatchActions(match.match, tuple(kept))
