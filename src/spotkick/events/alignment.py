"""The clock of an event feed against the time of a video: offset and drift of each period.

The offset with the most votes (`spotkick.events.offset_search`) is refined: each event is paired
with the nearest spot of its kind, and a line through the pairs is fitted with Tukey's biweight,
which pairs far from the line do not touch. A drift is expected to be small: clocks of feeds and of
recorders differ by tens of parts per million.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from spotkick.events.offset_search import Floats, Mark, OffsetCandidate, search_offsets

USUAL_DRIFT: Final = 200e-6
"""Standard deviation of the drift that is expected before anything is seen."""

_REACH_S: Final = (6.0, 4.0, 3.0, 3.0, 3.0, 3.0, 3.0, 3.0)
"""Longest distance between an event and its spot in each round of the fit."""

_LEAST_SCALE_S: Final = 0.15
_BIWEIGHT: Final = 4.685
_USED_WITHIN: Final = 3.0
"""Pairs within so many scales of the line count as used."""

LEAST_PAIRS: Final = 4
LEAST_LEAD: Final = 1.75
"""The best offset must have this many times the votes of any other; of two matches that have
nothing to do with each other it has at most 1.6 times (docs/events.md)."""

PRECISE_WITHIN_S: Final = 0.5
"""A fit is called precise when two and a half times its uncertainty is not more than this."""

CLOCK_WITHIN_S: Final = 20.0
"""A kick-off that the match clock gives is searched around within this distance."""


@dataclass(frozen=True, slots=True)
class Pair:
    """An event and the spot that it was paired with.

    Attributes:
        label: of the event.
        event_s: seconds in the period, by the feed.
        spot_s: seconds of the video.
        residual_s: spot minus the fitted time of the event.
        used: whether it lies near the line.
    """

    label: str
    event_s: float
    spot_s: float
    residual_s: float
    used: bool


@dataclass(frozen=True, slots=True)
class PeriodFit:
    """How the clock of a feed runs in a video, in one period.

    Attributes:
        period: from 1.
        offset_s: time of the video at which the feed's clock of the period shows 0.
        drift: seconds gained per second, 1e-6 being one part per million.
        pairs: events with their spots.
        num_events: of the period.
        residual_s: median distance of the used pairs from the line, None without pairs.
        uncertainty_s: of the offset in the middle of the pairs, None likewise.
        lead: votes of the offset over those of the best other one, None without a search.
        found_by: ``spots``, ``clock`` or ``clock and spots``.
        problem: why the fit is not to be trusted; empty where it is.
    """

    period: int
    offset_s: float
    drift: float = 0.0
    pairs: tuple[Pair, ...] = ()
    num_events: int = 0
    residual_s: float | None = None
    uncertainty_s: float | None = None
    lead: float | None = None
    found_by: str = "spots"
    problem: str = ""

    @property
    def num_used(self) -> int:
        """Pairs near the line."""
        return sum(pair.used for pair in self.pairs)

    @property
    def is_precise(self) -> bool:
        """Whether the pairs are many and close enough for half a second."""
        if self.problem or self.uncertainty_s is None:
            return False
        return 2.5 * self.uncertainty_s <= PRECISE_WITHIN_S

    def time_of(self, event_s: float) -> float:
        """Time of the video at which the feed's clock shows ``event_s``."""
        return self.offset_s + (1 + self.drift) * event_s


def align_period(
    period: int,
    events: Sequence[Mark],
    spots: Sequence[Mark],
    *,
    clock_s: float | None = None,
    within_s: tuple[float, float] | None = None,
) -> PeriodFit:
    """Find offset and drift of one period.

    Args:
        period: from 1.
        events: of the period, by the feed's clock.
        spots: of the video.
        clock_s: time of the video at which the match clock starts, where it is known.
        within_s: offsets that are possible.
    """
    if clock_s is not None:
        within_s = (clock_s - CLOCK_WITHIN_S, clock_s + CLOCK_WITHIN_S)
    candidates = search_offsets(events, spots, within_s=within_s)
    fits = [_fit_line(period, events, spots, candidate) for candidate in candidates]
    best = max(fits, key=_worth_of, default=None)

    # The clock alone, where spots are missing or meet nothing.
    if clock_s is not None and (best is None or best.problem):
        problem = _contradiction_of(best, events, spots)
        return PeriodFit(period, clock_s, num_events=len(events), found_by="clock", problem=problem)
    if best is None:
        return PeriodFit(
            period,
            0.0,
            num_events=len(events),
            problem="no event of this period has a spot of the same kind",
        )
    return replace(best, found_by="spots" if clock_s is None else "clock and spots")


def _worth_of(fit: PeriodFit) -> tuple[bool, float]:
    return not fit.problem, fit.num_used / (1 + (fit.residual_s or 0.0))


def _contradiction_of(best: PeriodFit | None, events: Sequence[Mark], spots: Sequence[Mark]) -> str:
    """Whether enough spots speak against a clock: events of as many kinds that meet none."""
    shared = {event.kind for event in events} & {spot.kind for spot in spots}
    expected = min(
        sum(event.kind in shared for event in events), sum(spot.kind in shared for spot in spots)
    )
    if best is None or expected < 5 * LEAST_PAIRS:
        return ""
    return "the spots do not lie where the events are, counted from the kick-off of the match clock"


def _fit_line(
    period: int, events: Sequence[Mark], spots: Sequence[Mark], candidate: OffsetCandidate
) -> PeriodFit:
    # In each round the nearest spots are paired anew, from a shorter distance.
    offset_s, drift, scale_s = candidate.offset_s, 0.0, 1.0
    matched: list[tuple[Mark, Mark]] = []
    for reach_s in _REACH_S:
        matched = _pair_nearest(events, spots, offset_s=offset_s, drift=drift, reach_s=reach_s)
        if len(matched) < LEAST_PAIRS:
            break
        offset_s, drift, scale_s = _fit_pairs(matched, offset_s, drift)

    # How far each pair lies from the line; those far off are shown, and not used.
    residuals = [spot.at_s - offset_s - (1 + drift) * event.at_s for event, spot in matched]
    pairs = tuple(
        Pair(
            label=event.label or event.kind,
            event_s=event.at_s,
            spot_s=spot.at_s,
            residual_s=residual,
            used=abs(residual) <= _USED_WITHIN * scale_s,
        )
        for (event, spot), residual in zip(matched, residuals, strict=True)
    )
    used = [abs(pair.residual_s) for pair in pairs if pair.used]
    fit = PeriodFit(
        period=period,
        offset_s=offset_s,
        drift=drift,
        pairs=pairs,
        num_events=len(events),
        residual_s=float(np.median(used)) if used else None,
        uncertainty_s=1.25 * scale_s / len(used) ** 0.5 if used else None,
        lead=candidate.lead,
    )
    return replace(fit, problem=_find_problem(fit))


def _find_problem(fit: PeriodFit) -> str:
    if fit.num_used < LEAST_PAIRS:
        return f"only {fit.num_used} events meet a spot; {LEAST_PAIRS} are needed"
    if fit.lead is not None and fit.lead < LEAST_LEAD:
        return (
            "no offset stands out: the best has "
            f"{fit.lead:.2f} times the votes of the next, {LEAST_LEAD} are needed; "
            "this may be another match"
        )
    return ""


def _pair_nearest(
    events: Sequence[Mark],
    spots: Sequence[Mark],
    *,
    offset_s: float,
    drift: float,
    reach_s: float,
) -> list[tuple[Mark, Mark]]:
    """Events and spots of one kind that are nearest to each other, within reach."""
    pairs = []
    for kind in sorted({event.kind for event in events}):
        of_kind = [event for event in events if event.kind == kind]
        spotted = [spot for spot in spots if spot.kind == kind]
        if not spotted:
            continue

        # (events, spots): a pair is one where each is the nearest of the other
        expected = np.array([offset_s + (1 + drift) * event.at_s for event in of_kind])
        distances = np.abs(np.array([spot.at_s for spot in spotted])[None, :] - expected[:, None])
        nearest_spot, nearest_event = distances.argmin(axis=1), distances.argmin(axis=0)
        pairs += [
            (event, spotted[nearest_spot[row]])
            for row, event in enumerate(of_kind)
            if nearest_event[nearest_spot[row]] == row
            and distances[row, nearest_spot[row]] <= reach_s
        ]
    return pairs


def _fit_pairs(
    matched: Sequence[tuple[Mark, Mark]], offset_s: float, drift: float
) -> tuple[float, float, float]:
    """Offset, drift and scale by weighted least squares, with the usual drift as a prior."""
    event_s = np.array([event.at_s for event, _ in matched])
    spot_s = np.array([spot.at_s for _, spot in matched])
    trust = np.array([spot.weight for _, spot in matched])
    residuals = spot_s - offset_s - (1 + drift) * event_s
    scale_s = _scale_of(residuals)

    # Iteratively reweighted: pairs far from the line lose their weight.
    for _ in range(8):
        weights = trust * _biweight(residuals / (_BIWEIGHT * scale_s))
        if weights.sum() <= 0:
            break

        # The prior pulls the drift to zero where pairs are few or close together.
        middle_s = float((weights * event_s).sum() / weights.sum())
        centred = event_s - middle_s
        gap = spot_s - event_s
        level = float((weights * gap).sum() / weights.sum())
        prior = (scale_s / USUAL_DRIFT) ** 2
        drift = float((weights * centred * (gap - level)).sum()) / float(
            (weights * centred**2).sum() + prior
        )
        offset_s = level - drift * middle_s
        residuals = spot_s - offset_s - (1 + drift) * event_s
        scale_s = _scale_of(residuals[weights > 0])
    return offset_s, drift, scale_s


def _scale_of(residuals: Floats) -> float:
    """Standard deviation of normal residuals from their median distance from the line."""
    return max(_LEAST_SCALE_S, 1.4826 * float(np.median(np.abs(residuals))))


def _biweight(scaled: Floats) -> Floats:
    weights: Floats = np.where(np.abs(scaled) < 1, (1 - scaled**2) ** 2, 0.0)
    return weights
