import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spotkick.scoreboard.clock_lines import find_clock_lines, measure_speed
from spotkick.scoreboard.readings import Reading


def readings(
    offset_s: float, first_s: float, last_s: float, step_s: float = 4.0, resolution_s: int = 1
) -> list[Reading]:
    """What a clock shows that would have been 0:00 at ``offset_s``."""
    times = np.arange(first_s, last_s, step_s)
    return [
        Reading(float(t), int((t - offset_s) // resolution_s) * resolution_s, resolution_s)
        for t in times
    ]


@settings(max_examples=30, deadline=None)
@given(
    offset_s=st.floats(-2000, 4000).map(lambda value: round(value, 3)),
    step_s=st.sampled_from([1.92, 2.0, 3.7, 4.0, 5.04]),
)
def test_find_clock_lines_running_clock_finds_its_offset_within_half_a_second(
    offset_s: float, step_s: float
) -> None:
    start_s = max(0.0, offset_s + 3)
    (line,) = find_clock_lines(readings(offset_s, start_s, start_s + 600, step_s))
    assert abs(line.offset_s - offset_s) <= line.uncertainty_s + 1e-6
    assert line.uncertainty_s <= 0.5


def test_find_clock_lines_misread_digits_do_not_move_the_offset() -> None:
    good = readings(100.25, 110, 2800)
    wrong = [
        Reading(r.file_s, (r.clock_s or 0) + 600 * (index % 2 * 2 - 1))
        for index, r in enumerate(good[::7])
        if (r.clock_s or 0) > 600
    ]
    kept = [r for index, r in enumerate(good) if index % 7]
    lines = find_clock_lines([*kept, *wrong])
    longest = max(lines, key=lambda line: len(line.readings))
    assert longest.offset_s == pytest.approx(100.25, abs=0.5)
    assert len(longest.readings) == len(kept)


def test_find_clock_lines_replays_that_hide_the_clock_do_not_part_a_line() -> None:
    shown = [r for r in readings(60.5, 70, 2700) if not 500 < r.file_s < 900]
    (line,) = find_clock_lines(shown)
    assert len(line.readings) == len(shown)


def test_find_clock_lines_two_kickoffs_give_two_lines() -> None:
    lines = find_clock_lines([*readings(720.4, 721, 3500), *readings(1800.7, 4501, 7300)])
    assert [line.offset_s for line in lines] == pytest.approx([720.4, 1800.7], abs=0.5)


def test_find_clock_lines_clock_of_minutes_is_found_within_the_step_of_readings() -> None:
    (line,) = find_clock_lines(readings(300.0, 310, 2900, step_s=4.0, resolution_s=60))
    assert line.offset_s == pytest.approx(300.0, abs=4.0)


@pytest.mark.parametrize("count", [0, 1, 3])
def test_find_clock_lines_few_readings_give_none(count: int) -> None:
    assert find_clock_lines(readings(0, 10, 10 + 4 * count)[:count]) == []


def test_find_clock_lines_clock_that_stands_still_gives_none() -> None:
    assert find_clock_lines([Reading(float(t), 2700) for t in range(0, 100, 4)]) == []


def test_measure_speed_counting_up_down_and_fast_are_told_apart() -> None:
    up = measure_speed(readings(0, 10, 200))
    down = measure_speed([Reading(float(t), 1200 - t) for t in range(0, 200, 4)])
    fast = measure_speed([Reading(float(t), 4 * t) for t in range(0, 200, 4)])
    assert (up.counts_down, up.contradicts) == (False, False)
    assert down.counts_down
    assert fast.contradicts
