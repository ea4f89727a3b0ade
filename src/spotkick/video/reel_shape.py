"""The shape of a reel, and the place of frames of another shape in it, between black bars."""

from dataclasses import dataclass
from fractions import Fraction
from typing import Final

_ALMOST_FULL_PX: Final = 3
"""A side that is shorter than the reel by less is stretched to it: odd sizes lose a row."""


@dataclass(frozen=True, slots=True)
class ReelShape:
    """Size of the frames of a reel.

    Attributes:
        width_px: even.
        height_px: even.
        sample_aspect: pixel aspect ratio, width of a pixel as shown divided by its height.
    """

    width_px: int
    height_px: int
    sample_aspect: Fraction = Fraction(1)

    @property
    def size_px(self) -> tuple[int, int]:
        """(width, height)."""
        return self.width_px, self.height_px


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a frame lies in the reel; all even, as the chroma of 4:2:0 frames needs.

    Attributes:
        width_px: after scaling.
        height_px: after scaling.
        left_px: width of the black bar on the left.
        top_px: height of the black bar above.
    """

    width_px: int
    height_px: int
    left_px: int = 0
    top_px: int = 0


def make_shape(width_px: int, height_px: int, sample_aspect: Fraction) -> ReelShape:
    """The shape of a reel whose first video has a size: the same, with even sides."""
    return ReelShape(_make_even(width_px), _make_even(height_px), sample_aspect)


def place_frame(
    width_px: int, height_px: int, sample_aspect: Fraction, shape: ReelShape
) -> Placement:
    """Fit a frame into a reel without changing its proportions as shown.

    Args:
        width_px: of the frame, upright.
        height_px: likewise.
        sample_aspect: of its pixels.
        shape: of the reel.

    Example:
        >>> place_frame(640, 480, Fraction(1), ReelShape(1280, 720))
        Placement(width_px=960, height_px=720, left_px=160, top_px=0)
    """
    # Width of the frame in pixels of the reel, for each pixel of height
    wide = Fraction(width_px, height_px) * sample_aspect / shape.sample_aspect
    width = min(Fraction(shape.width_px), shape.height_px * wide)
    height = width / wide

    inner_width = _fill_side(round(width), shape.width_px)
    inner_height = _fill_side(round(height), shape.height_px)
    return Placement(
        width_px=inner_width,
        height_px=inner_height,
        left_px=(shape.width_px - inner_width) // 4 * 2,
        top_px=(shape.height_px - inner_height) // 4 * 2,
    )


def _fill_side(length: int, full: int) -> int:
    return full if full - length < _ALMOST_FULL_PX else _make_even(length)


def _make_even(length: int) -> int:
    return max(2, length // 2 * 2)
