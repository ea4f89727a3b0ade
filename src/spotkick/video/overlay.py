"""Captions painted over frames, in the format of the encoder so that the rest stays equal."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from av.video.frame import VideoFrame

_NO_COLOUR: Final = 128


@dataclass(frozen=True)
class Overlay:
    """A caption, painted over the frames of a clip.

    Attributes:
        luma: (height, width) uint8 brightness, even sides.
        opacity: (height, width) float32 between 0 and 1.
        left_px: even.
        top_px: even.
    """

    luma: npt.NDArray[np.uint8]
    opacity: npt.NDArray[np.float32]
    left_px: int
    top_px: int


def paint_overlay(frame: VideoFrame, overlay: Overlay) -> VideoFrame:
    """Blend a caption into brightness, and take the colour out behind it.

    Args:
        frame: of format yuv420p.
        overlay: the caption.
    """
    width, height = frame.width, frame.height
    data: npt.NDArray[np.uint8] = np.asarray(frame.to_ndarray(format="yuv420p"), dtype=np.uint8)

    # Planes of full and of half size, with their step in pixels of the frame
    flat = data.reshape(-1)
    chroma = flat[width * height :].reshape(2, height // 2, width // 2)
    grey = np.full(overlay.luma.shape, _NO_COLOUR, dtype=np.uint8)
    planes = (
        (flat[: width * height].reshape(height, width), 1, overlay.luma),
        (chroma[0], 2, grey),
        (chroma[1], 2, grey),
    )

    high, wide = overlay.luma.shape
    for plane, step, values in planes:
        rows = slice(overlay.top_px // step, (overlay.top_px + high) // step)
        columns = slice(overlay.left_px // step, (overlay.left_px + wide) // step)
        opacity = overlay.opacity[::step, ::step]
        plane[rows, columns] = np.rint(
            plane[rows, columns] * (1 - opacity) + values[::step, ::step] * opacity
        )
    result = VideoFrame.from_ndarray(data, format="yuv420p")
    result.colorspace, result.color_range = frame.colorspace, frame.color_range
    return result
