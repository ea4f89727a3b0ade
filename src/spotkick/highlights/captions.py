"""Captions drawn into the frames of a reel: a line of text on a dark strip at the lower left."""

from typing import Final

import numpy as np

from spotkick.errors import require_extra
from spotkick.video.overlay import Overlay

_MARGIN: Final = 0.04
"""Of the height of the frame."""

_TEXT: Final = 0.05
"""Of the height of the frame."""

_STRIP_OPACITY: Final = 0.6
_WHITE: Final = 235
_BLACK: Final = 16


def draw_caption(text: str, size_px: tuple[int, int]) -> Overlay:
    """Draw a line of text for frames of a size; text that is too long is cut.

    Raises:
        MissingExtraError: if the package pillow is not installed.
    """
    require_extra("PIL", "highlights", "burning captions in", package="pillow")
    from PIL import Image, ImageDraw, ImageFont

    # Text that fits between the margins.
    width, height = size_px
    margin, text_px = max(2, round(_MARGIN * height)), max(9, round(_TEXT * height))
    font = ImageFont.load_default(size=text_px)
    line = " ".join(text.split())
    while line and font.getlength(line) > width - 4 * margin:
        line = line[:-2].rstrip() + "…" if len(line) > 2 else ""

    # The strip has even sides, as the chroma of 4:2:0 frames needs.
    wide = min(width // 2 * 2, round(font.getlength(line) + 2 * margin + 1) // 2 * 2)
    high = min(height // 2 * 2, round(text_px * 1.7) // 2 * 2)
    image = Image.new("L", (wide, high), 0)
    ImageDraw.Draw(image).text((margin, high // 2), line, fill=255, font=font, anchor="lm")

    # (high, wide): opaque letters on a translucent strip
    letters = np.asarray(image, dtype=np.float32) / 255
    opacity = letters + (1 - letters) * _STRIP_OPACITY
    luma = np.rint((letters * _WHITE + (1 - letters) * _STRIP_OPACITY * _BLACK) / opacity)
    left, top = margin // 2 * 2, (height - margin - high) // 2 * 2
    return Overlay(
        luma=luma.astype(np.uint8),
        opacity=opacity.astype(np.float32),
        left_px=min(left, width - wide),
        top_px=max(0, top),
    )
