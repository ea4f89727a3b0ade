"""Systems compared on the same resamples of the same matches."""

import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np

from spotkick.errors import InputError
from spotkick.evaluation.assignment import AssignmentResult
from spotkick.evaluation.average_map import score_assignment
from spotkick.evaluation.resampling import (
    LEVEL,
    MIN_MATCHES,
    RESAMPLES,
    Floats,
    Interval,
    corrected_interval,
    draw_matches,
    leave_one_out,
    score_resamples,
)


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
    draws, jackknife = draw_matches(num_matches, resamples, seed), leave_one_out(num_matches)
    drawn = {name: score_resamples(one, draws).average_map for name, one in systems.items()}
    left_out = {name: score_resamples(one, jackknife).average_map for name, one in systems.items()}
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
