"""A reel of chosen clips: where exactly it is cut, the file, its poster, and its description."""

import math
import warnings
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Final, Literal

from spotkick.datasets.period_video import PeriodVideo
from spotkick.errors import InputError, SpotkickWarning
from spotkick.highlights.captions import draw_caption, draw_title
from spotkick.highlights.clips import Clip
from spotkick.highlights.config import HighlightsConfig
from spotkick.highlights.edit_list import EditList, Source, Stretch, make_edit_list, make_source
from spotkick.highlights.fonts import load_font, warn_about_missing_letters
from spotkick.highlights.match_time import clock_of, period_lengths
from spotkick.timeline import format_clock
from spotkick.video.cut import shape_of, write_reel
from spotkick.video.cut_points import PlannedCut, plan_cut
from spotkick.video.overlay import Overlay
from spotkick.video.probe import VideoInfo, probe
from spotkick.video.reel_look import ReelLook
from spotkick.video.reel_parts import ReelPart, SoundChoice
from spotkick.video.stills import frame_at, write_jpeg
from spotkick.video.stream_copy import copy_reel

CutMode = Literal["encode", "copy"]

_POSTER_DELAY_S: Final = 1.0
"""The poster shows the main candidate of the best clip this long after its time."""

_CHECKED_SIZE_PX: Final = 20


def plan_parts(
    clips: Sequence[Clip],
    videos: Mapping[int, PeriodVideo],
    *,
    captions: bool = False,
    font: Path | None = None,
    config: HighlightsConfig | None = None,
    look: ReelLook | None = None,
) -> tuple[ReelPart, ...]:
    """Find the exact frames of each clip, and draw captions.

    A clip over the border of two files gives two parts, the second of which continues the first.

    Args:
        clips: in order.
        videos: by period.
        captions: whether to draw them.
        font: of the captions; None for the bundled one.
        config: regular length of the periods, for the clock of the match.
        look: shape of the reel, which captions fit into; that of its first clip when None.

    Raises:
        InputError: if a video or the font cannot be read, or a clip lies outside its video.
        MissingExtraError: if captions are wanted and the package pillow is not installed.
    """
    clocks = match_clocks(clips, config or HighlightsConfig())
    texts = [f"{clock} · {clip.title}" for clock, clip in zip(clocks, clips, strict=True)]
    if captions:
        if font is not None:
            load_font(font, _CHECKED_SIZE_PX)
        warn_about_missing_letters(texts, font)

    parts: list[ReelPart] = []
    size_px: tuple[int, int] | None = None
    for clip, clock, text in zip(clips, clocks, texts, strict=True):
        for number, piece in enumerate(videos[clip.period].cut_out(clip.start_s, clip.end_s)):
            end_s = piece.start_s + piece.duration_s
            cut = plan_cut(piece.info.path, piece.start_s, end_s)

            # Captions have the size of the reel, which is that of its first clip.
            size_px = size_px or (look or ReelLook()).crop_of(shape_of(piece.info)).size_px
            overlay = draw_caption(text, size_px, font) if captions else None
            title = f"{clip.title} ({clock})"
            parts.append(ReelPart(cut, title, overlay, continues=number > 0))
    return tuple(parts)


def make_title(
    text: str, parts: Sequence[ReelPart], look: ReelLook | None = None, font: Path | None = None
) -> Overlay:
    """Draw the title of a reel, in its size.

    Raises:
        InputError: if the video or the font cannot be read.
        MissingExtraError: if the package pillow is not installed.
    """
    warn_about_missing_letters([text], font)
    shape = shape_of(probe(parts[0].cut.path))
    return draw_title(text, (look or ReelLook()).crop_of(shape).size_px, font)


def plan_unseen_parts(
    clips: Sequence[Clip], videos: Mapping[int, PeriodVideo], config: HighlightsConfig
) -> tuple[ReelPart, ...]:
    """Parts of videos that are not at hand, for lists only: whole frames at their rate."""
    parts = []
    for clip, clock in zip(clips, match_clocks(clips, config), strict=True):
        info, _ = videos[clip.period].locate(clip.start_s)
        rate = info.nominal_rate
        first, last = math.ceil(clip.start_s * rate), math.floor(clip.end_s * rate)
        cut = PlannedCut(
            path=info.path,
            start_ticks=first,
            end_ticks=max(first + 1, last),
            time_base=1 / rate,
            origin_ticks=0,
            num_frames=max(1, last - first),
            rate=rate,
        )
        parts.append(ReelPart(cut, f"{clip.title} ({clock})"))
    return tuple(parts)


def match_clocks(clips: Sequence[Clip], config: HighlightsConfig) -> list[str]:
    """What the clock of the match shows at the main candidate of each clip."""
    labels = {candidate.label for clip in clips for candidate in clip.candidates}
    lengths_s = period_lengths(labels, config)
    if not lengths_s and all(clip.period == 1 for clip in clips):
        return [format_clock(clip.main.position_s) for clip in clips]
    return [clock_of(clip.main, lengths_s) for clip in clips]


def render(
    path: Path,
    parts: Sequence[ReelPart],
    *,
    mode: CutMode = "encode",
    sound: SoundChoice = "auto",
    look: ReelLook | None = None,
    title: Overlay | None = None,
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
        return copy_reel(path, parts, sound=sound)
    write_reel(path, parts, sound=sound, look=look, title=title, progress=progress)
    return tuple(parts)


def describe(
    title: str,
    clips: Sequence[Clip],
    parts: Sequence[ReelPart],
    videos: Mapping[int, PeriodVideo],
    *,
    drop: bool | None = None,
    config: HighlightsConfig | None = None,
    start_timecode: str = "",
) -> EditList:
    """The reel as a list of events, for the writers of edit lists and tables.

    Args:
        title: of the reel.
        clips: as chosen.
        parts: of the same clips, as cut.
        videos: by period.
        drop: drop-frame timecode of the reel; None as its first video has it.
        config: regular length of the periods, for the clock of the match.
        start_timecode: of the first frame of the reel; empty for the custom of each list.

    Raises:
        InputError: if that timecode does not exist at the rate of the reel.
    """
    clocks = match_clocks(clips, config or HighlightsConfig())
    infos = {
        stretch.info.path: stretch.info for video in videos.values() for stretch in video.stretches
    }
    sources = {
        path: _describe_source(infos[path], drop)
        for path in dict.fromkeys(part.cut.path for part in parts)
    }

    stretches: list[Stretch] = []
    number = 0
    for part in parts:
        number += not part.continues
        clip = clips[number - 1]
        stretches.append(
            Stretch(
                source=sources[part.cut.path],
                start_s=part.cut.start_s,
                duration_s=part.cut.duration_s,
                title=clip.title,
                reason=clip.reason,
                value=clip.value,
                clip_number=number,
                clock=clocks[number - 1],
            )
        )
    return make_edit_list(title, stretches, drop=drop, start_timecode=start_timecode)


def _describe_source(info: VideoInfo, drop: bool | None) -> Source:
    """A video with its recorded timecode, where that is a valid one."""
    try:
        return make_source(info, drop=drop)
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
    position_s = min(best.main.position_s + _POSTER_DELAY_S, best.end_s)
    info, time_s = videos[best.period].locate(position_s)
    write_jpeg(path, frame_at(info.path, time_s, info.shown_size_px))


def total_s(parts: Sequence[ReelPart]) -> Fraction:
    """Length of a reel."""
    return sum((part.cut.duration_s for part in parts), Fraction(0))
