"""What the viewer needs from whoever makes highlight reels.

The viewer proposes nothing and cuts nothing itself: the command line hands it an object with these two methods.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Protocol

from pydantic import BaseModel, ConfigDict, Field

from spotkick.actions import MatchActions
from spotkick.errors import InputError
from spotkick.formats.scores import MatchScores
from spotkick.video.probe import VideoInfo


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
    """

    period: int
    start_s: float
    end_s: float
    label: str
    reason: str = ""
    rank: float = 0.0
    chosen: bool = True

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
        }


class ReelMaker(Protocol):
    """Proposes clips and renders them."""

    def propose(
        self, actions: MatchActions, scores: MatchScores | None, videos: Mapping[int, VideoInfo], duration_s: float
    ) -> Sequence[ReelClip]:
        """Candidate clips in order of time; those that fit best into ``duration_s`` are chosen."""

    def render(
        self,
        match: str,
        clips: Sequence[ReelClip],
        videos: Mapping[int, VideoInfo],
        folder: Path,
        progress: Callable[[float], None],
    ) -> Sequence[Path]:
        """Write the reel and its edit lists into ``folder``."""

    def edit_lists(self, match: str, clips: Sequence[ReelClip], videos: Mapping[int, VideoInfo], folder: Path) -> Sequence[Path]:
        """Write only the edit lists (EDL, OTIO and others)."""


class ClipRequest(BaseModel):
    """A clip as the browser sends it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    period: Annotated[int, Field(ge=1, le=9)]
    start_s: Annotated[float, Field(ge=0, le=100_000, allow_inf_nan=False)]
    end_s: Annotated[float, Field(ge=0, le=100_000, allow_inf_nan=False)]
    label: Annotated[str, Field(max_length=200)] = ""
    reason: Annotated[str, Field(max_length=1000)] = ""


def checked_clips(requests: Sequence[ClipRequest], videos: Mapping[int, VideoInfo]) -> tuple[ReelClip, ...]:
    """Clips that can be rendered, in order of time, cut to the length of the video.

    Raises:
        InputError: if there is none, or one lies where there is no video.
    """
    if not requests:
        raise InputError("no clip is chosen; choose at least one")
    clips = []
    for request in sorted(requests, key=lambda clip: (clip.period, clip.start_s)):
        video = videos.get(request.period)
        if video is None:
            raise InputError(f"period {request.period} has no video to cut a clip from")
        end_s = min(request.end_s, video.duration_s)
        if end_s <= request.start_s:
            raise InputError(f"a clip must end after it starts, inside the video, got {request.start_s} to {request.end_s} s")
        clips.append(ReelClip(request.period, request.start_s, end_s, request.label, request.reason))
    return tuple(clips)
