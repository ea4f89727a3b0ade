"""From stretches of a running clock to the periods of a match: kick-offs, ends, added time.

A clock may run through (45:00 at the second kick-off) or restart at 0:00; it may be hidden for
minutes; a programme may show stretches of it again in the interval. Periods follow each other in
time, and their clocks begin at 0, 45, 90 and 105 minutes or at 0 each time.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from spotkick.scoreboard.clock_lines import ClockLine
from spotkick.timeline import SOCCER_PERIODS_S

SAME_OFFSET_S: Final = 2.5
"""Lines whose offsets differ by less are one line with a break."""

REPEAT_SHARE: Final = 0.2
"""A line that repeats clock times of a much longer one, and is shorter than this part of it, is a
repetition in the programme, not a period."""

EARLY_S: Final = 30.0
"""A clock that starts so much before its period's time still belongs to it: reading is uncertain at
the seconds around kick-off, and some clocks are started late."""


@dataclass(frozen=True, slots=True)
class FoundPeriod:
    """A period of a match in a file.

    Attributes:
        period: from 1.
        start_s: kick-off in seconds from the first frame of the file; negative before it.
        end_s: last time at which the clock was seen to run.
        clock_base_s: what the clock shows at kick-off.
        length_s: regular length.
        num_readings: readings that agree.
        uncertainty_s: of the kick-off.
        confidence: 0 to 1, from the number of readings and how far from kick-off they begin.
    """

    period: int
    start_s: float
    end_s: float
    clock_base_s: float
    length_s: float
    num_readings: int
    uncertainty_s: float
    confidence: float

    @property
    def added_s(self) -> float:
        """Time played beyond the regular length, 0 where the clock did not reach it."""
        return max(0.0, self.end_s - self.start_s - self.length_s)


def find_periods(lines: Sequence[ClockLine]) -> list[FoundPeriod]:
    """Number the lines and find their kick-offs.

    Args:
        lines: of one file, in order of their first reading.
    """
    joined = _drop_repetitions(_join_lines(lines))
    periods: list[FoundPeriod] = []
    for line in joined:
        base = _base_of(line, periods)
        if base is not None:
            periods.append(_make_period(line, *base))
    return periods


def _join_lines(lines: Sequence[ClockLine]) -> list[ClockLine]:
    """Make one line of those with the same offset."""
    joined: list[ClockLine] = []
    for line in sorted(lines, key=lambda line: line.first_s):
        same = next((o for o in joined if abs(o.offset_s - line.offset_s) < SAME_OFFSET_S), None)
        if same is None:
            joined.append(line)
            continue
        longer = max(same, line, key=lambda one: len(one.readings))
        readings = sorted((*same.readings, *line.readings), key=lambda reading: reading.file_s)
        joined[joined.index(same)] = replace(longer, readings=tuple(readings))
    return joined


def _drop_repetitions(lines: Sequence[ClockLine]) -> list[ClockLine]:
    """Leave out stretches that show the clock of another, longer line again."""
    kept = []
    for line in lines:
        repeats = any(
            other is not line
            and len(line.readings) < REPEAT_SHARE * len(other.readings)
            and line.first_s > other.first_s
            and other.first_clock_s - EARLY_S <= line.first_clock_s
            and line.last_clock_s <= other.last_clock_s + EARLY_S
            for other in lines
        )
        if not repeats:
            kept.append(line)
    return kept


def _base_of(line: ClockLine, before: Sequence[FoundPeriod]) -> tuple[int, float] | None:
    """Number of a line's period and the clock at its kick-off; None for no new period."""
    starts = [float(sum(SOCCER_PERIODS_S[:index])) for index in range(len(SOCCER_PERIODS_S))]
    last = before[-1] if before else None
    first_period = 0 if last is None else last.period

    # A clock that runs through: the latest kick-off time that the line has passed.
    passed = [index for index, start in enumerate(starts) if start - EARLY_S <= line.first_clock_s]
    period = max(passed, default=0) + 1
    if period > first_period:
        return period, starts[period - 1]

    # A clock that restarts: after the period before it, near 0:00.
    if last is not None and line.first_s > last.end_s and line.first_clock_s < last.length_s / 2:
        return last.period + 1, 0.0
    return None


def _make_period(line: ClockLine, period: int, base_s: float) -> FoundPeriod:
    start_s = line.offset_s + base_s
    seen_late_s = max(0.0, line.first_s - start_s)
    enough = min(1.0, len(line.readings) / 20)
    return FoundPeriod(
        period,
        start_s,
        end_s=line.last_s,
        clock_base_s=base_s,
        length_s=float(SOCCER_PERIODS_S[period - 1]),
        num_readings=len(line.readings),
        uncertainty_s=line.uncertainty_s,
        confidence=round(enough * (1.0 if seen_late_s < 15 * 60 else 0.8), 3),
    )
