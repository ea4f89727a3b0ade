"""Single frames of a video: the poster of a reel, thumbnails of a report."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
from av.video.frame import VideoFrame

from spotkick.errors import InputError
from spotkick.files import write_bytes
from spotkick.video.images import to_image
from spotkick.video.reader import open_media


def frame_at(
    path: Path, time_s: float, size_px: tuple[int, int] | None = None
) -> npt.NDArray[np.uint8]:
    """The image that is on at a time.

    Args:
        path: video file.
        time_s: seconds after the first frame; past the end the last frame is given.
        size_px: (width, height) of the result; None keeps the size.

    Returns:
        (height, width, 3) uint8 RGB, upright.

    Raises:
        InputError: if the file cannot be read, or no frame can be decoded there.
    """
    return to_image(decode_frame_at(path, time_s), size_px)


def decode_frame_at(path: Path, time_s: float | Fraction) -> VideoFrame:
    """The frame that is on at a time, as it was decoded; see `frame_at`."""
    with open_media(path) as media:
        target = media.clock.ticks_at(max(0, time_s))
        media.seek(media.clock.seconds_at(target))
        last = None
        for frame, ticks in media.frames_in_ticks():
            if ticks > target and last is not None:
                return last
            last = frame
        if last is None:
            raise InputError(f"{path}: no frame can be decoded at {float(time_s):.1f} s")
        return last


def write_jpeg(path: Path, image: npt.NDArray[np.uint8], *, quality: int = 3) -> None:
    """Write an image as JPEG, atomically.

    Args:
        path: file.
        image: (height, width, 3) uint8 RGB; an odd last row or column is left out.
        quality: 1 (best) to 31.

    Raises:
        StorageError: if it cannot be written.
    """
    height, width = image.shape[0] // 2 * 2, image.shape[1] // 2 * 2
    frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(image[:height, :width]), format="rgb24")
    options = {"qmin": str(quality), "qmax": str(quality)}
    write_bytes(path, encode_jpeg(frame.reformat(format="yuvj420p"), options))


def encode_jpeg(frame: VideoFrame, options: dict[str, str]) -> bytes:
    """A frame of format yuvj420p as a JPEG file.

    Args:
        frame: with even sides.
        options: of FFmpeg's encoder ``mjpeg``, such as ``qscale``.
    """
    frame.pts = 0
    encoder = av.CodecContext.create("mjpeg", "w")
    encoder.width, encoder.height, encoder.pix_fmt = frame.width, frame.height, "yuvj420p"
    encoder.time_base = Fraction(1, 25)
    encoder.options = options
    return b"".join(bytes(packet) for packet in [*encoder.encode(frame), *encoder.encode(None)])
