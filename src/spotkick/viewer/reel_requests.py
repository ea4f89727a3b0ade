"""What the browser asks for about reels, and the clips of it that can be rendered."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field

from spotkick.datasets.period_video import PeriodVideo
from spotkick.errors import InputError
from spotkick.viewer.edits import LONGEST_LABEL
from spotkick.viewer.reels import (
    CAPTION_PARTS,
    MAX_MOMENTS,
    CaptionPart,
    Reel,
    ReelClip,
    ReelMoment,
    ReelSource,
)

MAX_CLIPS: Final = 2000
"""Clips of a reel."""

SEVERAL_TITLE: Final = "matches"
"""Title of a reel of several matches; it names the files."""


class MomentRequest(BaseModel):
    """A spot or a peak as the browser gives it back."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    label: Annotated[str, Field(min_length=1, max_length=LONGEST_LABEL)]
    position_s: Annotated[float, Field(ge=0, le=100_000, allow_inf_nan=False)]
    score: Annotated[float, Field(ge=0, le=1)]
    spotted: bool = True
    team: Annotated[str, Field(max_length=LONGEST_LABEL)] = ""
    player: Annotated[str, Field(max_length=LONGEST_LABEL)] = ""
    is_certain: bool = False


class ClipRequest(BaseModel):
    """A clip as the browser sends it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    period: Annotated[int, Field(ge=1, le=9)]
    start_s: Annotated[float, Field(ge=0, le=100_000, allow_inf_nan=False)]
    end_s: Annotated[float, Field(ge=0, le=100_000, allow_inf_nan=False)]
    label: Annotated[str, Field(max_length=4 * LONGEST_LABEL)] = ""
    name: Annotated[str, Field(max_length=LONGEST_LABEL)] = ""
    exact: bool = False
    rank: Annotated[float, Field(allow_inf_nan=False)] = 0.0
    moments: Annotated[list[MomentRequest], Field(max_length=MAX_MOMENTS)] = Field(
        default_factory=list
    )


class ProposalRequest(BaseModel):
    """Longest duration of the reel, and least confidence of undecided spots."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    duration_s: Annotated[float, Field(gt=0, le=36_000, allow_inf_nan=False)]
    undecided_from: Annotated[float, Field(ge=0, le=1)] = 0.5
    thresholds: Annotated[
        dict[Annotated[str, Field(max_length=LONGEST_LABEL)], Annotated[float, Field(ge=0, le=1)]],
        Field(max_length=2000),
    ] = Field(default_factory=dict)


class ReelRequest(BaseModel):
    """Clips of one match to render, or to list only.

    They are put in order of time unless the order is to be kept.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    clips: Annotated[list[ClipRequest], Field(max_length=MAX_CLIPS)]
    keep_order: bool = False
    video: bool = True
    captions: Annotated[list[CaptionPart], Field(max_length=len(CAPTION_PARTS))] = Field(
        default_factory=list
    )


class MatchClipRequest(ClipRequest):
    """A clip with the key of its match."""

    match: Annotated[str, Field(max_length=64)]


class SeveralReelRequest(BaseModel):
    """Clips of several matches to render, or to list only; their order is kept."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    clips: Annotated[list[MatchClipRequest], Field(max_length=MAX_CLIPS)]
    video: bool = True
    captions: Annotated[list[CaptionPart], Field(max_length=len(CAPTION_PARTS))] = Field(
        default_factory=list
    )


def checked_clips(
    requests: Sequence[ClipRequest],
    source: ReelSource,
    *,
    match: str = "",
    keep_order: bool = False,
) -> tuple[ReelClip, ...]:
    """Clips of one match that can be rendered, cut to the length of the video.

    Args:
        requests: as the browser sent them.
        source: the match.
        match: its key.
        keep_order: leave them in their order; otherwise they are put in order of time.

    Raises:
        InputError: if there is none, one lies where there is no video, or two overlap.
    """
    if not requests:
        raise InputError("no clip is chosen; choose at least one")
    clips = [_fit_clip(request, source.videos, match) for request in requests]
    ordered = sorted(clips, key=lambda clip: (clip.period, clip.start_s))
    for before, clip in pairwise(ordered):
        if before.period == clip.period and clip.start_s < before.end_s - 1e-6:
            raise InputError(
                f"clips must not overlap, got one that starts at {clip.start_s:g} s "
                f"before another has ended"
            )
    return tuple(clips if keep_order else ordered)


def checked_reel(requests: Sequence[MatchClipRequest], sources: Mapping[str, ReelSource]) -> Reel:
    """A reel of several matches that can be rendered; the clips keep their order.

    Args:
        requests: as the browser sent them.
        sources: by key, all matches that the clips name.

    Raises:
        InputError: as `checked_clips`, with the name of the match.
    """
    if not requests:
        raise InputError("no clip is chosen; choose at least one")
    clips: dict[int, ReelClip] = {}
    for key in dict.fromkeys(request.match for request in requests):
        places = [number for number, request in enumerate(requests) if request.match == key]
        own = [requests[number] for number in places]
        try:
            checked = checked_clips(own, sources[key], match=key, keep_order=True)
        except InputError as error:
            raise InputError(f"{sources[key].name}: {error}") from error
        clips |= dict(zip(places, checked, strict=True))
    return Reel(SEVERAL_TITLE, tuple(clips[number] for number in sorted(clips)), sources)


def _fit_clip(request: ClipRequest, videos: Mapping[int, PeriodVideo], match: str) -> ReelClip:
    """The clip inside the video of its period."""
    video = videos.get(request.period)
    if video is None:
        raise InputError(f"period {request.period} has no video to cut a clip from")
    start_s = max(request.start_s, video.begin_s)
    end_s = min(request.end_s, video.duration_s)
    if end_s <= start_s:
        raise InputError(
            f"a clip must end after it starts, inside the video, "
            f"got {request.start_s} to {request.end_s} s"
        )
    return ReelClip(
        period=request.period,
        start_s=start_s,
        end_s=end_s,
        label=request.label,
        rank=request.rank,
        moments=tuple(ReelMoment(**moment.model_dump()) for moment in request.moments),
        name=request.name,
        exact=request.exact,
        match=match,
    )
