"""Context slicing: the published values, their one scaling, the guards."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spotkick.actions import SOCCERNET_V1, SOCCERNET_V2, ActionClasses
from spotkick.encoding.slicing import PRESETS, SLICING_V2, Bounds, ContextSlicing, slicing_for
from spotkick.errors import ConfigError

RATES = [
    Fraction(2),
    Fraction(25),
    Fraction(24000, 1001),
    Fraction(30000, 1001),
    Fraction(60000, 1001),
    Fraction(1, 3),
    Fraction(49),
]

PUBLISHED_V2_SECONDS = """
-100 -50 50 100, -98 -49 49 98, -20 -10 60 90, -40 -20 10 20, -96 -48 48 96, -5 -3 3 5,
-8 -4 4 8, -93 -46 46 93, -99 -50 50 99,
-31 -15 15 31, -75 -37 37 75, -10 -5 5 10, -97 -49 49 97, -75 -38 38 75, -20 -10 10 20,
-84 -42 42 84, -18 -9 9 18
"""


def test_slicing_for_v1_gives_the_published_frames() -> None:
    frames = slicing_for(SOCCERNET_V1, preset="v1").frames(Fraction(2))
    assert frames.tolist() == [[-40, -20, 120, 180], [-40, -20, 20, 40], [-80, -40, 20, 40]]
    assert frames.dtype == np.float64


def test_slicing_for_v2_scales_as_a_whole() -> None:
    published = np.array([row.split() for row in PUBLISHED_V2_SECONDS.split(",")], dtype=float)
    slicing = slicing_for(SOCCERNET_V2, preset="v2")
    assert np.array_equal(np.array(slicing.bounds_s), published)
    # One library multiplies the Python list, which repeats it and leaves the first four rows in
    # seconds.
    assert np.array_equal(slicing.frames(Fraction(2)), 2 * published)
    assert np.array_equal(slicing.frames(Fraction(25)), 25 * published)
    assert set(SLICING_V2) == set(SOCCERNET_V2)


def test_slicing_for_values_follow_names() -> None:
    classes = ActionClasses(("substitution", "throw", "goal"))
    assert slicing_for(classes, preset="v1").bounds_s == (
        (-40, -20, 10, 20),
        (-20, -10, 10, 20),
        (-20, -10, 60, 90),
    )


def test_slicing_for_overrides_replace_single_classes() -> None:
    slicing = slicing_for(SOCCERNET_V1, preset="v1", overrides={"card": (-1, -0.5, 0.5, 1)})
    assert slicing.bounds_s == ((-20, -10, 60, 90), (-1, -0.5, 0.5, 1), (-40, -20, 10, 20))
    assert slicing_for(SOCCERNET_V1).bounds_s == ((-20, -10, 10, 20),) * 3


@pytest.mark.parametrize("rate", RATES, ids=str)
def test_slicing_for_binary_is_one_frame_at_every_rate(rate: Fraction) -> None:
    frames = slicing_for(SOCCERNET_V1, preset="binary", frame_rate=rate).frames(rate)
    assert frames.tolist() == [[-1, -1, 1, 1]] * 3


def test_slicing_for_binary_needs_the_rate_and_takes_overrides() -> None:
    with pytest.raises(ConfigError, match="needs the frame rate"):
        slicing_for(SOCCERNET_V1, preset="binary")
    slicing = slicing_for(
        SOCCERNET_V1, preset="binary", frame_rate=Fraction(2), overrides={"goal": (-2, -1, 1, 2)}
    )
    assert slicing.frames(Fraction(2)).tolist() == [[-4, -2, 2, 4], [-1, -1, 1, 1], [-1, -1, 1, 1]]


@pytest.mark.parametrize(
    "bounds",
    [
        (-10, -20, 20, 40),
        (-40, -20, 40, 20),
        (-40, 0, 20, 40),
        (-40, -20, 0, 40),
        (40, 20, -20, -40),
        (float("nan"), -20, 20, 40),
        (-40, -20, 20, float("nan")),
    ],
)
def test_context_slicing_bounds_out_of_order_are_refused(bounds: Bounds) -> None:
    with pytest.raises(ConfigError, match="K1 <= K2 < 0 < K3 <= K4 in seconds, got"):
        ContextSlicing(((-40, -20, 20, 40), bounds))


def test_slicing_for_unknown_names_are_refused() -> None:
    with pytest.raises(ConfigError, match="one of v1, v2, default20, binary, got 'v3'"):
        slicing_for(SOCCERNET_V1, preset="v3")
    with pytest.raises(ConfigError, match="not in the class list: corner, foul"):
        slicing_for(
            SOCCERNET_V1,
            overrides={"foul": (-4, -2, 2, 4), "corner": (-4, -2, 2, 4), "goal": (-4, -2, 2, 4)},
        )


@given(
    st.lists(st.tuples(*[st.integers(1, 1000)] * 4), min_size=1, max_size=5),
    st.sampled_from(RATES),
    st.sampled_from(sorted(set(PRESETS) - {"binary"})),
)
@settings(deadline=None, max_examples=50)
def test_frames_are_seconds_times_rate(
    steps: list[tuple[int, int, int, int]], rate: Fraction, preset: str
) -> None:
    names = tuple(f"class {index}" for index in range(len(steps)))
    exact = [
        (-Fraction(a + b, 10), -Fraction(a, 10), Fraction(c, 10), Fraction(c + d, 10))
        for a, b, c, d in steps
    ]
    overrides = {
        name: tuple(float(k) for k in bounds) for name, bounds in zip(names, exact, strict=True)
    }
    frames = slicing_for(ActionClasses(names), preset=preset, overrides=overrides).frames(rate)
    assert frames == pytest.approx(
        np.array([[float(k * rate) for k in bounds] for bounds in exact]), rel=0, abs=1e-9
    )
