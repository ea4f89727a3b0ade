"""Decoded frames as upright RGB images of the size that is wanted."""

from fractions import Fraction
from typing import Literal

import numpy as np
import numpy.typing as npt
from av.video.frame import VideoFrame

from spotkick.video.probe import quarter_turns

Fit = Literal["stretch", "crop"]
"""How a frame meets a size of another shape: all of it squeezed, or its centre cut out."""


def to_image(
    frame: VideoFrame, size_px: tuple[int, int] | None, fit: Fit = "stretch"
) -> npt.NDArray[np.uint8]:
    """Convert a decoded frame to upright RGB of the wanted size.

    Args:
        frame: as the decoder gave it.
        size_px: (width, height) of the result; None keeps the size.
        fit: see `Fit`.

    Returns:
        (height, width, 3) uint8.
    """
    # sizes are those of the stored frame, which is turned at the end
    turns = quarter_turns(frame.rotation)
    width, height = (frame.width, frame.height) if size_px is None else size_px
    if turns % 2 and size_px is not None:
        width, height = height, width

    scaled = (width, height)
    if fit == "crop" and size_px is not None:
        scale = max(Fraction(width, frame.width), Fraction(height, frame.height))
        scaled = (round(frame.width * scale), round(frame.height * scale))
    image = frame.to_ndarray(
        format="rgb24", width=scaled[0], height=scaled[1], interpolation="BILINEAR"
    )

    left, top = (scaled[0] - width) // 2, (scaled[1] - height) // 2
    upright = np.rot90(image[top : top + height, left : left + width], k=turns)
    return np.ascontiguousarray(upright, dtype=np.uint8)
