"""How sure a score is: confidence intervals by bootstrap over matches."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from spotkick.evaluation.assignment import AssignmentResult
from spotkick.evaluation.average_map import score_assignment
from spotkick.evaluation.resampling import (
    LEVEL,
    MIN_MATCHES,
    RESAMPLES,
    Interval,
    corrected_interval,
    draw_matches,
    leave_one_out,
    score_resamples,
)


@dataclass(frozen=True, slots=True)
class Uncertainty:
    """Confidence intervals of a score.

    Attributes:
        average_map: of the headline number.
        per_class: of each class; only resamples that hold a label of the class count.
        num_matches: matches that were drawn from.
        resamples: how often; 0 where there are too few matches (see `MIN_MATCHES`).
    """

    average_map: Interval
    per_class: Mapping[str, Interval]
    num_matches: int
    resamples: int

    def to_json(self) -> dict[str, Any]:
        """Plain values for a JSON file."""
        return {
            "average_map": self.average_map.to_json(),
            "per_class": {name: interval.to_json() for name, interval in self.per_class.items()},
            "n_videos": self.num_matches,
            "resamples": self.resamples,
        }


def bootstrap(
    assignment: AssignmentResult, *, resamples: int = RESAMPLES, level: float = LEVEL, seed: int = 0
) -> Uncertainty:
    """Confidence intervals of Average-mAP by drawing matches with replacement.

    Args:
        assignment: of `spotkick.evaluation.assign_predictions`.
        resamples: how often to draw.
        level: share of the values that the interval should hold.
        seed: of the random numbers.

    Source: Efron, "Better bootstrap confidence intervals", 1987.
    """
    score, num_matches = score_assignment(assignment), assignment.num_matches
    names = assignment.classes.names
    if num_matches < MIN_MATCHES:
        per_class = {name: Interval(score.overall.per_class[name], level=level) for name in names}
        return Uncertainty(
            Interval(score.average_map, level=level),
            per_class=MappingProxyType(per_class),
            num_matches=num_matches,
            resamples=0,
        )

    # Resamples give the spread, sets that lack one match each its skewness.
    weights = draw_matches(num_matches, resamples, seed)
    drawn = score_resamples(assignment, weights)
    left_out = score_resamples(assignment, leave_one_out(num_matches))
    per_class = {
        name: corrected_interval(
            score.overall.per_class[name],
            drawn.per_class[:, column],
            left_out.per_class[:, column],
            level=level,
        )
        for column, name in enumerate(names)
    }
    return Uncertainty(
        corrected_interval(score.average_map, drawn.average_map, left_out.average_map, level=level),
        per_class=MappingProxyType(per_class),
        num_matches=num_matches,
        resamples=resamples,
    )
