"""Predictions paired with labels, and how mistakes and their costs are put into words."""

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from spotkick.actions import Action, MatchActions
from spotkick.doctor.explanations import FINE_GRID, Tolerances
from spotkick.doctor.findings import Finding, Severity
from spotkick.doctor.hypotheses import Hypothesis
from spotkick.errors import SpotkickError, SpotkickWarning
from spotkick.evaluation import evaluate
from spotkick.tasks import Task

MOST_MATCHES: Final = 30
"""Explanations are tried on so many matches, evenly chosen; scores are of all."""


@dataclass(frozen=True, slots=True)
class Pairing:
    """Predictions and labels of the same matches, in the same order.

    Attributes:
        predicted: one entry per match.
        labelled: likewise.
        task: classes and how they are scored.
        where: the predictions, for findings that concern all of them.
    """

    predicted: tuple[MatchActions, ...]
    labelled: tuple[MatchActions, ...]
    task: Task
    where: str

    def score(self, predicted: Sequence[MatchActions]) -> float | None:
        """Average-mAP in percent; None where these cannot be scored."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SpotkickWarning)
            try:
                score = evaluate(
                    predicted,
                    self.labelled,
                    self.task.classes,
                    metric=self.task.metric,
                    frame_rate=self.task.frame_rate,
                    periods=self.task.periods or self._periods,
                )
            except SpotkickError:
                return None
        return 100 * score.average_map

    @property
    def tolerances(self) -> Tolerances:
        """Those that fit the metric of the task."""
        return FINE_GRID if self.task.metric.startswith("at") else Tolerances()

    @property
    def _periods(self) -> tuple[int, ...]:
        found = {action.period for match in self.labelled for action in match.actions}
        return tuple(sorted(found)) or (1,)


def describe_cost(
    pairing: Pairing,
    before: Sequence[MatchActions],
    after: Sequence[MatchActions],
    *,
    at_most: bool = False,
) -> str:
    """What a mistake costs, in the score of the task."""
    first, second = pairing.score(before), pairing.score(after)
    if first is None or second is None:
        return "the score cannot be computed"
    metric = f"{pairing.task.metric} Average-mAP"
    upper = "up to " if at_most else ""
    return f"the {metric} is {first:.1f}, corrected {upper}{second:.1f}"


def describe_explanation(
    pairing: Pairing, renamed: Sequence[MatchActions], explanation: Hypothesis
) -> Finding:
    """One mistake that explains the times of all predictions.

    Args:
        pairing: predictions and labels.
        renamed: the predictions under the class names of the labels.
        explanation: what is wrong.
    """
    moved = [explanation.apply_to(match) for match in renamed]
    return Finding(
        Severity.ERROR,
        "predictions-shifted",
        pairing.where,
        f"{explanation.title}; {describe_cost(pairing, renamed, moved)}",
        explanation.fix,
        len(pairing.predicted),
    )


def describe_own_shifts(
    pairing: Pairing, renamed: Sequence[MatchActions], own: Mapping[tuple[int, int], float]
) -> Finding:
    """Shifts that differ from match to match.

    Args:
        pairing: predictions and labels.
        renamed: the predictions under the class names of the labels.
        own: seconds to add by (number in the sample, period).
    """
    step = max(1, len(renamed) // MOST_MATCHES)
    sample = replace(pairing, labelled=pairing.labelled[::step])
    before = renamed[::step]
    after = [
        MatchActions(
            match.match,
            tuple(
                replace(
                    action,
                    position_ms=action.position_ms
                    + round(1000 * own.get((index, action.period), 0.0)),
                )
                for action in match.actions
            ),
        )
        for index, match in enumerate(before)
    ]

    # By how much, for each period.
    ranges = []
    for period in sorted({period for _, period in own}):
        values = [offset_s for (_, number), offset_s in own.items() if number == period]
        if any(values):
            middle_s = float(np.median(values))
            ranges.append(f"period {period} by {middle_s:+.0f} s in the median")
    return Finding(
        Severity.ERROR,
        "predictions-shifted",
        pairing.where,
        f"each match has a shift of its own ({', '.join(ranges)}), as when times count from the "
        "kick-off of the match or from the start of a recording; "
        f"{describe_cost(sample, before, after)}",
        "count positions from where the video of the period, or the labelled one, begins",
        len(before),
    )


def describe_merged(pairing: Pairing) -> Finding:
    """Both halves in one: each prediction is given to the half whose label is nearer."""
    moved = [
        _divide_by_nearest(match, labels, pairing.task)
        for match, labels in zip(pairing.predicted, pairing.labelled, strict=True)
    ]
    return Finding(
        Severity.ERROR,
        "predictions-shifted",
        pairing.where,
        "the predictions of both halves are numbered as one half; "
        f"{describe_cost(pairing, pairing.predicted, moved, at_most=True)}",
        "write period 2 for what was found in the second half",
        len(pairing.predicted),
    )


def _divide_by_nearest(match: MatchActions, labels: MatchActions, task: Task) -> MatchActions:
    """Predictions, each in the period whose label of its class is nearest in time."""
    times: dict[tuple[str | None, int], list[float]] = {}
    for label in labels.actions:
        key = (task.classes.resolve(label.label), label.period)
        times.setdefault(key, []).append(label.position_s)

    def nearest_period(action: Action) -> int:
        name = task.classes.resolve(action.label)
        gaps = {
            period: min(abs(time - action.position_s) for time in found)
            for (label, period), found in times.items()
            if label == name
        }
        return min(gaps, key=lambda period: gaps[period]) if gaps else action.period

    return MatchActions(
        match.match,
        tuple(replace(action, period=nearest_period(action)) for action in match.actions),
    )
