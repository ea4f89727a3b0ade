"""Reading the scoreboard of a single frame: the whole image first, then its place, enlarged."""

from dataclasses import replace
from typing import Final

import numpy as np
import numpy.typing as npt

from spotkick.scoreboard.board import Scoreboard, find_scoreboards
from spotkick.scoreboard.text_reader import Image, TextBox, TextReader
from spotkick.scoreboard.tokens import AS_DIGIT

TEXT_HEIGHTS: Final = (24, 32, 64)
"""Pixels to which the text of a crop is enlarged, one after the other, until all is read: the
search for text finds small and large letters at different scales."""

FIELD_HEIGHT: Final = 48
"""Pixels to which a single number or clock is enlarged."""

SAME_PLACE: Final = 0.5
"""Texts that share more than this part of the smaller one are two readings of one place."""

_CANDIDATES: Final = 3
"""So many places of an image are looked at again."""

_WITHOUT_DIVIDERS: Final = str.maketrans("", "", " -|")

Region = tuple[int, int, int, int]
"""(left, top, right, bottom) in pixels."""


def read_scoreboard(image: Image, reader: TextReader) -> Scoreboard | None:
    """The scoreboard of a frame, None when there is none.

    Args:
        image: (height, width, 3) RGB.
        reader: recognises text.
    """
    height, width = image.shape[:2]
    boxes = reader.read(image)
    found = find_scoreboards(boxes, width, height)[:_CANDIDATES]
    again = [_read_again(image, board, boxes, reader) for board in found]
    complete = [board for board in again if is_complete(board)]
    return max(complete, key=_rate_certainty, default=None)


def is_complete(board: Scoreboard) -> bool:
    """Whether enough was read to call it a scoreboard: a score, or two names and a clock."""
    return board.score is not None or (
        board.clock_s is not None and board.home is not None and board.away is not None
    )


def _rate_certainty(board: Scoreboard) -> tuple[int, float]:
    parts = (board.clock_s, board.home, board.away, board.score)
    return sum(part is not None for part in parts), board.confidence


def _read_again(
    image: Image, board: Scoreboard, boxes: list[TextBox], reader: TextReader
) -> Scoreboard:
    """Read a candidate's place enlarged, and add what that finds to the texts of the image."""
    if board.score is not None and board.home is not None and board.away is not None:
        return board
    unit = max(board.text_height, 4.0)
    region = expand(board.box, 7 * unit, 2.5 * unit, image.shape)
    union = [box for box in boxes if _is_inside(box, region)]
    best = board
    for height in TEXT_HEIGHTS:
        factor = height / unit
        enlarged = reader.read_crop(enlarge(crop(image, region), factor))
        alone = [box.scaled(factor, region[0], region[1]) for box in enlarged]
        for box in alone:
            union = add_box(union, box)

        # One scale may join names that another parts: each is tried alone and with the others.
        for texts in (alone, union):
            for candidate in find_scoreboards(texts, image.shape[1], image.shape[0])[:1]:
                best = max(best, candidate, key=_rate_certainty)
        if best.score is not None and best.home is not None and best.away is not None:
            return best
    return fill_score(image, best, reader)


def fill_score(image: Image, board: Scoreboard, reader: TextReader) -> Scoreboard:
    """Recognise single numbers that the search for text overlooks, where they must stand.

    Args:
        image: (height, width, 3) RGB.
        board: with both names; returned as it is when it has a score or lacks a name.
        reader: recognises text.
    """
    names = [token.box for token in board.tokens if token.kind == "name"]
    if board.score is not None or len(names) != 2:
        return board
    clock = next((token.box for token in board.tokens if token.kind == "clock"), None)
    digits = [
        _recognise_digits(image, gap, reader) for gap in _find_gaps(names[0], names[1], clock)
    ]
    text = "".join(digits)
    if len(text) == 3 and len(digits) == 1 and text[1] == "1":
        text = text[0] + text[2]  # a divider between the numbers reads like a 1
    if len(text) != 2:
        return board
    return replace(board, score=(int(text[0]), int(text[1])))


def _find_gaps(home: TextBox, away: TextBox, clock: TextBox | None) -> list[TextBox]:
    """Where the numbers stand: between the names, on both sides of a clock, or beside each name."""
    top, bottom = min(home.top, away.top), max(home.bottom, away.bottom)
    if abs(home.left - away.left) < home.height:
        # Two rows: the numbers stand at the same height as the names, to the right.
        return [
            TextBox(
                "", box.right + 0.5 * box.height, box.top, box.right + 3 * box.height, box.bottom, 0
            )
            for box in (home, away)
        ]
    if clock is not None and home.right < clock.left and clock.right < away.left:
        return [
            TextBox("", home.right, top, clock.left, bottom, 0),
            TextBox("", clock.right, top, away.left, bottom, 0),
        ]
    return [TextBox("", home.right, top, away.left, bottom, 0)]


def _recognise_digits(image: Image, gap: TextBox, reader: TextReader) -> str:
    """Digits in a place, empty when something else stands there."""
    for inset in (0.0, 0.15):
        bounds = (gap.left, gap.top, gap.right, gap.bottom)
        region = expand(bounds, -inset * gap.height, 0.2 * gap.height, image.shape)
        if region[2] - region[0] < 4 or region[3] - region[1] < 4:
            continue
        text, _ = reader.recognise(enlarge(crop(image, region), FIELD_HEIGHT / gap.height))
        digits = text.translate(_WITHOUT_DIVIDERS).translate(AS_DIGIT)
        if digits.isdecimal():
            return digits
    return ""


def add_box(boxes: list[TextBox], box: TextBox) -> list[TextBox]:
    """Add a text; of two at the same place the longer one stays."""
    same = [other for other in boxes if _measure_overlap(other, box) > SAME_PLACE]
    if any(len(other.text) >= len(box.text) for other in same):
        return boxes
    return [other for other in boxes if other not in same] + [box]


def _measure_overlap(one: TextBox, other: TextBox) -> float:
    """Common area as a part of the smaller box."""
    across = min(one.right, other.right) - max(one.left, other.left)
    down = min(one.bottom, other.bottom) - max(one.top, other.top)
    smaller = min((one.right - one.left) * one.height, (other.right - other.left) * other.height)
    return max(across, 0.0) * max(down, 0.0) / max(smaller, 1.0)


def _is_inside(box: TextBox, region: Region) -> bool:
    return (
        box.left >= region[0] - 1
        and box.top >= region[1] - 1
        and box.right <= region[2] + 1
        and box.bottom <= region[3] + 1
    )


def expand(
    box: tuple[float, float, float, float],
    across: float,
    down: float,
    shape: tuple[int, ...],
) -> Region:
    """A region with room around a box, inside an image of (height, width, ...)."""
    return (
        max(0, int(box[0] - across)),
        max(0, int(box[1] - down)),
        min(shape[1], int(np.ceil(box[2] + across))),
        min(shape[0], int(np.ceil(box[3] + down))),
    )


def crop(image: Image, region: Region) -> Image:
    """A part of an image."""
    left, top, right, bottom = region
    return image[top:bottom, left:right]


def enlarge(image: Image, factor: float) -> Image:
    """An image of ``factor`` times the size, by bicubic interpolation."""
    from PIL import Image as PillowImage  # spotting imports this module without Pillow

    height, width = image.shape[:2]
    size = (max(8, round(width * factor)), max(8, round(height * factor)))
    scaled = PillowImage.fromarray(image).resize(size, PillowImage.Resampling.BICUBIC)
    array: npt.NDArray[np.uint8] = np.asarray(scaled)
    return array
