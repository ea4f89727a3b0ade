"""The time-shift encoding against the published table and a literal transcription of its rule."""

from fractions import Fraction

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.losses import reference

from spotkick.actions import SOCCERNET_V2, Action, ActionClasses
from spotkick.encoding.slicing import ContextSlicing, slicing_for
from spotkick.encoding.time_shift import (
    NO_ACTION_FRAMES,
    action_frames,
    encode_shifts,
    nearest_shifts,
    time_shift_encoding,
)
from spotkick.errors import ConfigError, InputError
from spotkick.tasks import SOCCERNET_V1_TASK
from spotkick.timeline import frame_of_position, parse_frame_rate

BOUNDS = (-40, -20, 20, 40)

TABLE = {
    (100, 150): (
        "0:-100 60:-40 99:-1 100:0 119:19 120:20 122:22 "
        "125:-25 130:-20 131:-19 149:-1 150:0 299:149"
    ),
    (100, 170): "125:25 130:30 131:31 135:-35 140:-30 150:-20 169:-1 170:0",
    (100, 200): "139:39 140:-60 150:-50 160:-40 199:-1 200:0 250:50",
}


def encode(
    actions: tuple[int, ...] | list[int], num_frames: int, bounds: reference.Bounds = BOUNDS
) -> npt.NDArray[np.float32]:
    marked = action_frames(actions, [0] * len(actions), num_frames, 1)
    return time_shift_encoding(marked, np.array([bounds], dtype=np.float64))[:, 0]


def shift_by_the_rule(x: int, actions: list[int], bounds: reference.Bounds) -> float:
    """Section 3.1 of the paper for one frame, case by case."""
    k1, k2, k3, k4 = bounds
    earlier = [a for a in actions if a <= x]
    later = [a for a in actions if a > x]
    if not earlier and not later:
        return k1
    if not earlier:
        return x - later[0]
    if not later:
        return x - earlier[-1]
    after, before = x - earlier[-1], x - later[0]
    if after < k3:
        return after
    if after < k4 and before <= k1:
        return after
    if after < k4 and k1 < before <= k2 and (after - k3) / (k4 - k3) < (k2 - before) / (k2 - k1):
        return after
    return before


@st.composite
def periods(draw: st.DrawFn) -> tuple[int, list[int], reference.Bounds]:
    """A period, its actions (none to many, neighbours, at the ends) and any kind of bounds."""
    num_frames = draw(st.integers(1, 400))
    actions = sorted(draw(st.sets(st.integers(0, num_frames - 1), max_size=12)))
    before, after, first, second = (draw(st.integers(1, 120)) / 2 for _ in range(4))
    k1 = -before if draw(st.booleans()) else -before - first
    k4 = after if draw(st.booleans()) else after + second
    return num_frames, actions, (k1, -before, after, k4)


@pytest.mark.parametrize("actions", TABLE)
def test_time_shift_encoding_published_table_is_met(actions: tuple[int, ...]) -> None:
    shifts = encode(actions, 300)
    expected = {
        int(frame): float(shift)
        for frame, shift in (entry.split(":") for entry in TABLE[actions].split())
    }
    assert {frame: shifts[frame] for frame in expected} == expected


def test_time_shift_encoding_without_actions_is_far_before() -> None:
    assert (encode([], 300) == -40).all()


@given(periods())
@settings(deadline=None, max_examples=50)
def test_time_shift_encoding_equals_the_rule(
    period: tuple[int, list[int], reference.Bounds],
) -> None:
    num_frames, actions, bounds = period
    expected = np.array(
        [shift_by_the_rule(x, actions, bounds) for x in range(num_frames)], dtype=np.float32
    )
    assert np.array_equal(encode(actions, num_frames, bounds), expected)


@given(periods(), st.sampled_from([0.05, 0.5, 0.99]))
@settings(deadline=None, max_examples=50)
def test_time_shift_encoding_meeting_contexts_take_the_milder_shift(
    period: tuple[int, list[int], reference.Bounds], p: float
) -> None:
    num_frames, actions, bounds = period
    shifts = encode(actions, num_frames, bounds)
    for x in range(num_frames):
        earlier = [a for a in actions if a <= x]
        later = [a for a in actions if a > x]
        if earlier and later and x - earlier[-1] >= bounds[2]:
            penalties = [reference.segmentation(p, x - a, bounds) for a in (earlier[-1], later[0])]
            assert reference.segmentation(p, float(shifts[x]), bounds) == pytest.approx(
                min(penalties), abs=1e-12
            )


@given(periods())
@settings(deadline=None, max_examples=50)
def test_time_shift_encoding_is_zero_at_actions_alone(
    period: tuple[int, list[int], reference.Bounds],
) -> None:
    num_frames, actions, bounds = period
    assert np.flatnonzero(encode(actions, num_frames, bounds) == 0).tolist() == actions


def test_time_shift_encoding_tie_goes_to_the_future() -> None:
    # 30 frames after the one action and 30 before the other: exactly halfway into both transitions.
    assert encode([100, 160], 300)[130] == -30
    # The transition before is period as long, so the depth is what counts, not the distance.
    assert encode([100, 145], 300, (-20, -10, 20, 40))[129] == 29
    assert encode([100, 145], 300, (-20, -10, 20, 40))[130] == -15


def test_time_shift_encoding_classes_are_independent() -> None:
    marked = action_frames([50, 90, 120, 121], [0, 2, 0, 2], 200, 3)
    bounds = np.array([[-40, -20, 20, 40], [-7, -3, 3, 7], [-10, -5, 30, 60]], dtype=np.float64)
    together = time_shift_encoding(marked, bounds)
    assert together.dtype == np.float32
    assert together.shape == (200, 3)
    for label, actions in enumerate(([50, 120], [], [90, 121])):
        assert np.array_equal(together[:, label], encode(actions, 200, tuple(bounds[label])))


def test_time_shift_encoding_wrong_slicing_is_refused() -> None:
    marked = action_frames([5], [0], 20, 3)
    for rows in (2, 4):
        with pytest.raises(ConfigError, match="3 classes"):
            time_shift_encoding(marked, np.tile(np.array([BOUNDS], dtype=np.float64), (rows, 1)))


def test_action_frames_past_the_ends_move_to_the_end_frames() -> None:
    marked = action_frames([-3, 25, 4], [0, 1, 1], 20, 2)
    assert np.argwhere(marked).tolist() == [[0, 0], [4, 1], [19, 1]]
    assert action_frames([], [], 3, 2).sum() == 0
    assert action_frames([7, 7], [0, 0], 10, 1).sum() == 1
    with pytest.raises(InputError, match="without frames"):
        action_frames([1], [0], 0, 1)


def test_time_shift_encoding_leaves_the_mask_unchanged() -> None:
    marked = action_frames([50, 90], [0, 1], 200, 17)
    before = marked.copy()
    time_shift_encoding(marked, slicing_for(SOCCERNET_V2, preset="v2").frames(Fraction(2)))
    assert np.array_equal(marked, before)


def test_time_shift_encoding_binary_is_defined_everywhere() -> None:
    slicing = slicing_for(ActionClasses(("a",)), preset="binary", frame_rate=Fraction(2)).frames(
        Fraction(2)
    )
    shifts = time_shift_encoding(action_frames([5, 7], [0, 0], 12, 1), slicing)[:, 0]
    assert shifts.tolist() == [-5, -4, -3, -2, -1, 0, -1, 0, 1, 2, 3, 4]


@pytest.mark.parametrize("rate", [2, 12.5, "25/2", Fraction(30000, 1001)])
def test_encode_shifts_equals_the_steps_by_hand(rate: Fraction | float | str) -> None:
    classes = ActionClasses(("a", "b"))
    actions = [
        Action("b", 2, 3_000),
        Action("a", 2, 9_100),
        Action("other", 2, 10),
        Action("a", 2, 10**6),
    ]
    exact = parse_frame_rate(rate)
    frames = [frame_of_position(position_ms, exact) for position_ms in (3_000, 9_100, 10**6)]
    mask = action_frames(frames, [1, 0, 0], num_frames=200, num_classes=2)
    slicing = ContextSlicing(((-5, -2, 3, 4), (-1, -1, 1, 2)))
    expected = time_shift_encoding(mask, slicing.frames(exact))
    own = encode_shifts(actions, classes, 200, rate, slicing=slicing)
    assert np.array_equal(own, expected)
    assert own.shape == (200, 2)


def test_encode_shifts_task_gives_its_own_slicing() -> None:
    shifts = encode_shifts([], SOCCERNET_V1_TASK, 4, 2)
    assert shifts[0].tolist() == [-40.0, -40.0, -80.0]


def test_encode_shifts_several_periods_are_refused() -> None:
    actions = [Action("goal", 1, 0), Action("goal", 2, 0)]
    with pytest.raises(InputError, match=r"periods \[1, 2\]"):
        encode_shifts(actions, SOCCERNET_V1_TASK, 10, 2)
    with pytest.raises(InputError, match="without frames"):
        encode_shifts(actions[:1], SOCCERNET_V1_TASK, 0, 2)


def test_nearest_shifts_equal_a_slow_reference() -> None:
    random = np.random.default_rng(0)
    for _ in range(20):
        positions = random.uniform(0, 30, size=7)
        columns = random.integers(0, 3, size=7)
        found = nearest_shifts(positions.tolist(), columns.tolist(), 30, 4)
        for frame in range(30):
            for column in range(4):
                own = positions[columns == column]
                expected = NO_ACTION_FRAMES
                if len(own):
                    expected = frame - own[np.abs(own - frame).argmin()]
                assert found[frame, column] == pytest.approx(expected, abs=1e-5)
