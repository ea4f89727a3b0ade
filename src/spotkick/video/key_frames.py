"""Single frames of a video by time: a sparse look at a long file without decoding it all."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import av
import numpy as np
import numpy.typing as npt
from av.video.frame import VideoFrame

from spotkick.video.images import to_image
from spotkick.video.opening import can_seek_bytes
from spotkick.video.reader import MediaReader, open_media

Image = npt.NDArray[np.uint8]
"""(height, width, 3) uint8 RGB, upright."""

_PROGRESSIVE: Final = (0, 1)
"""Field orders 'unknown' and 'progressive'; of others a key frame may come in two packets."""

_LOOK_S: Final = 120.0
"""The distance of key frames is judged by this much of a file from its middle."""


class FrameFinder:
    """Looks up single frames of a video that stays open; see `open_frame_finder`."""

    def __init__(self, media: MediaReader) -> None:
        """Start at the beginning of the file."""
        self._media = media

    @property
    def can_seek(self) -> bool:
        """Whether a time is reached without reading the file from its start."""
        clock = self._media.clock
        by_bytes = clock.known is not None and can_seek_bytes(self._media.container)
        return by_bytes or len(clock.recordings) < 2

    def read_key_frame(self, seconds: float) -> tuple[float, Image] | None:
        """The last key frame at or before a time, and when it is shown.

        Of interlaced video it is the frame shown at the time.

        Returns:
            (seconds from the first frame, image); None where nothing can be decoded.
        """
        media = self._media
        if media.video.codec_context.field_order not in _PROGRESSIVE:
            return self.read_frame(seconds)
        media.seek(max(0.0, seconds))
        media.video.codec_context.skip_frame = "NONKEY"

        # Seeking may land a few key frames early: the last one that is not too late is decoded.
        chosen: av.Packet[Any] | None = None
        for packet in media.packets(media.video):
            shown_s = media.clock.seconds(packet)
            if shown_s is None:
                continue
            if packet.is_keyframe and (chosen is None or shown_s <= seconds):
                chosen = packet
            if shown_s > seconds and chosen is not None:
                break
        if chosen is None:
            return None
        found = next(iter([*_decode(media, chosen), *_decode(media, None)]), None)
        return None if found is None else (found[0], to_image(found[1], None))

    def read_frame(self, seconds: float) -> tuple[float, Image] | None:
        """The frame that is shown at a time, decoded from its key frame on.

        Returns:
            (seconds from the first frame, image); None where nothing can be decoded.
        """
        media = self._media
        media.seek(max(0.0, seconds))
        media.video.codec_context.skip_frame = "DEFAULT"
        shown: tuple[float, VideoFrame] | None = None
        for frame, shown_s in media.frames():
            if shown_s > seconds and shown is not None:
                break
            shown = float(shown_s), frame
        return None if shown is None else (shown[0], to_image(shown[1], None))


@contextmanager
def open_frame_finder(path: Path) -> Iterator[FrameFinder]:
    """Open a video to look up single frames.

    Raises:
        InputError: if the file cannot be used.
    """
    with open_media(path) as media:
        yield FrameFinder(media)


def read_key_frames(path: Path, *, min_gap_s: float) -> Iterator[tuple[float, Image]]:
    """Key frames that are at least ``min_gap_s`` apart, in order, with their times.

    Args:
        path: video file.
        min_gap_s: least distance of two frames in seconds.

    Yields:
        (seconds from the first frame of the file, image).

    Raises:
        InputError: if the file cannot be used.
    """
    with open_media(path) as media:
        media.video.codec_context.skip_frame = "NONKEY"
        next_s = 0.0
        for packet in media.packets(media.video):
            seconds = media.clock.seconds(packet)
            if not packet.is_keyframe or seconds is None or seconds < next_s:
                continue
            next_s = float(seconds) + min_gap_s
            for shown_s, frame in _decode(media, packet):
                yield shown_s, to_image(frame, None)
        for shown_s, frame in _decode(media, None):
            yield shown_s, to_image(frame, None)


def _decode(
    media: MediaReader, packet: "av.Packet[Any] | None"
) -> Iterator[tuple[float, VideoFrame]]:
    """What comes out of the decoder behind a packet; damaged packets give nothing."""
    try:
        for frame, ticks in media.decoder.decode(packet):
            yield float(media.clock.seconds_at(ticks)), frame
    except av.FFmpegError:
        return


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
