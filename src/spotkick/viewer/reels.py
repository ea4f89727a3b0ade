"""The interface through which the viewer proposes and renders highlight reels.

The viewer proposes nothing and cuts nothing itself: the command line gives it an object with these
methods.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Final, Protocol

from pydantic import BaseModel, ConfigDict, Field

from spotkick.actions import Action, MatchActions
from spotkick.datasets.period_video import PeriodVideo
from spotkick.errors import InputError
from spotkick.formats.scores import MatchScores
from spotkick.viewer.edits import LONGEST_LABEL
from spotkick.viewer.jobs import Made

MAX_MOMENTS: Final = 200
"""Spots and peaks that one clip can show."""


@dataclass(frozen=True, slots=True)
class ReelMoment:
    """A spot or a peak that a clip shows.

    Attributes:
        label: class.
        position_s: seconds since the start of the period.
        score: confidence of the spot, or score of the peak.
        spotted: False for an unspotted peak of the scores.
    """

    label: str
    position_s: float
    score: float
    spotted: bool = True


@dataclass(frozen=True, slots=True)
class ReelClip:
    """A stretch of a period that may become part of a reel.

    Attributes:
        period: of the match.
        start_s: seconds since the start of the period.
        end_s: same.
        label: what happens.
        reason: why it was proposed, for people.
        rank: larger is better.
        chosen: whether it fits into the duration asked for.
        moments: what it shows, in order of time; the browser gives them back when the clip is to be
            rendered.
        name: title that a person has given it, empty for that of the moments.
        exact: whether its ends were set by a person, and are not moved to shot changes.
    """

    period: int
    start_s: float
    end_s: float
    label: str
    reason: str = ""
    rank: float = 0.0
    chosen: bool = True
    moments: tuple[ReelMoment, ...] = ()
    name: str = ""
    exact: bool = False

    def document(self) -> dict[str, Any]:
        """The clip as JSON for the browser."""
        return {
            "period": self.period,
            "start_s": self.start_s,
            "end_s": self.end_s,
            "label": self.label,
            "reason": self.reason,
            "rank": self.rank if math.isfinite(self.rank) else 0.0,
            "chosen": self.chosen,
            "moments": [asdict(moment) for moment in self.moments],
        }


class ReelMaker(Protocol):
    """Proposes clips and renders them."""

    def propose(
        self,
        actions: MatchActions,
        rejected: Sequence[Action],
        scores: MatchScores | None,
        videos: Mapping[int, PeriodVideo],
        duration_s: float,
    ) -> Sequence[ReelClip]:
        """Clips in order of time; the best that fit into ``duration_s`` are chosen.

        Nothing that was rejected is proposed.
        """

    def plan(
        self,
        clips: Sequence[ReelClip],
        videos: Mapping[int, PeriodVideo],
        progress: Callable[[float], object],
    ) -> Sequence[ReelClip]:
        """The clips as `render` cuts them: joined where they touch, ends at near shot changes."""

    def render(
        self,
        match: str,
        clips: Sequence[ReelClip],
        videos: Mapping[int, PeriodVideo],
        folder: Path,
        progress: Callable[[float], None],
    ) -> Made:
        """Write the reel and its edit lists into ``folder``."""

    def edit_lists(
        self,
        match: str,
        clips: Sequence[ReelClip],
        videos: Mapping[int, PeriodVideo],
        folder: Path,
        progress: Callable[[float], None],
    ) -> Made:
        """Write only the edit lists (EDL, OTIO and others)."""

    @property
    def finds_shots(self) -> bool:
        """Whether `shot_changes` works here."""

    def shot_changes(
        self, video: PeriodVideo, progress: Callable[[float], None]
    ) -> Sequence[float]:
        """Starts of the shots of a period, in seconds since its start."""


class MomentRequest(BaseModel):
    """A spot or a peak as the browser gives it back."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    label: Annotated[str, Field(min_length=1, max_length=LONGEST_LABEL)]
    position_s: Annotated[float, Field(ge=0, le=100_000, allow_inf_nan=False)]
    score: Annotated[float, Field(ge=0, le=1)]
    spotted: bool = True


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


def checked_clips(
    requests: Sequence[ClipRequest], videos: Mapping[int, PeriodVideo], *, keep_order: bool = False
) -> tuple[ReelClip, ...]:
    """Clips that can be rendered, cut to the length of the video.

    Args:
        requests: as the browser sent them.
        videos: by period.
        keep_order: leave them in their order; otherwise they are put in order of time.

    Raises:
        InputError: if there is none, one lies where there is no video, or two overlap.
    """
    if not requests:
        raise InputError("no clip is chosen; choose at least one")
    clips = [_fit_clip(request, videos) for request in requests]
    ordered = sorted(clips, key=lambda clip: (clip.period, clip.start_s))
    for before, clip in pairwise(ordered):
        if before.period == clip.period and clip.start_s < before.end_s - 1e-6:
            raise InputError(
                f"clips must not overlap, got one that starts at {clip.start_s:g} s "
                f"before another has ended"
            )
    return tuple(clips if keep_order else ordered)


def _fit_clip(request: ClipRequest, videos: Mapping[int, PeriodVideo]) -> ReelClip:
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
    )
