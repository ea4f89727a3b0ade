"""Where the events of a period lie in a video: the offset at which most of them meet a spot.

Every pair of an event and a spot of the same kind votes for the offset between them. A pair of a
rare kind says more than one of a frequent kind, which meets by chance more often: its vote is the
information of such a meeting, in nats.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from math import gcd
from typing import Any, Final

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

STEP_S: Final = 0.1
"""Distance between the offsets that are tried."""

_KERNEL_S: Final = 1.0
"""A vote spreads over neighbouring offsets like a Gaussian of this width: spots are uncertain."""

_APART_S: Final = 8.0
"""Offsets that differ by less are the same meeting."""

_LONGEST_STEP_MS: Final = 1000
_MAX_VOTES: Final = 20_000_000
_FAMILIES: Final = (
    ("goal", ("goal", "soccer ball", "soccer ball own")),
    ("kick-off", ("kick off", "kickoff")),
    ("card", ("card", "yellow card", "red card", "yellow red card", "y card", "r card", "yr card")),
    ("substitution", ("substitution", "substitution in")),
    ("out", ("ball out of play", "out", "ball out")),
    ("throw-in", ("throw in",)),
    ("corner", ("corner", "corner kick")),
    ("goal-kick", ("clearance", "goal kick")),
    ("free-kick", ("free kick", "direct free kick", "indirect free kick")),
    ("foul", ("foul", "offside", "foul or offside", "foul committed")),
    ("shot", ("shot", "shots on target", "shots off target")),
    ("penalty", ("penalty",)),
)
_FAMILY_OF: Final = {label: family for family, labels in _FAMILIES for label in labels}


@dataclass(frozen=True, slots=True)
class Mark:
    """An event or a spot.

    Attributes:
        kind: see `kind_of`.
        at_s: seconds.
        weight: confidence of a spot.
        label: as the file has it.
    """

    kind: str
    at_s: float
    weight: float = 1.0
    label: str = ""


@dataclass(frozen=True, slots=True)
class OffsetCandidate:
    """An offset at which events meet spots.

    Attributes:
        offset_s: spot time minus event time.
        votes: sum of the votes, in nats.
        lead: votes over those of the best other offset.
    """

    offset_s: float
    votes: float
    lead: float


def kind_of(label: str) -> str:
    """What labels of different class lists have in common.

    Example:
        >>> kind_of("Indirect free-kick"), kind_of("FREE KICK"), kind_of("Yellow->red card")
        ('free-kick', 'free-kick', 'card')
    """
    plain = " ".join(re.findall(r"[a-z0-9]+", label.lower()))
    return _FAMILY_OF.get(plain, plain)


def half_step_s(positions_ms: Sequence[int]) -> float:
    """Half the step of the grid that times lie on.

    A spot is a frame of the features, and stands for all the time until the next one: its middle is
    where an action lies on average.

    Example:
        >>> half_step_s([2000, 17000, 24500]), half_step_s([2001, 17000])
        (0.25, 0.0005)
    """
    step_ms = gcd(*positions_ms)
    return step_ms / 2000 if len(positions_ms) > 1 and step_ms <= _LONGEST_STEP_MS else 0.0


def search_offsets(
    events: Sequence[Mark],
    spots: Sequence[Mark],
    *,
    within_s: tuple[float, float] | None = None,
    most: int = 5,
) -> tuple[OffsetCandidate, ...]:
    """The offsets with the most votes, the best first.

    Args:
        events: of one period.
        spots: of the video.
        within_s: offsets that are possible; any where the two overlap when None.
        most: number of candidates.
    """
    differences, votes = _collect_votes(events, spots)
    if not len(differences):
        return ()

    # Votes on a grid of offsets, spread by the kernel.
    low = float(differences.min()) - 5 * _KERNEL_S
    bins = np.round((differences - low) / STEP_S).astype(np.int64)
    length = int(bins.max()) + 1 + round(5 * _KERNEL_S / STEP_S)
    counted = np.bincount(bins, weights=votes, minlength=length)
    curve: Floats = np.convolve(counted, _make_kernel(), mode="same").astype(np.float64)
    offsets: Floats = low + STEP_S * np.arange(len(curve), dtype=np.float64)
    allowed = np.ones(len(curve), dtype=bool)
    if within_s is not None:
        allowed = (offsets >= within_s[0]) & (offsets <= within_s[1])
    return _pick_peaks(offsets, curve, allowed, most)


def _collect_votes(events: Sequence[Mark], spots: Sequence[Mark]) -> tuple[Floats, Floats]:
    """Differences of all pairs of one kind, and the vote of each."""
    differences, votes = [np.zeros(0)], [np.zeros(0)]
    span_s = _span_of(spots)
    budget = _MAX_VOTES
    for kind in sorted({event.kind for event in events} & {spot.kind for spot in spots}):
        event_s = np.array([event.at_s for event in events if event.kind == kind])
        spot_s = np.array([spot.at_s for spot in spots if spot.kind == kind])
        weights = np.array([spot.weight for spot in spots if spot.kind == kind])
        if event_s.size * spot_s.size > budget:
            continue  # a kind this frequent meets everywhere
        budget -= event_s.size * spot_s.size

        # -log of the chance that some spot of this kind lies within the kernel.
        chance = min(0.9, 2 * _KERNEL_S * spot_s.size / span_s)
        differences.append((spot_s[None, :] - event_s[:, None]).ravel())
        votes.append(
            np.broadcast_to(-np.log(chance) * weights, (event_s.size, spot_s.size)).ravel()
        )
    return np.concatenate(differences), np.concatenate(votes)


def _span_of(marks: Sequence[Mark]) -> float:
    times = [mark.at_s for mark in marks]
    return max(60.0, max(times) - min(times)) if times else 60.0


def _make_kernel() -> Floats:
    reach = round(4 * _KERNEL_S / STEP_S)
    steps = np.arange(-reach, reach + 1) * STEP_S / _KERNEL_S
    kernel: Floats = np.exp(-0.5 * steps**2)
    return kernel


def _pick_peaks(
    offsets: Floats, curve: Floats, allowed: npt.NDArray[Any], most: int
) -> tuple[OffsetCandidate, ...]:
    """Peaks that lie apart; the lead of each compares it with the best other one anywhere."""
    # First the best of the possible offsets, then the best of all others to compare with.
    found: list[tuple[float, float]] = []
    for is_allowed in (allowed, np.ones_like(allowed)):
        left = np.where(is_allowed, curve, -np.inf)
        for offset_s, _ in found:
            left[np.abs(offsets - offset_s) < _APART_S] = -np.inf
        while len(found) < (most if is_allowed is allowed else most + 1):
            best = int(left.argmax())
            if not left[best] > 0:
                break
            found.append((float(offsets[best]), float(curve[best])))
            left[np.abs(offsets - offsets[best]) < _APART_S] = -np.inf

    candidates = []
    for offset_s, votes in found:
        others = [other for at_s, other in found if at_s != offset_s]
        inside = within(offset_s, offsets[allowed])
        if inside:
            candidates.append(OffsetCandidate(offset_s, votes, votes / max([1e-9, *others])))
    return tuple(candidates[:most])


def within(offset_s: float, offsets: Floats) -> bool:
    """Whether an offset is one of those that are possible."""
    return bool(len(offsets)) and offsets[0] <= offset_s <= offsets[-1]
