"""Key frames of a video with their times: a sparse look at a long file without decoding it all."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import av
import numpy as np
import numpy.typing as npt

from spotkick.video.images import to_image
from spotkick.video.reader import MediaReader, open_media

Image = npt.NDArray[np.uint8]
"""(height, width, 3) uint8 RGB, upright."""

_LOOK_S: Final = 120.0
"""The distance of key frames is judged by this much of a file from its middle."""


def read_key_frames(
    path: Path, *, min_gap_s: float, start_s: float = 0.0, end_s: float | None = None
) -> Iterator[tuple[float, Image]]:
    """Key frames that are at least ``min_gap_s`` apart, in order, with their times.

    Args:
        path: video file.
        min_gap_s: least distance of two frames in seconds.
        start_s: where to begin, in seconds from the first frame.
        end_s: where to stop; None for the end of the file.

    Yields:
        (seconds from the first frame of the file, image).

    Raises:
        InputError: if the file cannot be used.
    """
    with open_media(path) as media:
        if start_s > 0:
            media.seek(start_s)
        media.video.codec_context.skip_frame = "NONKEY"
        next_s = start_s
        for packet in media.packets(media.video):
            seconds = media.clock.seconds(packet)
            if not packet.is_keyframe or seconds is None or seconds < next_s:
                continue
            if end_s is not None and seconds >= end_s:
                break
            next_s = float(seconds) + min_gap_s
            yield from _decode(media, packet)
        yield from _decode(media, None)


def _decode(media: MediaReader, packet: "av.Packet[Any] | None") -> Iterator[tuple[float, Image]]:
    """What comes out of the decoder behind a packet; damaged packets give nothing."""
    try:
        for frame, ticks in media.decoder.decode(packet):
            yield float(media.clock.seconds_at(ticks)), to_image(frame, None)
    except av.FFmpegError:
        return


def read_frame_near(path: Path, seconds: float) -> tuple[float, Image] | None:
    """The key frame at or before a time, and when it is shown; None where nothing can be decoded.

    Raises:
        InputError: if the file cannot be used.
    """
    with open_media(path) as media:
        media.seek(seconds)
        for frame, shown_s in media.frames():
            return float(shown_s), to_image(frame, None)
    return None


def measure_key_frame_gap(path: Path) -> float:
    """Usual distance of key frames in seconds, from packets alone.

    Raises:
        InputError: if the file cannot be used.
    """
    with open_media(path) as media:
        duration_s = float(media.clock.duration_s)
        start_s = max(0.0, duration_s / 2 - _LOOK_S / 2)
        media.seek(start_s)
        times: list[float] = []
        for packet in media.packets(media.video):
            seconds = media.clock.seconds(packet)
            if seconds is None or not packet.is_keyframe:
                continue
            times.append(float(seconds))
            if seconds > start_s + _LOOK_S:
                break
    return float(np.median(np.diff(times))) if len(times) > 1 else duration_s or _LOOK_S
