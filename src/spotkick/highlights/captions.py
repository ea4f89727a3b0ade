"""Captions drawn into the frames of a reel: a line of text on a dark strip at the lower left."""

from pathlib import Path
from typing import Any, Final

import numpy as np

from spotkick.highlights.fonts import TextRun, bundled_font, load_font, split_runs
from spotkick.video.overlay import Overlay

_MARGIN: Final = 0.04
"""Of the height of the frame."""

_TEXT: Final = 0.05
"""Of the height of the frame."""

_STRIP_OPACITY: Final = 0.6
_WHITE: Final = 235
_BLACK: Final = 16


def draw_caption(text: str, size_px: tuple[int, int], font: Path | None = None) -> Overlay:
    """Draw a line of text for frames of a size; text that is too long is cut.

    Args:
        text: in any script for which a font is found.
        size_px: (width, height) of the frames.
        font: tried first; None for the bundled one.

    Raises:
        InputError: if the font cannot be read.
        MissingExtraError: if the package pillow is not installed.
    """
    width, height = size_px
    margin, text_px = max(2, round(_MARGIN * height)), max(9, round(_TEXT * height))
    fonts = _LoadedFonts(text_px)
    fonts.load(font or bundled_font())
    from PIL import Image, ImageDraw

    # Text that fits between the margins
    line = " ".join(text.split())
    runs = split_runs(line, font)
    while line and fonts.measure(runs) > width - 4 * margin:
        line = line[:-2].rstrip() + "…" if len(line) > 2 else ""
        runs = split_runs(line, font)

    # The strip has even sides, as the chroma of 4:2:0 frames needs.
    wide = min(width // 2 * 2, round(fonts.measure(runs) + 2 * margin + 1) // 2 * 2)
    high = min(height // 2 * 2, round(text_px * 1.7) // 2 * 2)
    image = Image.new("L", (wide, high), 0)
    draw = ImageDraw.Draw(image)
    left_px = float(margin)
    for run in runs:
        loaded = fonts.load(run.font)
        draw.text((left_px, high // 2), run.text, fill=255, font=loaded, anchor="lm")
        left_px += loaded.getlength(run.text)

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


class _LoadedFonts:
    """Fonts of one size, each loaded once."""

    def __init__(self, size_px: int) -> None:
        self._size_px = size_px
        self._loaded: dict[Path, Any] = {}

    def load(self, path: Path) -> Any:
        if path not in self._loaded:
            self._loaded[path] = load_font(path, self._size_px)
        return self._loaded[path]

    def measure(self, runs: tuple[TextRun, ...]) -> float:
        """Width of a line in pixels."""
        return sum(float(self.load(run.font).getlength(run.text)) for run in runs)
