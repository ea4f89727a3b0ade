"""How texts of a scoreboard stand to each other: side by side, below, near, of like height."""

from collections.abc import Sequence
from typing import Final

from spotkick.scoreboard.text_reader import TextBox
from spotkick.scoreboard.tokens import Token

_ROW_GAP: Final = 4.5
"""Neighbours of a row are at most so many text heights apart."""

_HEIGHT_RATIO: Final = 2.4
"""Texts of one scoreboard differ in height by no more than this."""


def stands_right_of(left: TextBox, right: TextBox) -> bool:
    """Whether the right text stands beside the left one, in the same row."""
    overlap = min(left.bottom, right.bottom) - max(left.top, right.top)
    gap = right.left - left.right
    tallest = max(left.height, right.height)
    return (
        overlap > 0.5 * min(left.height, right.height)
        and -0.7 * tallest < gap < _ROW_GAP * tallest
        and has_like_height(left, right)
    )


def is_below(upper: TextBox, lower: TextBox) -> bool:
    """Whether the lower text stands under the upper one, in the next row."""
    gap = lower.top - upper.bottom
    return (
        abs(upper.left - lower.left) < 1.2 * upper.height
        and -0.2 * upper.height < gap < 2 * upper.height
        and has_like_height(upper, lower)
    )


def has_like_height(one: TextBox, other: TextBox) -> bool:
    """Whether two texts are of about the same height, as those of one scoreboard are."""
    heights = sorted((one.height, other.height))
    return heights[1] <= _HEIGHT_RATIO * max(heights[0], 1.0)


def enclose(boxes: Sequence[TextBox]) -> tuple[float, float, float, float]:
    """The least rectangle around some texts: (left, top, right, bottom) in pixels."""
    return (
        min(box.left for box in boxes),
        min(box.top for box in boxes),
        max(box.right for box in boxes),
        max(box.bottom for box in boxes),
    )


def measure_gap(hull: tuple[float, float, float, float], box: TextBox) -> float:
    """Gap between two rectangles in pixels, 0 where they overlap."""
    across = max(hull[0] - box.right, box.left - hull[2], 0.0)
    down = max(hull[1] - box.bottom, box.top - hull[3], 0.0)
    return max(across, down)


def split_rows(tokens: Sequence[Token]) -> list[list[Token]]:
    """Tokens that stand side by side, each row from left to right."""
    rows: list[list[Token]] = []
    for token in sorted(tokens, key=lambda token: token.box.left):
        for row in rows:
            if stands_right_of(row[-1].box, token.box):
                row.append(token)
                break
        else:
            rows.append([token])
    return rows
