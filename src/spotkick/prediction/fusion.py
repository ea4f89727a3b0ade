"""Join spots of one source with what another source observed in a window of time.

A change of the score says that a goal fell shortly before, but not when; commentary or the image
says when, but not surely. Joined, the goal has the time of the one and the certainty of both. A
source that watched a stretch of the match and saw nothing lowers the spots there.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from spotkick.actions import Action

UNSEEN_FACTOR: Final = 0.25
"""Confidence of a spot in a watched stretch is multiplied by this where nothing was observed."""

ALONE_FACTOR: Final = 0.6
"""Confidence of an observation that no spot supports, as its exact time is a guess."""

LEAST_LIKELIHOOD: Final = 0.04
"""A spot whose confidence times the likelihood of its delay is lower says less about the time than
the usual delay does. Chosen on half of the valid split, by benchmarks/goal_fusion.py."""

ANY_DELAY: Final = 0.05
"""Likelihood of a delay that is far from the usual one, but in the window: reviews take minutes."""

SURE_SPOT: Final = 0.4
"""A spot this sure tells by how much the observations of its match lag behind the actions. Chosen
on half of the valid split, by benchmarks/goal_fusion.py, as are the two values below."""

PRIOR_ACTIONS: Final = 1.0
"""The usual delay counts as much as so many actions of the match with a sure spot."""

LEAST_SPREAD_MS: Final = 6000
"""Delays of one match are not taken to be more alike than this."""


@dataclass(frozen=True, slots=True)
class Observation:
    """An action that another source saw the consequence of.

    Attributes:
        label: class of the action.
        period: of the match.
        earliest_ms: the action lies at or after this position ...
        latest_ms: ... and at or before this one.
        usual_ms: where it lies most often.
        spread_ms: standard deviation around that.
        confidence: that there was such an action.
        team: ``home`` or ``away`` where the source knows.
    """

    label: str
    period: int
    earliest_ms: int
    latest_ms: int
    usual_ms: int
    spread_ms: int
    confidence: float
    team: str | None = None


@dataclass(frozen=True, slots=True)
class WatchedStretch:
    """A part of a period in which every action of a class would have been observed.

    Attributes:
        label: class of the actions.
        period: of the match.
        start_ms: first position.
        end_ms: last position.
    """

    label: str
    period: int
    start_ms: int
    end_ms: int

    def holds(self, action: Action) -> bool:
        """Whether an action lies in the stretch."""
        return (
            action.label == self.label
            and action.period == self.period
            and self.start_ms <= action.position_ms <= self.end_ms
        )


def fuse_spots(
    spots: Sequence[Action],
    observations: Iterable[Observation],
    watched: Iterable[WatchedStretch] = (),
    *,
    spot_spread_ms: int = 0,
) -> tuple[Action, ...]:
    """Give each observation its spot, and lower spots that a watching source did not see.

    Args:
        spots: of one match, with confidences.
        observations: of the same match; each takes at most one spot, the surest observation first.
        watched: stretches without further observations.
        spot_spread_ms: standard deviation of the spots around their actions; the less surely a
            spot says when, the more the time of the observation counts. 0 for spots that are exact.

    Returns:
        the spots by period and position; an observation without a spot becomes one at its usual
        position.
    """
    result: dict[int, Action] = dict(enumerate(spots))
    claimed: set[int] = set()
    added: list[Action] = []
    for observation, index in _match_spots(spots, adjust_delays(spots, observations)):
        if index is None:
            added.append(_spot_of(observation))
            continue
        claimed.add(index)
        result[index] = _confirm_spot(spots[index], observation, spot_spread_ms)

    # Spots that nothing confirmed, where a confirmation would have been seen.
    stretches = tuple(watched)
    for index, spot in enumerate(spots):
        if index not in claimed and any(stretch.holds(spot) for stretch in stretches):
            result[index] = replace(spot, confidence=(spot.confidence or 0.0) * UNSEEN_FACTOR)
    fused = (*result.values(), *added)
    return tuple(sorted(fused, key=lambda action: (action.period, action.position_ms)))


def adjust_delays(
    spots: Sequence[Action], observations: Iterable[Observation]
) -> list[Observation]:
    """Move the usual position of all observations to where this match has its actions.

    One broadcast shows a new score at once, another after half a minute, each in much the same
    way all evening: actions with a sure spot tell how, for those without one.

    Args:
        spots: of one match, with confidences.
        observations: of the same match.

    Returns:
        the observations of each class with another usual position and spread; as they were where
        no spot is sure.
    """
    given = list(observations)
    delays: dict[str, list[float]] = {}
    for observation, index in _match_spots(spots, given):
        if index is not None and (spots[index].confidence or 0.0) >= SURE_SPOT:
            delay_ms = spots[index].position_ms - observation.usual_ms
            delays.setdefault(observation.label, []).append(delay_ms)
    return [
        _move_usual(observation, np.array(delays[observation.label]))
        if observation.label in delays
        else observation
        for observation in given
    ]


def _move_usual(observation: Observation, delays_ms: npt.NDArray[np.float64]) -> Observation:
    """An observation whose prior delay is weighed against those seen, (actions,) ms."""
    count, median_ms = len(delays_ms), float(np.median(delays_ms))
    prior_ms2 = float(observation.spread_ms) ** 2
    seen_ms2 = float(np.mean((delays_ms - median_ms) ** 2)) if count > 1 else prior_ms2

    # one delay says where the others lie, but not how far apart
    weight = count / (count + PRIOR_ACTIONS)
    spread_ms = math.sqrt(weight * seen_ms2 + (1 - weight) * prior_ms2)
    usual_ms = observation.usual_ms + round(weight * median_ms)
    return replace(
        observation,
        usual_ms=min(max(usual_ms, observation.earliest_ms), observation.latest_ms),
        spread_ms=max(LEAST_SPREAD_MS, round(spread_ms)),
    )


def _match_spots(
    spots: Sequence[Action], observations: Iterable[Observation]
) -> list[tuple[Observation, int | None]]:
    """Each observation, the surest first, with the index of its spot; each spot is taken once."""
    claimed: set[int] = set()
    matched: list[tuple[Observation, int | None]] = []
    for observation in sorted(observations, key=lambda item: -item.confidence):
        index = _find_spot(spots, observation, claimed)
        matched.append((observation, index))
        if index is not None:
            claimed.add(index)
    return matched


def _find_spot(spots: Sequence[Action], observation: Observation, claimed: set[int]) -> int | None:
    """The likeliest spot in the window; None where none is likely."""
    likelihoods = {
        index: _compute_likelihood(spot, observation)
        for index, spot in enumerate(spots)
        if index not in claimed
        and (spot.label, spot.period) == (observation.label, observation.period)
        and observation.earliest_ms <= spot.position_ms <= observation.latest_ms
    }
    best = max(likelihoods, key=lambda index: likelihoods[index], default=None)
    return None if best is None or likelihoods[best] < LEAST_LIKELIHOOD else best


def _compute_likelihood(spot: Action, observation: Observation) -> float:
    """Its confidence times the likelihood of its delay, 1 for the usual one."""
    distance = (spot.position_ms - observation.usual_ms) / max(observation.spread_ms, 1)
    usual = math.exp(-0.5 * distance * distance)
    return (spot.confidence or 0.0) * (ANY_DELAY + (1 - ANY_DELAY) * usual)


def _confirm_spot(spot: Action, observation: Observation, spot_spread_ms: int) -> Action:
    """Two independent sources: wrong only where both are wrong; times weigh by their precision."""
    confidence = 1 - (1 - (spot.confidence or 0.0)) * (1 - observation.confidence)
    spreads_ms2 = spot_spread_ms**2, max(observation.spread_ms, 1) ** 2
    share = spreads_ms2[0] / sum(spreads_ms2)
    position_ms = spot.position_ms + round(share * (observation.usual_ms - spot.position_ms))
    return replace(
        spot,
        position_ms=position_ms,
        confidence=confidence,
        team=spot.team or observation.team,
    )


def _spot_of(observation: Observation) -> Action:
    return Action(
        observation.label,
        observation.period,
        observation.usual_ms,
        confidence=observation.confidence * ALONE_FACTOR,
        team=observation.team,
    )
