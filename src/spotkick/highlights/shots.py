"""Shot changes near a moment, found by PySceneDetect in the few seconds that are asked about."""

import importlib.util
from fractions import Fraction
from pathlib import Path
from typing import Final

import av

from spotkick.errors import require_extra
from spotkick.video.cut_points import read_until_broken, seek_before
from spotkick.video.decode import to_image
from spotkick.video.probe import frame_rate_of, open_video, start_ticks_of, time_base_of

_SIZE_PX: Final = (256, 144)
_WARM_UP_S: Final = 1.0
"""The detector compares pictures with their neighbours, and needs some before the first that
counts."""


def can_find_shots() -> bool:
    """Whether the package scenedetect is installed."""
    return importlib.util.find_spec("scenedetect") is not None


def find_shot_changes(path: Path, start_s: float, end_s: float) -> list[float]:
    """Starts of shots in a stretch of a video.

    Args:
        path: video file.
        start_s: in seconds after the first picture.
        end_s: same.

    Returns:
        times of the first pictures of new shots, rising.

    Raises:
        MissingExtraError: if the package scenedetect is not installed.
    """
    require_extra("scenedetect", "highlights", "finding shot changes")
    from scenedetect import ContentDetector, FrameTimecode

    detector = ContentDetector(min_scene_len=1)
    changes: list[float] = []
    with open_video(path) as (container, stream):
        stream.thread_type = "AUTO"
        base, origin, rate = time_base_of(stream), start_ticks_of(stream), frame_rate_of(stream)
        first, last = (
            origin + int(Fraction(moment) / base)
            for moment in (max(0.0, start_s - _WARM_UP_S), end_s)
        )
        seek_before(container, stream, first)
        times: list[float] = []
        for packet in read_until_broken(container, stream):
            try:
                frames = stream.codec_context.decode(packet)
            except av.FFmpegError:
                continue
            for frame in frames:
                if frame.pts is None or frame.pts < first:
                    continue
                if frame.pts > last:
                    return [change for change in changes if change >= start_s]
                image = to_image(frame, _SIZE_PX)[:, :, ::-1]
                found = detector.process_frame(FrameTimecode(len(times), float(rate)), image)
                times.append(float((frame.pts - origin) * base))
                changes += [times[cut.frame_num] for cut in found if cut.frame_num < len(times)]
    return [change for change in changes if change >= start_s]
