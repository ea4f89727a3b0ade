"""Join spots of one source with what another source observed in a window of time.

A change of the score says that a goal fell shortly before, but not when; commentary or the image
says when, but not surely. Joined, the goal has the time of the one and the certainty of both. A
source that watched a stretch of the match and saw nothing lowers the spots there.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

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
) -> tuple[Action, ...]:
    """Give each observation its spot, and lower spots that a watching source did not see.

    Args:
        spots: of one match, with confidences.
        observations: of the same match; each takes at most one spot, the surest observation first.
        watched: stretches without further observations.

    Returns:
        the spots by period and position; an observation without a spot becomes one at its usual
        position.
    """
    result: dict[int, Action] = dict(enumerate(spots))
    claimed: set[int] = set()
    added: list[Action] = []
    for observation in sorted(observations, key=lambda item: -item.confidence):
        index = _find_spot(spots, observation, claimed)
        if index is None:
            added.append(_spot_of(observation))
            continue
        claimed.add(index)
        result[index] = _confirm_spot(spots[index], observation)

    # Spots that nothing confirmed, where a confirmation would have been seen.
    stretches = tuple(watched)
    for index, spot in enumerate(spots):
        if index not in claimed and any(stretch.holds(spot) for stretch in stretches):
            result[index] = replace(spot, confidence=(spot.confidence or 0.0) * UNSEEN_FACTOR)
    fused = (*result.values(), *added)
    return tuple(sorted(fused, key=lambda action: (action.period, action.position_ms)))


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


def _confirm_spot(spot: Action, observation: Observation) -> Action:
    """Two independent sources: wrong only where both are wrong."""
    confidence = 1 - (1 - (spot.confidence or 0.0)) * (1 - observation.confidence)
    return replace(spot, confidence=confidence, team=spot.team or observation.team)


def _spot_of(observation: Observation) -> Action:
    return Action(
        observation.label,
        observation.period,
        observation.usual_ms,
        confidence=observation.confidence * ALONE_FACTOR,
        team=observation.team,
    )
