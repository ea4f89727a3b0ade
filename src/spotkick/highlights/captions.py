"""Captions and titles drawn into the frames of a reel: light letters on darkened pixels."""

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
_TITLE_TEXT: Final = 0.12
"""Of the shorter side of the frame, where the title is short."""

_TITLE_SHARE: Final = 0.8
"""Of the height of the frame, which lines of a title may fill."""

_TITLE_OPACITY: Final = 0.75
_TITLE_CHECK_PX: Final = 20
_LEAST_TEXT_PX: Final = 9
_LINE_STEP: Final = 1.35
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


def draw_title(text: str, size_px: tuple[int, int], font: Path | None = None) -> Overlay:
    """Draw a title for the first seconds of a reel: lines in the middle of darkened frames.

    Args:
        text: in any script for which a font is found; broken into lines where it is too wide, and
            smaller where there are many.
        size_px: (width, height) of the frames.
        font: tried first; None for the bundled one.

    Raises:
        InputError: if the font cannot be read.
        MissingExtraError: if the package pillow is not installed.
    """
    width, height = (side // 2 * 2 for side in size_px)
    load_font(font or bundled_font(), _TITLE_CHECK_PX)
    from PIL import Image, ImageDraw

    # The largest letters with which the lines fit.
    text_px = max(9, round(_TITLE_TEXT * min(width, height)))
    fonts, lines = _LoadedFonts(text_px), list[str]()
    while True:
        fonts = _LoadedFonts(text_px)
        lines = _break_lines(text, fonts, width - 2 * round(_MARGIN * height), font)
        if len(lines) * text_px * _LINE_STEP <= height * _TITLE_SHARE or text_px <= _LEAST_TEXT_PX:
            break
        text_px = text_px * 9 // 10

    # Letters of each line run by run, around its middle.
    image = Image.new("L", (width, height), 0)
    draw = ImageDraw.Draw(image)
    step_px = text_px * _LINE_STEP
    for number, line in enumerate(lines):
        runs = split_runs(line, font)
        left_px = (width - fonts.measure(runs)) / 2
        middle_px = height / 2 + (number - (len(lines) - 1) / 2) * step_px
        for run in runs:
            loaded = fonts.load(run.font)
            draw.text((left_px, middle_px), run.text, fill=255, font=loaded, anchor="lm")
            left_px += loaded.getlength(run.text)

    letters = np.asarray(image, dtype=np.float32) / 255
    opacity = letters + (1 - letters) * _TITLE_OPACITY
    luma = np.rint((letters * _WHITE + (1 - letters) * _TITLE_OPACITY * _BLACK) / opacity)
    return Overlay(luma.astype(np.uint8), opacity.astype(np.float32), left_px=0, top_px=0)


def _break_lines(text: str, fonts: "_LoadedFonts", width_px: int, font: Path | None) -> list[str]:
    """Lines that fit into a width, broken at spaces, or between letters of a word that is wider."""
    lines = [""]
    for word in text.split():
        joined = f"{lines[-1]} {word}".strip()
        if fonts.measure(split_runs(joined, font)) <= width_px:
            lines[-1] = joined
            continue
        if lines[-1]:
            lines.append("")
        for letter in word:
            longer = lines[-1] + letter
            if lines[-1] and fonts.measure(split_runs(longer, font)) > width_px:
                lines.append(letter)
            else:
                lines[-1] = longer
    return lines


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
