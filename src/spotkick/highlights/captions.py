"""Captions drawn into the pictures of a reel: a line of text on a dark strip at the lower left."""

import numpy as np

from spotkick.errors import require_extra
from spotkick.video.overlay import Overlay

_MARGIN = 0.04  # of the height
_TEXT = 0.05  # of the height
_STRIP_OPACITY = 0.6
_WHITE, _BLACK = 235, 16


def draw_caption(text: str, size_px: tuple[int, int]) -> Overlay:
    """Draw a line of text for pictures of a size; text that is too long is cut.

    Raises:
        MissingExtraError: if the package pillow is not installed.
    """
    require_extra("PIL", "highlights", "burning captions in", package="pillow")
    from PIL import Image, ImageDraw, ImageFont

    width, height = size_px
    margin, text_px = max(2, round(_MARGIN * height)), max(9, round(_TEXT * height))
    font = ImageFont.load_default(size=text_px)
    room = width - 4 * margin
    line = " ".join(text.split())
    while line and font.getlength(line) > room:
        line = line[:-2].rstrip() + "…" if len(line) > 2 else ""
    wide = min(width // 2 * 2, round(font.getlength(line) + 2 * margin + 1) // 2 * 2)
    high = min(height // 2 * 2, round(text_px * 1.7) // 2 * 2)
    image = Image.new("L", (wide, high), 0)
    ImageDraw.Draw(image).text((margin, high // 2), line, fill=255, font=font, anchor="lm")
    letters = np.asarray(image, dtype=np.float32) / 255
    opacity = letters + (1 - letters) * _STRIP_OPACITY
    luma = np.rint((letters * _WHITE + (1 - letters) * _STRIP_OPACITY * _BLACK) / opacity).astype(
        np.uint8
    )
    left, top = margin // 2 * 2, (height - margin - high) // 2 * 2
    return Overlay(luma, opacity.astype(np.float32), min(left, width - wide), max(0, top))
