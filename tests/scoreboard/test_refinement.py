"""Looking again only where readings do not fit: against a clock whose whole course is known."""

from collections.abc import Callable

import pytest

from spotkick.scoreboard.clock_lines import find_clock_lines
from spotkick.scoreboard.readings import Reading
from spotkick.scoreboard.refinement import SHARP_S, find_gaps, sharpen_line

Course = Callable[[float], Reading | None]


def evening(time_s: float) -> Reading | None:
    """Kick-offs at 101.3 and 1000.6 s, a goal at 400 s, hidden for 30 s from 300 s on."""
    if 300 <= time_s < 330:
        return None
    for start, end, base in ((101.3, 700.0, 0), (1000.6, 1500.0, 2700)):
        if start <= time_s < end:
            return Reading(time_s, int(time_s - start + base), score=(int(time_s >= 400), 0))
    return None


def refine(course: Course, step_s: float, end_s: float, interval_s: float = 4.0) -> list[float]:
    """All times that are looked at."""
    found = {step_s * number: course(step_s * number) for number in range(int(end_s / step_s) + 1)}
    while gaps := find_gaps(found, interval_s):
        found |= {sum(gap) / 2: course(sum(gap) / 2) for gap in gaps}
    return sorted(found)


def test_find_gaps_changes_are_looked_at_closely_and_the_rest_is_not() -> None:
    times = refine(evening, 20.0, 1600.0)
    for change in (101.3, 400.0, 700.0, 1000.6, 1500.0):
        before = max(time for time in times if time < change)
        after = min(time for time in times if time >= change)
        assert after - before <= 4.0
    assert len(times) < 110  # 81 wide steps, and a few looks for each change


def test_find_gaps_clock_that_stands_still_is_not_looked_at_closely() -> None:
    readings: dict[float, Reading | None] = {
        20.0 * step: Reading(20.0 * step, 2700, score=(0, 0)) for step in range(10)
    }
    assert find_gaps(readings, 4.0) == []


def test_find_gaps_nothing_read_gives_none() -> None:
    assert find_gaps({0.0: None, 20.0: None}, 4.0) == []


@pytest.mark.parametrize("resolution_s", [1, 60])
def test_sharpen_line_offset_is_known_to_a_part_of_a_second(resolution_s: int) -> None:
    offset_s = 57.613

    def look(time_s: float) -> Reading:
        shown = int((time_s - offset_s) // resolution_s) * resolution_s
        return Reading(time_s, shown, resolution_s)

    times = [80.0 + 20 * step for step in range(100)]
    (line,) = find_clock_lines([look(time) for time in times])
    again = sharpen_line(line, look)
    (sharp,) = find_clock_lines([*line.readings, *again])
    assert abs(sharp.offset_s - offset_s) <= sharp.uncertainty_s <= SHARP_S


def test_sharpen_line_hidden_or_misread_frames_add_nothing() -> None:
    times = [20.0 * step for step in range(1, 30)]
    (line,) = find_clock_lines([Reading(time, int(time)) for time in times])
    assert sharpen_line(line, lambda _: None) == []
    assert sharpen_line(line, lambda time: Reading(time, 5000)) == []
