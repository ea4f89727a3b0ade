from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spotkick.video.reel_shape import Placement, ReelShape, make_shape, place_frame

PAL_WIDE = Fraction(64, 45)


@pytest.mark.parametrize(
    ("frame", "shape", "expected"),
    [
        ((1280, 720, Fraction(1)), ReelShape(1280, 720), Placement(1280, 720)),
        ((640, 480, Fraction(1)), ReelShape(1280, 720), Placement(960, 720, 160, 0)),
        ((720, 576, PAL_WIDE), ReelShape(1280, 720), Placement(1280, 720)),
        ((1280, 720, Fraction(1)), ReelShape(720, 576, PAL_WIDE), Placement(720, 576)),
        ((720, 1280, Fraction(1)), ReelShape(1280, 720), Placement(404, 720, 438, 0)),
        ((2560, 720, Fraction(1)), ReelShape(1280, 720), Placement(1280, 360, 0, 180)),
        ((193, 129, Fraction(1)), ReelShape(192, 128), Placement(192, 128)),
        ((720, 576, Fraction(16, 15)), ReelShape(720, 576, PAL_WIDE), Placement(540, 576, 90, 0)),
    ],
)
def test_place_frame_known_shapes_keep_their_proportions(
    frame: tuple[int, int, Fraction], shape: ReelShape, expected: Placement
) -> None:
    assert place_frame(*frame, shape) == expected


sides = st.integers(16, 4000)
aspects = st.sampled_from([Fraction(1), PAL_WIDE, Fraction(16, 15), Fraction(8, 9)])


@given(sides, sides, aspects, sides, sides, aspects)
def test_place_frame_any_size_is_even_and_inside(
    width: int, height: int, aspect: Fraction, reel_width: int, reel_height: int, own: Fraction
) -> None:
    shape = make_shape(reel_width, reel_height, own)
    place = place_frame(width, height, aspect, shape)
    values = (place.width_px, place.height_px, place.left_px, place.top_px)
    assert [value % 2 for value in values] == [0] * 4
    assert place.left_px + place.width_px <= shape.width_px
    assert place.top_px + place.height_px <= shape.height_px
    assert place.width_px == shape.width_px or place.height_px == shape.height_px
