"""Small pictures of moments of a video, for hovering over the timeline."""

import threading
from collections import OrderedDict
from fractions import Fraction
from pathlib import Path
from typing import Final

import av
from av.video.frame import VideoFrame

from spotkick.errors import InputError
from spotkick.video.probe import open_video, start_ticks_of, time_base_of

THUMBNAIL_WIDTH_PX: Final = 192
"""Width of a thumbnail."""

_STEP_MS: Final = 500
_MOST_KEPT: Final = 400
_MOST_DECODED: Final = 300


class ThumbnailMaker:
    """Makes thumbnails and keeps the latest few hundred (about 6 kB each).

    At most one picture is decoded at a time, so that a fast mouse cannot take all processor cores.
    """

    def __init__(self) -> None:
        """Start with none."""
        self._pictures: OrderedDict[tuple[Path, int], bytes] = OrderedDict()
        self._lock = threading.Lock()

    def picture(self, video: Path, position_ms: int) -> bytes:
        """JPEG of the frame shown at a time, which is rounded to half a second.

        Raises:
            InputError: if the video cannot be decoded there.
        """
        key = (video, max(0, position_ms) // _STEP_MS)
        with self._lock:
            if key in self._pictures:
                self._pictures.move_to_end(key)
                return self._pictures[key]
            picture = _encode(_decode(video, Fraction(key[1] * _STEP_MS, 1000)))
            self._pictures[key] = picture
            while len(self._pictures) > _MOST_KEPT:
                self._pictures.popitem(last=False)
            return picture


def _decode(path: Path, second: Fraction) -> VideoFrame:
    """The frame shown at ``second`` after the start of the video."""
    try:
        with open_video(path) as (container, stream):
            stream.thread_type = "AUTO"
            target = start_ticks_of(stream) + int(second / time_base_of(stream))
            container.seek(target, stream=stream)
            last = None
            for count, frame in enumerate(container.decode(stream)):
                if last is not None and frame.pts is not None and frame.pts > target:
                    break
                last = frame
                if count >= _MOST_DECODED:
                    break
            if last is None:
                raise InputError(f"{path.name}: there is no picture at {float(second):.1f} s")
            return last
    except (av.FFmpegError, IndexError, OSError) as error:
        raise InputError(
            f"{path.name}: no picture at {float(second):.1f} s can be decoded ({error})"
        ) from error


def _encode(frame: VideoFrame) -> bytes:
    """A frame as a small JPEG."""
    width = min(THUMBNAIL_WIDTH_PX, frame.width) // 2 * 2
    height = max(2, round(frame.height * width / frame.width) // 2 * 2)
    encoder = av.CodecContext.create("mjpeg", "w")
    encoder.width, encoder.height = width, height
    encoder.pix_fmt = "yuvj420p"
    encoder.time_base = Fraction(1, 25)
    encoder.options = {"qscale": "6"}
    small = frame.reformat(width, height, format="yuvj420p")
    small.pts = 0
    packets = [*encoder.encode(small), *encoder.encode(None)]
    return b"".join(bytes(packet) for packet in packets)
