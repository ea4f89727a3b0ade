from array import array

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spotkick.video.packet_times import (
    NO_TIME,
    PacketTimes,
    fill_times,
    find_holes,
    find_joints,
    first_shown,
    has_steady_rate,
)


@given(
    st.integers(1, 4000),
    st.integers(0, 10**6),
    st.sets(st.integers(10, 190), max_size=15),
    st.randoms(use_true_random=False),
)
def test_find_holes_of_steady_sequence_finds_every_frame_left_out(
    step: int, start: int, left_out: set[int], random: object
) -> None:
    kept = [start + step * n for n in range(200) if n not in left_out]
    random.shuffle(kept)  # type: ignore[attr-defined]
    holes = find_holes(kept, step)
    assert sum(count for _, _, count in holes) == len(left_out)
    for before, after, count in holes:
        assert after - before == (count + 1) * step
        assert {(before - start) // step + 1 + n for n in range(count)} <= left_out


def test_find_holes_of_variable_rate_finds_none() -> None:
    steps = np.random.default_rng(2).choice([1, 2, 4], 300)
    times = np.cumsum(steps).tolist()
    assert find_holes(times, 1) == ()
    assert not has_steady_rate(times)
    assert find_holes([0, 10], 1) == ()


@pytest.mark.parametrize("rate", [24000 / 1001, 25, 30000 / 1001, 60000 / 1001, 120])
def test_has_steady_rate_of_times_rounded_to_milliseconds(rate: float) -> None:
    times = [round(1000 * n / rate) for n in range(500)]
    assert has_steady_rate(times)
    assert find_holes(times, 1000 / rate) == ()


def test_find_joints_jump_forward_counts_where_files_can_be_joined() -> None:
    decoding = np.array([0, 40, 80, 80 + 12_000, 100, 140, 140 + 61_000, 61_180])
    assert find_joints(decoding, 1000.0, forward=True).tolist() == [4, 6]
    assert find_joints(decoding, 1000.0, forward=False).tolist() == [4]


def test_fill_times_takes_other_time_then_the_one_before() -> None:
    times = array("q", [NO_TIME, 5, NO_TIME, NO_TIME])
    otherwise = array("q", [1, 2, 3, NO_TIME])
    assert fill_times(times, otherwise).tolist() == [1, 5, 3, 3]
    assert first_shown(np.array([7, 3, 9])) == 3


def test_lacks_display_times_of_reordered_and_missing_times() -> None:
    known, unknown, raw = PacketTimes(), PacketTimes(), PacketTimes()
    known.pts, known.dts = array("q", [2, 4, NO_TIME]), array("q", [0, 1, 2])
    unknown.pts, unknown.dts = array("q", [NO_TIME, 1, NO_TIME]), array("q", [0, 1, 2])
    raw.pts = raw.dts = array("q", [NO_TIME] * 3)
    assert [times.lacks_display_times for times in (known, unknown, raw)] == [False, True, False]
    assert [times.lacks_all_times for times in (known, unknown, raw)] == [False, False, True]
