"""From spots to a reel: propose clips, choose what fits, cut, describe."""

import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Literal

from spotkick.actions import Action
from spotkick.errors import InputError, SpotkickWarning
from spotkick.formats.scores import MatchScores
from spotkick.highlights.candidates import find_candidates
from spotkick.highlights.captions import draw_caption
from spotkick.highlights.clips import Clip, make_clips, merge_touching, snap_clips
from spotkick.highlights.config import HighlightsConfig
from spotkick.highlights.edit_list import EditList, Source, Stretch, make_edit_list, make_source
from spotkick.highlights.knapsack import choose_clips
from spotkick.highlights.shots import find_shot_changes
from spotkick.timeline import format_clock
from spotkick.video.cut import ReelPart, reel_size, write_reel
from spotkick.video.cut_points import plan_cut
from spotkick.video.probe import VideoInfo
from spotkick.video.stills import frame_at, write_jpeg
from spotkick.video.stream_copy import copy_reel

CutMode = Literal["encode", "copy"]

_POSTER_LATER_S = 1.0
"""The poster shows the main candidate of the best clip this long after its time."""


@dataclass(frozen=True, slots=True)
class PeriodVideo:
    """Where a period of a match is to be seen.

    Attributes:
        info: video file.
        start_s: when the period starts in it, in seconds after the first frame.
        end_s: when it ends; None for the end of the video.
    """

    info: VideoInfo
    start_s: float = 0.0
    end_s: float | None = None

    @property
    def duration_s(self) -> float:
        """Length of the period."""
        return max(0.0, (self.info.duration_s if self.end_s is None else self.end_s) - self.start_s)


def propose_clips(
    actions: Iterable[Action],
    scores: MatchScores | None,
    videos: Mapping[int, PeriodVideo],
    config: HighlightsConfig | None = None,
) -> tuple[Clip, ...]:
    """Clips around all candidates, in order of time, none overlapping.

    Raises:
        InputError: if there is no candidate in the videos.
    """
    config = config or HighlightsConfig()
    candidates = find_candidates(actions, scores, config)
    durations_s = {period: video.duration_s for period, video in videos.items()}
    clips = make_clips(candidates, durations_s, config)

    if not clips:
        found = (
            f"{len(candidates)} candidates lie outside the videos given"
            if candidates
            else "no spot reaches its threshold"
        )
        raise InputError(
            f"nothing to make a reel of: {found}; lower the threshold, or check periods and videos"
        )
    return clips


def choose(
    clips: Sequence[Clip],
    budget_s: float,
    videos: Mapping[int, PeriodVideo],
    config: HighlightsConfig | None = None,
    *,
    snap: bool = True,
) -> tuple[Clip, ...]:
    """The clips that are worth most within a duration, with ends moved to near shot changes.

    Raises:
        InputError: if no clip is that short.
        MissingExtraError: if clips are to be moved and the package scenedetect is not installed.
    """
    config = config or HighlightsConfig()
    chosen = merge_touching(choose_clips(clips, budget_s, repeat_share=config.repeat_share))
    if not snap or not config.snap_s:
        return chosen

    def find_changes(period: int, first_s: float, last_s: float) -> list[float]:
        """Shot changes in seconds of the period."""
        video = videos[period]
        changes = find_shot_changes(
            video.info.path, first_s + video.start_s, last_s + video.start_s
        )
        return [
            change - video.start_s
            for change in changes
            if 0 <= change - video.start_s <= video.duration_s
        ]

    return snap_clips(chosen, find_changes, snap_s=config.snap_s, budget_s=budget_s)


def plan_parts(
    clips: Sequence[Clip], videos: Mapping[int, PeriodVideo], *, captions: bool = False
) -> tuple[ReelPart, ...]:
    """Find the exact frames of each clip, and draw captions.

    Raises:
        InputError: if a video cannot be read, or a clip lies outside it.
        MissingExtraError: if captions are wanted and the package pillow is not installed.
    """
    parts = []
    size_px = None
    for clip in clips:
        video = videos[clip.period]
        cut = plan_cut(video.info.path, clip.start_s + video.start_s, clip.end_s + video.start_s)

        # Captions have the size of the reel, which is that of its first clip.
        size_px = size_px or reel_size(cut.path)
        minute = format_clock(clip.main.position_s)
        overlay = draw_caption(f"{minute} · {clip.title}", size_px) if captions else None
        parts.append(ReelPart(cut, f"{clip.title} ({minute})", overlay))
    return tuple(parts)


def render(
    path: Path,
    parts: Sequence[ReelPart],
    *,
    mode: CutMode = "encode",
    progress: Callable[[float], None] | None = None,
) -> tuple[ReelPart, ...]:
    """Write the reel.

    Returns:
        the parts as they were cut; copies are longer than asked for.

    Raises:
        InputError: see `spotkick.video.cut.write_reel` and `spotkick.video.stream_copy.copy_reel`.
        StorageError: if the reel cannot be written.
    """
    if mode == "copy":
        return copy_reel(path, parts)
    write_reel(path, parts, progress=progress)
    return tuple(parts)


def describe(
    title: str,
    clips: Sequence[Clip],
    parts: Sequence[ReelPart],
    videos: Mapping[int, PeriodVideo],
    *,
    drop: bool | None = None,
) -> EditList:
    """The reel as a list of events, for the writers of edit lists and tables.

    Args:
        title: of the reel.
        clips: as chosen.
        parts: of the same clips, as cut.
        videos: by period.
        drop: drop-frame timecode; None for the custom of the frame rate.
    """
    stretches = [
        Stretch(
            source=_make_source(videos[clip.period].info),
            start_s=part.cut.start_s,
            duration_s=part.cut.duration_s,
            title=clip.title,
            reason=clip.reason,
            value=clip.value,
        )
        for clip, part in zip(clips, parts, strict=True)
    ]
    return make_edit_list(title, stretches, drop=drop)


def _make_source(info: VideoInfo) -> Source:
    """A video with its recorded timecode, where that is a valid one."""
    try:
        return make_source(info, info.timecode)
    except InputError as error:
        warnings.warn(
            f"{info.path}: {error}; counted from zero instead", SpotkickWarning, stacklevel=3
        )
        return Source(info)


def write_poster(path: Path, clips: Sequence[Clip], videos: Mapping[int, PeriodVideo]) -> None:
    """Write a frame of the best clip of the reel as JPEG, a second after its main candidate.

    Raises:
        InputError: if the frame cannot be decoded.
        StorageError: if the file cannot be written.
    """
    best = max(clips, key=lambda clip: clip.value)
    video = videos[best.period]
    time_s = min(best.main.position_s + _POSTER_LATER_S, best.end_s)
    write_jpeg(path, frame_at(video.info.path, video.start_s + time_s))


def total_s(parts: Sequence[ReelPart]) -> Fraction:
    """Length of a reel."""
    return sum((part.cut.duration_s for part in parts), Fraction(0))
