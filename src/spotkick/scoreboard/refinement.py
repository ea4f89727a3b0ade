"""Which times of a file have to be looked at again, given what was read so far.

A file is first read at wide steps. Between two readings that fit each other nothing has happened:
the clock ran on, the score stayed. Only where they do not fit, at kick-offs, ends, goals and
misread digits, the time between them is halved until the change is found.
"""

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Final

from spotkick.scoreboard.clock_lines import OFFSET_TOLERANCE_S, ClockLine
from spotkick.scoreboard.readings import Reading

SHARP_S: Final = 0.25
"""A kick-off is known well enough when its offset is known within this range."""

MOST_LOOKS: Final = 10
"""Looks at single frames for each line of readings."""

Readings = Mapping[float, Reading | None]
"""File time -> what was read; None where nothing was."""

Gap = tuple[float, float]
"""Two neighbouring times that were looked at."""


def find_gaps(readings: Readings, interval_s: float) -> list[Gap]:
    """Neighbouring times between which something changes, and which are not near enough.

    Args:
        readings: so far.
        interval_s: nearer times are not looked at between.
    """
    times = sorted(readings)
    clocks = [number for number, time in enumerate(times) if _has_clock(readings[time])]
    scores = [number for number, time in enumerate(times) if _has_score(readings[time])]
    rows = [readings[time] for time in times]
    found = {*_find_changes(rows, clocks, _runs_on), *_find_changes(rows, scores, _same_score)}
    gaps = [(times[number], times[number + 1]) for number in sorted(found)]
    return [gap for gap in gaps if gap[1] - gap[0] > interval_s]


def _has_clock(reading: Reading | None) -> bool:
    return reading is not None and reading.clock_s is not None


def _has_score(reading: Reading | None) -> bool:
    return reading is not None and reading.score is not None


def _find_changes(
    rows: Sequence[Reading | None],
    seen: Sequence[int],
    agrees: Callable[[Reading, Reading], bool],
) -> set[int]:
    """Places in ``rows`` behind which a change may lie.

    Args:
        rows: readings in order of time.
        seen: places of those that show what is compared.
        agrees: whether nothing happened between two readings.
    """
    if not seen:
        return set()

    # where it is first and last seen, if the file goes on there
    found = {number for number in (seen[0] - 1, seen[-1]) if 0 <= number < len(rows) - 1}
    for first, second in pairwise(seen):
        one, other = rows[first], rows[second]
        if one is not None and other is not None and not agrees(one, other):
            # what is hidden between them may be long: only its two ends matter
            found |= {first, second - 1}
    return found


def _runs_on(one: Reading, other: Reading) -> bool:
    """Whether the clock runs with the file from one reading to the other, or stands still."""
    slack_s = OFFSET_TOLERANCE_S + max(one.resolution_s, other.resolution_s) - 1
    return one.clock_s == other.clock_s or abs(one.offset_s - other.offset_s) < slack_s


def _same_score(one: Reading, other: Reading) -> bool:
    return one.score == other.score


def sharpen_line(line: ClockLine, look: Callable[[float], Reading | None]) -> list[Reading]:
    """Look at single frames around steps of a clock, until its offset is known well.

    Args:
        line: readings that agree.
        look: reads the frame at a file time.

    Returns:
        new readings; each halves the range that the offset may have.
    """
    low, high = line.offset_s - line.uncertainty_s, line.offset_s + line.uncertainty_s
    found: list[Reading] = []
    for number in range(MOST_LOOKS):
        if high - low < SHARP_S:
            break

        # a step of the clock behind one of the readings, others if this one is hidden
        anchor = line.readings[(number * 7 + 3) % len(line.readings)]
        step_s = float(anchor.clock_s or 0) + anchor.resolution_s
        reading = look((low + high) / 2 + step_s)
        if reading is None or reading.clock_s is None:
            continue
        if abs(reading.clock_s + anchor.resolution_s / 2 - step_s) > anchor.resolution_s:
            continue  # misread
        found.append(reading)
        if reading.clock_s >= step_s:
            high = min(high, reading.file_s - step_s)
        else:
            low = max(low, reading.file_s - step_s)
    return found
