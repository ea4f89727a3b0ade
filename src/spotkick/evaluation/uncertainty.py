"""How sure a score is: bootstrap over matches, and paired comparison of systems.

Matches are the independent units, so they are what is drawn again with replacement. Counts per
match are made once; a resample is then a weighted sum of them, which makes a thousand resamples
cheap.

Ends of intervals are corrected for bias and skewness (BCa): plain percentiles lie too high, because
11-point average precision gains when a missed label is not drawn.
"""

import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import NormalDist
from types import MappingProxyType
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from spotkick.errors import InputError
from spotkick.evaluation.assignment import AssignmentResult
from spotkick.evaluation.average_map import score_assignment
from spotkick.evaluation.average_precision import (
    NUM_BINS,
    eleven_point_average_precision,
    precision_recall,
    reaching,
)
from spotkick.evaluation.group_counts import average_over_tolerances, count_groups

RESAMPLES: Final = 1000
LEVEL: Final = 0.95

MIN_MATCHES: Final = 10
"""Fewer matches give no interval: in simulations with a known truth an interval of 95 % holds it in
53 % of the cases with 3 matches, 83 % with 8, 89 % with 10 and 92 % with 25 to 100."""

_RESAMPLES_AT_ONCE: Final = 25
_EXACT_IN_FLOAT32: Final = 2**24
_NORMAL: Final = NormalDist()

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Interval:
    """A value with its confidence interval, whose ends are NaN where there is none."""

    value: float
    low: float = math.nan
    high: float = math.nan
    level: float = LEVEL

    @property
    def known(self) -> bool:
        """Whether there is an interval."""
        return not math.isnan(self.low)

    def to_json(self) -> dict[str, float | None]:
        """Plain values for a JSON file; null for ends that are not known."""
        low, high = (self.low, self.high) if self.known else (None, None)
        return {"value": self.value, "low": low, "high": high, "level": self.level}


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


@dataclass(frozen=True, slots=True)
class Comparison:
    """Systems compared on the same matches.

    Attributes:
        order: names, best score first.
        scores: Average-mAP of each, with its interval.
        differences: (better, worse) -> difference in Average-mAP with its interval, for every pair
            in ``order``.
        probability: (better, worse) -> share of the resamples in which the better one stays ahead;
            equal ones count half. NaN where there are too few matches.
        order_probability: share of the resamples in which the whole order is as it is here; systems
            that are equal in a resample could stand in any order, each as likely. NaN likewise.
        num_matches: matches that were drawn from.
    """

    order: tuple[str, ...]
    scores: Mapping[str, Interval]
    differences: Mapping[tuple[str, str], Interval]
    probability: Mapping[tuple[str, str], float]
    order_probability: float
    num_matches: int

    def to_json(self) -> dict[str, Any]:
        """Plain values for a JSON file; null for what is not known."""
        return {
            "order": list(self.order),
            "n_videos": self.num_matches,
            "scores": {name: interval.to_json() for name, interval in self.scores.items()},
            "pairs": [
                {
                    "better": pair[0],
                    "worse": pair[1],
                    **interval.to_json(),
                    "probability": _null_for_nan(self.probability[pair]),
                }
                for pair, interval in self.differences.items()
            ],
            "order_probability": _null_for_nan(self.order_probability),
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
    weights = _draw_matches(num_matches, resamples, seed)
    drawn = _score_resamples(assignment, weights)
    left_out = _score_resamples(assignment, _leave_one_out(num_matches))
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


def compare_systems(
    systems: Mapping[str, AssignmentResult],
    *,
    resamples: int = RESAMPLES,
    level: float = LEVEL,
    seed: int = 0,
) -> Comparison:
    """Compare systems on the same resamples of the same matches.

    Easy and hard matches cancel out in the differences.

    Args:
        systems: name -> of `spotkick.evaluation.assign_predictions`, all with the same labels,
            classes and tolerances.
        resamples: how often to draw.
        level: share of the values that the intervals should hold.
        seed: of the random numbers.

    Raises:
        InputError: if there are fewer than two systems, or their labels differ.
    """
    num_matches = _require_same_labels(systems)
    value = {name: score_assignment(one).average_map for name, one in systems.items()}
    order = tuple(sorted(systems, key=lambda name: -value[name]))
    pairs = tuple(itertools.combinations(order, 2))
    if num_matches < MIN_MATCHES:
        leads = {(a, b): Interval(value[a] - value[b], level=level) for a, b in pairs}
        return Comparison(
            order,
            scores=MappingProxyType({name: Interval(value[name], level=level) for name in order}),
            differences=MappingProxyType(leads),
            probability=MappingProxyType(dict.fromkeys(pairs, math.nan)),
            order_probability=math.nan,
            num_matches=num_matches,
        )

    # The same draws for all, so that a difference is one of the same matches.
    draws, jackknife = _draw_matches(num_matches, resamples, seed), _leave_one_out(num_matches)
    drawn = {name: _score_resamples(one, draws).average_map for name, one in systems.items()}
    left_out = {name: _score_resamples(one, jackknife).average_map for name, one in systems.items()}
    scores = {
        name: corrected_interval(value[name], drawn[name], left_out[name], level=level)
        for name in order
    }
    leads = {
        (a, b): corrected_interval(
            value[a] - value[b], drawn[a] - drawn[b], left_out[a] - left_out[b], level=level
        )
        for a, b in pairs
    }
    ahead = {(a, b): _share_ahead(drawn[a] - drawn[b]) for a, b in pairs}
    return Comparison(
        order,
        scores=MappingProxyType(scores),
        differences=MappingProxyType(leads),
        probability=MappingProxyType(ahead),
        order_probability=_share_in_order(np.stack([drawn[name] for name in order])),
        num_matches=num_matches,
    )


def corrected_interval(
    value: float, drawn: Floats, left_out: Floats, *, level: float = LEVEL
) -> Interval:
    """Interval with ends corrected for bias and skewness (BCa).

    Args:
        value: of the whole set.
        drawn: (resamples,) values of resamples, NaN where one has none.
        left_out: (matches,) values without one match each.
        level: share of the values that the interval should hold.

    Source: Efron and Tibshirani, "An introduction to the bootstrap", 1993, section 14.3.
    """
    known, jackknife = drawn[~np.isnan(drawn)], left_out[~np.isnan(left_out)]
    if not len(known) or not len(jackknife):
        return Interval(value, level=level)

    # Bias: how far the value is from the median of the resamples, in standard deviations.
    below = (np.sum(known < value) + np.sum(known == value) / 2) / len(known)
    edge = 0.5 / len(known)
    bias = _NORMAL.inv_cdf(float(np.clip(below, edge, 1 - edge)))

    # Acceleration: the skewness of what single matches contribute.
    effect = jackknife.mean() - jackknife
    spread = float(np.sum(effect**2)) ** 1.5
    acceleration = float(np.sum(effect**3)) / (6 * spread) if spread > 0 else 0.0

    ends = []
    for share in ((1 - level) / 2, (1 + level) / 2):
        shifted = bias + _NORMAL.inv_cdf(share)
        ends.append(_NORMAL.cdf(bias + shifted / (1 - acceleration * shifted)))
    low, high = np.quantile(known, ends)
    return Interval(value, float(low), float(high), level)


@dataclass(frozen=True, slots=True)
class _Resampled:
    """Average-mAP (resamples,) and per class (resamples, classes).

    NaN where a resample has no label of a class that the whole set has; such a class is left out of
    that mean. One without any label in the whole set counts as 0, as in the score itself.
    """

    average_map: Floats
    per_class: Floats


def _score_resamples(assignment: AssignmentResult, weights: npt.NDArray[np.int64]) -> _Resampled:
    """Scores of (resamples, matches) weights, each how often a match counts."""
    num_matches = assignment.num_matches
    counts = count_groups(
        assignment,
        assignment.labels.match_index,
        assignment.predictions.match_index,
        num_groups=num_matches,
    )
    present = counts.labels.sum(axis=0) > 0

    # float32 multiplies faster, and counts exactly up to 2^24.
    most = num_matches * max(int(counts.predictions.sum()), 1)
    kind: type[np.floating[Any]] = np.float32 if most < _EXACT_IN_FLOAT32 else np.float64
    hits = np.moveaxis(counts.hits, 1, 0).reshape(num_matches, -1).astype(kind)
    predictions = counts.predictions.reshape(num_matches, -1).astype(kind)

    parts = []
    for begin in range(0, len(weights), _RESAMPLES_AT_ONCE):
        weight = weights[begin : begin + _RESAMPLES_AT_ONCE]
        labels = weight @ counts.labels
        shape = (len(weight), -1, len(present), NUM_BINS)  # (resamples, tolerances, classes, bins)
        precision, recall = precision_recall(
            reaching((weight.astype(kind) @ hits).astype(np.float64).reshape(shape)),
            reaching((weight.astype(kind) @ predictions).astype(np.float64).reshape(shape)),
            labels[:, None, :],
        )
        table = np.moveaxis(eleven_point_average_precision(precision, recall), 1, 0)
        parts.append(np.where((labels == 0) & present, np.nan, average_over_tolerances(table)))
    per_class = np.concatenate(parts)
    return _Resampled(np.nanmean(per_class, axis=1), per_class)


def _require_same_labels(systems: Mapping[str, AssignmentResult]) -> int:
    """Number of matches that all systems share."""
    if len(systems) < 2:
        raise InputError("at least two systems are needed for a comparison")
    first = next(iter(systems.values()))
    for name, one in systems.items():
        same = one.labels.grid == first.labels.grid and one.tolerances_s == first.tolerances_s
        if not same or not np.array_equal(one.labels.key, first.labels.key):
            raise InputError(
                f"system {name!r} was assigned with other labels, classes or tolerances; "
                "compare on the same ones"
            )
    return first.num_matches


def _draw_matches(num_matches: int, resamples: int, seed: int) -> npt.NDArray[np.int64]:
    """(resamples, matches) how often each match is drawn."""
    rng = np.random.default_rng(seed)
    return rng.multinomial(num_matches, np.full(num_matches, 1 / num_matches), size=resamples)


def _leave_one_out(num_matches: int) -> npt.NDArray[np.int64]:
    """(matches, matches) weights of the sets that lack one match each."""
    return 1 - np.eye(num_matches, dtype=np.int64)


def _share_ahead(lead: Floats) -> float:
    return float(np.mean(lead > 0) + np.mean(lead == 0) / 2)


def _share_in_order(drawn: Floats) -> float:
    """Share of the resamples in which the (systems, resamples) values never rise.

    A run of n equal values counts 1 / n!, the share of its orders that this one is.
    """
    share = np.ones(drawn.shape[1])
    run = np.ones(drawn.shape[1])
    for better, worse in itertools.pairwise(drawn):
        run = np.where(better == worse, run + 1, 1)
        share *= np.where(better < worse, 0, 1 / run)
    return float(share.mean())


def _null_for_nan(value: float) -> float | None:
    return None if math.isnan(value) else value
