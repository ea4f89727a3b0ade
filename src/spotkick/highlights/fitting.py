"""Clips that fit into a duration: the best ones in full, or shorter before a top one is left out.

Clips of top classes (goals, penalties, red cards) come first. Where they do not fit in full, each
shrinks towards its shortest length; what room is left goes to clips of other classes, chosen by
`spotkick.highlights.knapsack.choose_clips`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from spotkick.errors import InputError
from spotkick.highlights.candidates import Candidate
from spotkick.highlights.clips import Clip, value_of
from spotkick.highlights.config import HighlightsConfig
from spotkick.highlights.knapsack import choose_clips
from spotkick.timeline import format_clock


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Something that was proposed and is not part of the reel.

    Attributes:
        clip: as it was proposed.
        why: as a clause for display.
    """

    clip: Clip
    why: str


def fit_clips(
    clips: Sequence[Clip], budget_s: float, config: HighlightsConfig | None = None
) -> tuple[Clip, ...]:
    """Choose the clips that are worth most within a duration; see the module.

    Args:
        clips: proposals, in order of time.
        budget_s: longest sum of durations.
        config: shortest lengths, interest, and what counts as a top class.

    Returns:
        the chosen clips in the given order; some may be shorter than they were.

    Raises:
        InputError: if not even the shortest length of a clip fits.
    """
    config = config or HighlightsConfig()
    clips = [piece for clip in clips for piece in _split_too_long(clip, budget_s, config)]
    shortest = [shrink_clip(clip, 0.0, config) for clip in clips]
    if clips and min(clip.duration_s for clip in shortest) > budget_s:
        length_s = min(clip.duration_s for clip in shortest)
        raise InputError(
            f"a reel of {budget_s:g} s has no room for the shortest clip ({length_s:.1f} s): "
            f"allow a longer duration, or give shorter leads"
        )

    # All in full, where no top clip has to go for it.
    top = [clip for clip in clips if is_top(clip, config)]
    if any(clip.duration_s <= budget_s for clip in clips):
        chosen = choose_clips(clips, budget_s, repeat_share=config.repeat_share)
        if set(top) <= set(chosen):
            return chosen

    # Top clips first, as long as they can be; without any, all clips are treated alike.
    first = _fit_shrinking(top or clips, budget_s, config)
    left_s = budget_s - sum(clip.duration_s for clip in first)
    others = [clip for clip in clips if clip not in top] if top else []
    if any(clip.duration_s <= left_s for clip in others):
        others = list(choose_clips(others, left_s, repeat_share=config.repeat_share))
    else:
        others = []
    return tuple(sorted([*first, *others], key=lambda clip: (clip.period, clip.start_s)))


def is_top(clip: Clip, config: HighlightsConfig) -> bool:
    """Whether a clip shows a spot of a class that must not be missed."""
    return any(
        candidate.spotted and config.interest_of(candidate.label) >= config.top_interest
        for candidate in clip.candidates
    )


def _fit_shrinking(
    clips: Sequence[Clip], budget_s: float, config: HighlightsConfig
) -> tuple[Clip, ...]:
    """The clips at one share of the way from their shortest to their full length.

    Where not even the shortest fit together, the best of those are taken.
    """
    shortest = [shrink_clip(clip, 0.0, config) for clip in clips]
    chosen = choose_clips(shortest, budget_s, repeat_share=config.repeat_share)
    kept = [(full, short) for full, short in zip(clips, shortest, strict=True) if short in chosen]

    # The length of a clip is linear in the share, so that the largest one follows directly.
    least_s = sum(short.duration_s for _, short in kept)
    more_s = sum(full.duration_s - short.duration_s for full, short in kept)
    share = 1.0 if more_s <= 0 else min(1.0, max(0.0, (budget_s - least_s) / more_s))
    return tuple(shrink_clip(full, share, config) for full, _ in kept)


def _split_too_long(clip: Clip, budget_s: float, config: HighlightsConfig) -> list[Clip]:
    """The clip, or one short clip for each of its top candidates where together they do not fit."""
    shortest = shrink_clip(clip, 0.0, config)
    kept = _top_candidates(clip, config)
    if shortest.duration_s <= budget_s or len(kept) < 2:
        return [clip]

    # Neighbours share the time between them, so that no frame is shown twice.
    before_s, after_s = config.least_lead_s
    borders = [(first.position_s + last.position_s) / 2 for first, last in pairwise(kept)]
    return [
        replace(
            clip,
            start_s=max(begin_s, item.position_s - before_s),
            end_s=min(end_s, item.position_s + after_s),
            candidates=(item,),
            main=item,
            value=value_of(item, config),
        )
        for item, begin_s, end_s in zip(
            kept, [clip.start_s, *borders], [*borders, clip.end_s], strict=True
        )
    ]


def _top_candidates(clip: Clip, config: HighlightsConfig) -> list[Candidate]:
    """What a clip must show however short it is: its main candidate, and spots of top classes."""
    top = [item for item in clip.candidates if item.spotted] or [clip.main]
    return [
        item
        for item in top
        if item == clip.main or config.interest_of(item.label) >= config.top_interest
    ] or [clip.main]


def shrink_clip(clip: Clip, share: float, config: HighlightsConfig) -> Clip:
    """Shorten a clip around its top candidates.

    Args:
        clip: in full.
        share: 0 for the shortest length, 1 for the full one.
        config: shortest leads.

    Returns:
        the clip, with the candidates that it still shows.
    """
    kept = _top_candidates(clip, config)
    first, last = kept[0], kept[-1]
    before_s, after_s = config.least_lead_s

    # never outside of the full clip
    start_s = max(clip.start_s, first.position_s - before_s)
    end_s = min(clip.end_s, last.position_s + after_s)
    start_s = clip.start_s + (1 - share) * (max(start_s, clip.start_s) - clip.start_s)
    end_s = clip.end_s - (1 - share) * (clip.end_s - min(end_s, clip.end_s))
    if share >= 1 or end_s <= start_s:
        return clip
    shown = tuple(
        item for item in clip.candidates if item in kept or start_s <= item.position_s <= end_s
    )
    return replace(clip, start_s=start_s, end_s=end_s, candidates=shown)


def explain_unplaced(
    candidates: Sequence[Candidate],
    proposed: Sequence[Clip],
    durations_s: Mapping[int, float],
    config: HighlightsConfig,
) -> tuple[LeftOut, ...]:
    """Candidates that are in no proposed clip, with the reason: nothing vanishes.

    Args:
        candidates: all that were found.
        proposed: clips around them.
        durations_s: length of each period that has a video.
        config: interest and least value.
    """
    placed = {candidate for clip in proposed for candidate in clip.candidates}
    left_out = []
    for candidate in candidates:
        if candidate in placed:
            continue
        duration_s = durations_s.get(candidate.period)
        if candidate.position_s < 0:
            why = f"before the start of period {candidate.period}"
        elif duration_s is None:
            why = (
                f"period {candidate.period} has no video (--period {candidate.period}=START:END "
                f"says where it lies in one)"
            )
        elif candidate.position_s >= duration_s:
            end = format_clock(duration_s)
            why = f"after the end of period {candidate.period}, which lasts {end}"
        elif config.interest_of(candidate.label) <= 0:
            why = "the class has no interest"
        else:
            why = f"worth less than {config.least_value:g} (--interest raises a class)"

        at_s, value = candidate.position_s, value_of(candidate, config)
        clip = Clip(
            period=candidate.period,
            start_s=at_s,
            end_s=at_s,
            candidates=(candidate,),
            value=value,
            main=candidate,
        )
        left_out.append(LeftOut(clip, why))
    return tuple(left_out)


def find_left_out(
    proposed: Sequence[Clip], chosen: Sequence[Clip], budget_s: float, config: HighlightsConfig
) -> tuple[LeftOut, ...]:
    """Proposed clips, and candidates of shortened ones, that the reel does not show.

    Args:
        proposed: all clips.
        chosen: those of the reel, perhaps shorter or joined.
        budget_s: of the reel, for the reason.
        config: gives the value of single candidates.
    """
    shown = {candidate for clip in chosen for candidate in clip.candidates}
    why = f"no room in {budget_s:g} s"
    left_out = []
    for clip in proposed:
        missing = tuple(item for item in clip.candidates if item not in shown)
        if not missing:
            continue

        # What is left of a shortened clip is described by its best missing candidate.
        main = max(missing, key=lambda item: value_of(item, config))
        if len(missing) < len(clip.candidates):
            clip = replace(clip, candidates=missing, main=main, value=value_of(main, config))
        left_out.append(LeftOut(clip, why))
    return tuple(left_out)
