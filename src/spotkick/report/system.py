"""One system, assigned and scored once for all sections of a report."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from spotkick.actions import ActionClasses, MatchActions
from spotkick.evaluation.all_thresholds import score_all_thresholds
from spotkick.evaluation.assignment import (
    LOOSE_TOLERANCES_S,
    AssignmentResult,
    assign_predictions,
)
from spotkick.evaluation.average_map import TIGHT_TOLERANCES_S, score_assignment
from spotkick.evaluation.breakdowns import without_first_frame
from spotkick.evaluation.frames import FrameGrid
from spotkick.evaluation.operating_points import tune_class_thresholds
from spotkick.evaluation.scores import SpottingScore
from spotkick.evaluation.uncertainty import Uncertainty, bootstrap
from spotkick.tasks import Task

CHOSEN_TOLERANCE_S: Final = 10.0
"""Tolerance of the sections that look at single errors: 5 s to either side."""


@dataclass(frozen=True, slots=True)
class TuningSet:
    """The set that thresholds are chosen on, where it is not the reported one.

    Attributes:
        name: what the page calls it.
        predictions: one entry per match, of the same system.
        labels: one entry per match.
    """

    name: str
    predictions: Sequence[MatchActions]
    labels: Sequence[MatchActions]

    def assign(self, grid: FrameGrid, tolerances_s: Sequence[float]) -> AssignmentResult:
        """The set on the classes, rate and periods of another one's grid."""
        return assign_predictions(
            self.predictions,
            self.labels,
            grid.classes,
            tolerances_s=tolerances_s,
            frame_rate=grid.frame_rate,
            periods=grid.periods,
        )


@dataclass(frozen=True, slots=True)
class FirstFrame:
    """Scores without the labels of a class on the first frame of a later period.

    See `spotkick.evaluation.breakdowns.without_first_frame`.
    """

    name: str
    left_out: int
    loose: float
    tight: float


@dataclass(frozen=True, slots=True)
class ScoredSystem:
    """One system at the loose and the tight tolerances, with confidence intervals.

    ``thresholds`` are those of the classes with the best F1 at `CHOSEN_TOLERANCE_S` on ``tuned``,
    or on the reported set without.
    """

    loose: AssignmentResult
    tight: AssignmentResult
    loose_score: SpottingScore
    tight_score: SpottingScore
    loose_range: Uncertainty
    tight_range: Uncertainty
    all_thresholds_loose: float
    all_thresholds_tight: float
    thresholds: Mapping[str, float]
    tuned: TuningSet | None = None
    first_frame: FirstFrame | None = None

    @property
    def classes(self) -> ActionClasses:
        """The class list."""
        return self.loose.classes


def score_system(
    predictions: Sequence[MatchActions],
    labels: Sequence[MatchActions],
    task: Task,
    *,
    resamples: int,
    seed: int,
    tuned: TuningSet | None = None,
) -> ScoredSystem:
    """Assign and score once for all sections."""
    loose, tight = (
        assign_predictions(predictions, labels, task, tolerances_s=tolerances_s)
        for tolerances_s in (LOOSE_TOLERANCES_S, TIGHT_TOLERANCES_S)
    )
    tuned_on = loose if tuned is None else tuned.assign(loose.labels.grid, (CHOSEN_TOLERANCE_S,))
    return ScoredSystem(
        loose=loose,
        tight=tight,
        loose_score=score_assignment(loose, metric="loose"),
        tight_score=score_assignment(tight, metric="tight"),
        loose_range=bootstrap(loose, resamples=resamples, seed=seed),
        tight_range=bootstrap(tight, resamples=resamples, seed=seed),
        all_thresholds_loose=score_all_thresholds(loose).average_map,
        all_thresholds_tight=score_all_thresholds(tight).average_map,
        thresholds=tune_class_thresholds(tuned_on, CHOSEN_TOLERANCE_S),
        tuned=tuned,
        first_frame=_score_without_first_frame(predictions, labels, task),
    )


def _score_without_first_frame(
    predictions: Sequence[MatchActions], labels: Sequence[MatchActions], task: Task
) -> FirstFrame | None:
    """Scores without the substitutions at the break; None when there are none."""
    name = next((name for name in task.classes.names if name.lower() == "substitution"), None)
    if name is None:
        return None
    rest = without_first_frame(labels, task.classes, name)
    before, after = (sum(len(match.actions) for match in sets) for sets in (labels, rest))
    if before == after:
        return None

    # Scored without them at both sets of tolerances.
    loose, tight = (
        score_assignment(
            assign_predictions(predictions, rest, task, tolerances_s=tolerances_s)
        ).average_map
        for tolerances_s in (LOOSE_TOLERANCES_S, TIGHT_TOLERANCES_S)
    )
    return FirstFrame(name, before - after, loose=loose, tight=tight)
