"""Clips: stretches of a period around candidates, without overlap, with ends at shot changes."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

from spotkick.highlights.candidates import Candidate
from spotkick.highlights.config import HighlightsConfig

_JOIN_WITHIN_S: Final = 3.0
"""A candidate this close to a clip is shown in it."""

_MAX_TITLES: Final = 3
"""Different titles of candidates in the title of a clip."""

_MIN_LEAD_S: Final = 1.0
"""Snapping leaves at least this much around what a clip shows."""


@dataclass(frozen=True, slots=True)
class Clip:
    """A stretch of a period.

    Attributes:
        period: of the match.
        start_s: seconds since the start of the period.
        end_s: same.
        candidates: what it shows, in order of time.
        value: how much it is worth; larger is better.
        main: the candidate that is worth most.
    """

    period: int
    start_s: float
    end_s: float
    candidates: tuple[Candidate, ...]
    value: float
    main: Candidate

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return self.end_s - self.start_s

    @property
    def title(self) -> str:
        """What it shows: the main candidate first, then others by their score, each title once."""
        others = sorted(self.candidates, key=lambda candidate: -candidate.score)
        titles = dict.fromkeys(candidate.title for candidate in (self.main, *others))
        return ", ".join(list(titles)[:_MAX_TITLES])

    @property
    def reason(self) -> str:
        """Why it is proposed."""
        return "; ".join(candidate.reason for candidate in self.candidates)


def value_of(candidate: Candidate, config: HighlightsConfig) -> float:
    """Worth of a candidate: its score times the interest in its class."""
    return (
        candidate.score
        * config.interest_of(candidate.label)
        * (1.0 if candidate.spotted else config.possible_share)
    )


def make_clips(
    candidates: Iterable[Candidate],
    durations_s: Mapping[int, float],
    config: HighlightsConfig | None = None,
) -> tuple[Clip, ...]:
    """Put clips around candidates, so that none overlap.

    The most valuable candidates come first. One that falls into the clip of another, or almost, is
    shown there; the clip of any other ends where a more valuable one begins. So the knapsack can
    take the goal without the throw-ins around it, and `merge_touching` joins what is taken
    together.

    Args:
        candidates: see `spotkick.highlights.candidates.find_candidates`.
        durations_s: length of each period; candidates outside are left out.
        config: lengths and interest.

    Returns:
        clips in order of time, none of which overlap.
    """
    config = config or HighlightsConfig()

    inside = [
        candidate
        for candidate in candidates
        if 0 <= candidate.position_s < durations_s.get(candidate.period, 0.0)
        and config.interest_of(candidate.label) > 0
    ]
    # The most valuable candidates take their place first.
    inside.sort(
        key=lambda item: (-value_of(item, config), item.period, item.position_s, item.label)
    )
    clips: list[Clip] = []
    for candidate in inside:
        _place_candidate(clips, candidate, durations_s[candidate.period], config)

    # Clips of little worth are proposed only when there is nothing else.
    worthy = [clip for clip in clips if clip.value >= config.least_value] or clips
    return tuple(sorted(worthy, key=lambda clip: (clip.period, clip.start_s)))


def _place_candidate(
    clips: list[Clip], candidate: Candidate, duration_s: float, config: HighlightsConfig
) -> None:
    """Add a candidate to a clip that shows it, or as a new clip between the present ones."""
    at_s = candidate.position_s
    before_s, after_s = config.lead_of(candidate.label)
    start_s, end_s = max(0.0, at_s - before_s), min(duration_s, at_s + after_s)
    is_top = candidate.spotted and config.interest_of(candidate.label) >= config.top_interest

    for number, clip in enumerate(clips):
        if clip.period != candidate.period:
            continue
        # A top action that the clip would just miss gets a clip of its own.
        near_s = 0.0 if is_top else _JOIN_WITHIN_S
        if clip.start_s - near_s <= at_s <= clip.end_s + near_s:
            shown = sorted(
                (*clip.candidates, candidate), key=lambda item: (item.position_s, item.label)
            )
            clips[number] = replace(clip, candidates=tuple(shown))
            return
        if is_top and clip.end_s < at_s <= clip.end_s + _JOIN_WITHIN_S:
            clip = clips[number] = _make_room(clip, at_s, before_s, config)
        # Another clip of the period: the new one ends where it begins, or begins where it ends.
        if clip.end_s < at_s:
            start_s = max(start_s, clip.end_s)
        else:
            end_s = min(end_s, clip.start_s)

    if end_s > start_s:
        clips.append(
            Clip(
                period=candidate.period,
                start_s=start_s,
                end_s=end_s,
                candidates=(candidate,),
                value=value_of(candidate, config),
                main=candidate,
            )
        )


def _make_room(clip: Clip, at_s: float, before_s: float, config: HighlightsConfig) -> Clip:
    """A clip that ends early enough for the lead of a top action just behind it."""
    least_s = clip.candidates[-1].position_s + config.least_lead_s[1]
    return replace(clip, end_s=min(clip.end_s, max(least_s, at_s - before_s)))


def merge_touching(clips: Sequence[Clip], gap_s: float = 0.0) -> tuple[Clip, ...]:
    """Join clips that follow each other without a gap, or with one of at most ``gap_s``.

    Args:
        clips: in order of time, none overlapping.
        gap_s: longest gap that is closed.
    """
    merged: list[Clip] = []
    for clip in clips:
        last = merged[-1] if merged else None
        if last is None or last.period != clip.period or clip.start_s - last.end_s > gap_s + 1e-9:
            merged.append(clip)
            continue

        best = max(last, clip, key=lambda item: item.value)
        merged[-1] = Clip(
            period=clip.period,
            start_s=last.start_s,
            end_s=clip.end_s,
            candidates=(*last.candidates, *clip.candidates),
            value=best.value,
            main=best.main,
        )
    return tuple(merged)


def snap_clips(
    clips: Sequence[Clip],
    find_changes: Callable[[int, float, float], Sequence[float]],
    *,
    snap_s: float,
    budget_s: float,
) -> tuple[Clip, ...]:
    """Move ends of clips to shot changes that are near.

    A clip is not moved over what it shows, nor over another clip, and the whole stays within the
    budget; the most valuable clips are moved first.

    Args:
        clips: in order of time, none overlapping.
        find_changes: (period, from, to) in seconds -> shot changes between, in seconds.
        snap_s: how far an end may move.
        budget_s: longest sum of all durations.

    Returns:
        the clips in the same order.
    """
    snapped = list(clips)
    left_s = budget_s - sum(clip.duration_s for clip in clips)

    for number in sorted(range(len(snapped)), key=lambda index: (-snapped[index].value, index)):
        clip = snapped[number]
        floor_s, ceiling_s = _free_interval(snapped, number)
        first_s, last_s = clip.candidates[0].position_s, clip.candidates[-1].position_s

        # Shot changes near either end that neither cut off a candidate nor touch another clip.
        starts = [
            change_s
            for change_s in find_changes(clip.period, clip.start_s - snap_s, clip.start_s + snap_s)
            if floor_s <= change_s <= first_s - _MIN_LEAD_S
        ]
        ends = [
            change_s
            for change_s in find_changes(clip.period, clip.end_s - snap_s, clip.end_s + snap_s)
            if last_s + _MIN_LEAD_S <= change_s <= ceiling_s
        ]

        # Both ends, or one of them, as the budget allows.
        start_s, end_s = _nearest_change(clip.start_s, starts), _nearest_change(clip.end_s, ends)
        for moved in (
            replace(clip, start_s=start_s, end_s=end_s),
            replace(clip, start_s=start_s),
            replace(clip, end_s=end_s),
        ):
            if 0 < moved.duration_s <= clip.duration_s + left_s:
                left_s -= moved.duration_s - clip.duration_s
                snapped[number] = moved
                break
    return tuple(snapped)


def _free_interval(clips: Sequence[Clip], number: int) -> tuple[float, float]:
    """Between which times the ends of a clip can move."""
    period = clips[number].period
    floor_s = max((clip.end_s for clip in clips[:number] if clip.period == period), default=0.0)
    ceiling_s = min(
        (clip.start_s for clip in clips[number + 1 :] if clip.period == period),
        default=float("inf"),
    )
    return floor_s, ceiling_s


def _nearest_change(time_s: float, changes: Sequence[float]) -> float:
    return min(changes, key=lambda change: (abs(change - time_s), change), default=time_s)


def clips_overlap(clips: Sequence[Clip]) -> bool:
    """Whether two clips that follow each other share a part of the video."""
    return any(
        one.period == other.period and one.end_s > other.start_s for one, other in pairwise(clips)
    )
