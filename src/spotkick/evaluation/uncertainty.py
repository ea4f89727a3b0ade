"""How sure a score is: bootstrap over matches, and paired comparison of systems.

Matches are the independent units, so they are what is drawn again with replacement. GroupCounts per
match are made once; a resample is then a weighted sum of them, which makes a thousand resamples
cheap.
"""

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from spotkick.errors import InputError
from spotkick.evaluation.average_map import (
    AssignmentResult,
    average_over_tolerances,
    count_groups,
    score_assignment,
)
from spotkick.evaluation.average_precision import (
    NUM_BINS,
    eleven_point_average_precision,
    precision_recall,
    reaching,
)

RESAMPLES: Final = 1000
LEVEL: Final = 0.95

_RESAMPLES_AT_ONCE: Final = 25
_EXACT_IN_FLOAT32: Final = 2**24

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Interval:
    """A value with its confidence interval: the percentiles of the resampled values."""

    value: float
    low: float
    high: float
    level: float = LEVEL

    def to_json(self) -> dict[str, float]:
        """Plain values for a JSON file."""
        return {"value": self.value, "low": self.low, "high": self.high, "level": self.level}


@dataclass(frozen=True, slots=True)
class Uncertainty:
    """Confidence intervals of a score.

    Attributes:
        average_map: of the headline number.
        per_class: of each class; only resamples that hold a label of the class count.
        num_matches: matches that were drawn from.
        resamples: how often.
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


@dataclass(frozen=True, slots=True)
class Comparison:
    """Systems compared on the same matches.

    Attributes:
        order: names, best score first.
        scores: Average-mAP of each, with its interval.
        differences: (better, worse) -> difference in Average-mAP with its interval, for every pair
            in ``order``.
        probability: (better, worse) -> share of the resamples in which the better one stays ahead;
            equal ones count half.
        order_probability: share of the resamples in which the whole order is as it is here.
    """

    order: tuple[str, ...]
    scores: Mapping[str, Interval]
    differences: Mapping[tuple[str, str], Interval]
    probability: Mapping[tuple[str, str], float]
    order_probability: float

    def to_json(self) -> dict[str, Any]:
        """Plain values for a JSON file."""
        return {
            "order": list(self.order),
            "scores": {name: interval.to_json() for name, interval in self.scores.items()},
            "pairs": [
                {
                    "better": pair[0],
                    "worse": pair[1],
                    **interval.to_json(),
                    "probability": self.probability[pair],
                }
                for pair, interval in self.differences.items()
            ],
            "order_probability": self.order_probability,
        }


def bootstrap(
    assignment: AssignmentResult, *, resamples: int = RESAMPLES, level: float = LEVEL, seed: int = 0
) -> Uncertainty:
    """Confidence intervals of Average-mAP by drawing matches with replacement.

    Args:
        assignment: of `spotkick.evaluation.assign_predictions`.
        resamples: how often to draw.
        level: share of the resampled values inside the interval.
        seed: of the random numbers.
    """
    score = score_assignment(assignment)
    averages, per_class = _resampled(
        assignment, _draws(len(assignment.labels.grid.matches), resamples, seed)
    )
    return Uncertainty(
        average_map=_interval(score.average_map, averages, level),
        per_class=MappingProxyType(
            {
                name: _interval(value, per_class[:, i], level)
                for i, (name, value) in enumerate(score.overall.per_class.items())
            }
        ),
        num_matches=len(assignment.labels.grid.matches),
        resamples=resamples,
    )


def compare_systems(
    systems: Mapping[str, AssignmentResult],
    *,
    resamples: int = RESAMPLES,
    level: float = LEVEL,
    seed: int = 0,
) -> Comparison:
    """Compare systems on the same resamples of the same matches, so that easy and hard matches cancel out.

    Args:
        systems: name -> of `spotkick.evaluation.assign_predictions`, all with the same labels,
            classes and tolerances.
        resamples: how often to draw.
        level: share of the resampled values inside the intervals.
        seed: of the random numbers.

    Raises:
        InputError: if there are fewer than two systems, or their labels differ.
    """
    if len(systems) < 2:
        raise InputError("at least two systems are needed for a comparison")
    first = next(iter(systems.values()))
    for name, assignment in systems.items():
        same_grid = (
            assignment.labels.grid == first.labels.grid
            and assignment.tolerances_s == first.tolerances_s
        )
        if not same_grid or not np.array_equal(assignment.labels.key, first.labels.key):
            raise InputError(
                f"system {name!r} was assigned with other labels, classes or tolerances; compare on the same ones"
            )
    weights = _draws(len(first.labels.grid.matches), resamples, seed)
    value = {name: score_assignment(assignment).average_map for name, assignment in systems.items()}
    drawn = {name: _resampled(assignment, weights)[0] for name, assignment in systems.items()}
    order = tuple(sorted(systems, key=lambda name: -value[name]))
    pairs = tuple(itertools.combinations(order, 2))
    ahead = {pair: drawn[pair[0]] - drawn[pair[1]] for pair in pairs}
    steps = np.array([ahead[pair] > 0 for pair in itertools.pairwise(order)])
    return Comparison(
        order=order,
        scores=MappingProxyType(
            {name: _interval(value[name], drawn[name], level) for name in order}
        ),
        differences=MappingProxyType(
            {(a, b): _interval(value[a] - value[b], ahead[a, b], level) for a, b in pairs}
        ),
        probability=MappingProxyType(
            {
                pair: float(np.mean(ahead[pair] > 0) + np.mean(ahead[pair] == 0) / 2)
                for pair in pairs
            }
        ),
        order_probability=float(steps.all(axis=0).mean()),
    )


def _draws(num_matches: int, resamples: int, seed: int) -> npt.NDArray[np.int64]:
    """(resamples, matches) how often each match is drawn."""
    return np.random.default_rng(seed).multinomial(
        num_matches, np.full(num_matches, 1 / num_matches), size=resamples
    )


def _interval(value: float, drawn: Floats, level: float) -> Interval:
    known = drawn[~np.isnan(drawn)]
    if not len(known):
        return Interval(value, value, value, level)
    low, high = np.quantile(known, [(1 - level) / 2, (1 + level) / 2])
    return Interval(value, float(low), float(high), level)


def _resampled(
    assignment: AssignmentResult, weights: npt.NDArray[np.int64]
) -> tuple[Floats, Floats]:
    """Average-mAP (resamples,) and per class (resamples, classes), NaN where a resample has no label of the class.

    A class that lost all its labels in a resample is left out of that mean; one without any label
    in the whole set counts as 0, as in the score itself.
    """
    num_matches = len(assignment.labels.grid.matches)
    counts = count_groups(
        assignment, assignment.labels.match_index, assignment.predictions.match_index, num_matches
    )
    most = num_matches * max(
        int(counts.predictions.sum()), 1
    )  # float32 multiplies faster, and counts exactly up to 2^24
    kind: type[np.floating[Any]] = np.float32 if most < _EXACT_IN_FLOAT32 else np.float64
    hits = np.moveaxis(counts.hits, 1, 0).reshape(num_matches, -1).astype(kind)
    predictions = counts.predictions.reshape(num_matches, -1).astype(kind)
    present = counts.labels.sum(axis=0) > 0
    parts = []
    for begin in range(0, len(weights), _RESAMPLES_AT_ONCE):
        weight = weights[begin : begin + _RESAMPLES_AT_ONCE]
        labels = weight @ counts.labels
        shape = (len(weight), -1, len(present), NUM_BINS)
        precision, recall = precision_recall(
            reaching((weight.astype(kind) @ hits).astype(np.float64).reshape(shape)),
            reaching((weight.astype(kind) @ predictions).astype(np.float64).reshape(shape)),
            labels[:, None, :],
        )
        table = np.moveaxis(eleven_point_average_precision(precision, recall), 1, 0)
        parts.append(np.where((labels == 0) & present, np.nan, average_over_tolerances(table)))
    per_class = np.concatenate(parts)
    return np.nanmean(per_class, axis=1), per_class
