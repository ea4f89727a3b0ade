"""Single pictures of a video: the poster of a reel, thumbnails of a report."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt

from spotkick.errors import InputError
from spotkick.files import write_bytes
from spotkick.video.cut_points import read_until_broken, seek_before
from spotkick.video.decode import to_image
from spotkick.video.probe import open_video, start_ticks_of, time_base_of


def picture_at(
    path: Path, time_s: float, size_px: tuple[int, int] | None = None
) -> npt.NDArray[np.uint8]:
    """The picture that is on at a time.

    Args:
        path: video file.
        time_s: seconds after the first picture; past the end the last picture is given.
        size_px: (width, height) of the result; None keeps the size.

    Returns:
        (height, width, 3) uint8 RGB, upright.

    Raises:
        InputError: if the file cannot be read, or no picture can be decoded there.
    """
    with open_video(path) as (container, stream):
        stream.thread_type = "AUTO"
        target = start_ticks_of(stream) + int(
            Fraction(max(0.0, time_s)) / time_base_of(stream) + Fraction(1, 2)
        )
        seek_before(container, stream, target)
        last = None
        for packet in read_until_broken(container, stream):
            try:
                frames = stream.codec_context.decode(packet)
            except av.FFmpegError:
                continue
            for frame in frames:
                if frame.pts is not None and frame.pts > target and last is not None:
                    return to_image(last, size_px)
                last = frame
        if last is None:
            raise InputError(f"{path}: no picture can be decoded at {time_s:.1f} s")
        return to_image(last, size_px)


def write_jpeg(path: Path, image: npt.NDArray[np.uint8], *, quality: int = 3) -> None:
    """Write a picture as JPEG, atomically.

    Args:
        path: file.
        image: (height, width, 3) uint8 RGB; an odd last row or column is left out.
        quality: 1 (best) to 31.

    Raises:
        StorageError: if it cannot be written.
    """
    height, width = image.shape[0] // 2 * 2, image.shape[1] // 2 * 2
    frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(image[:height, :width]), format="rgb24")
    frame = frame.reformat(format="yuvj420p")
    frame.pts = 0
    encoder = av.CodecContext.create("mjpeg", "w")
    encoder.width, encoder.height, encoder.pix_fmt = width, height, "yuvj420p"
    encoder.time_base = Fraction(1, 25)
    encoder.options = {"qmin": str(quality), "qmax": str(quality)}
    write_bytes(
        path, b"".join(bytes(packet) for packet in [*encoder.encode(frame), *encoder.encode(None)])
    )
