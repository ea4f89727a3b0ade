"""From stretches of a running clock to the periods of a match: kick-offs, ends, added time.

A clock may run through (45:00 at the second kick-off) or restart at 0:00; it may be hidden for
minutes; a programme may show stretches of it again in the interval. Periods follow each other in
time, and their clocks begin at 0, 45, 90 and 105 minutes or at 0 each time.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from spotkick.scoreboard.clock_lines import ClockLine
from spotkick.scoreboard.readings import Reading
from spotkick.timeline import SOCCER_PERIODS_S

SAME_OFFSET_S: Final = 2.5
"""Lines whose offsets differ by less are one line with a break."""

REPEAT_SHARE: Final = 0.2
"""A line that repeats clock times of a much longer one, and is shorter than this part of it, is a
repetition in the programme, not a period."""

FLEETING_S: Final = 90.0
"""A line so short is a scene of another match, or shown again, beside one of `LONG_S`."""

LONG_S: Final = 20 * 60.0

JUMP_S: Final = 180.0
"""Where a clock is set anew, or a programme leaves out a part, its offset changes by at most this
much within a period."""

LONGEST_FROZEN_S: Final = 8 * 60.0
"""A clock that stands still at the regular end of a period still belongs to it for so long."""

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


def find_periods(lines: Sequence[ClockLine], readings: Iterable[Reading] = ()) -> list[FoundPeriod]:
    """Number the lines and find their kick-offs.

    Args:
        lines: of one file, in order of their first reading.
        readings: everything that was read; a clock that stands still at 45:00 while added time is
            played lengthens its period.
    """
    joined = _drop_repetitions(_drop_fleeting(_drop_contradictions(_join_lines(lines))))
    periods: list[FoundPeriod] = []
    longest: list[ClockLine] = []
    for line in joined:
        if periods and _continues_after_jump(line, periods[-1], longest[-1]):
            # the kick-off by the line that was seen more often
            best = max(longest[-1], line, key=lambda one: len(one.readings))
            last = periods[-1]
            again = _make_period(best, last.period, last.clock_base_s)
            periods[-1] = replace(again, end_s=max(last.end_s, line.last_s))
            longest[-1] = best
        elif (base := _base_of(line, periods)) is not None:
            periods.append(_make_period(line, *base))
            longest.append(line)
    return _extend_frozen(periods, [r for r in readings if r.clock_s is not None])


def _continues_after_jump(line: ClockLine, period: FoundPeriod, former: ClockLine) -> bool:
    """Whether a line goes on where the clock of a period was set anew."""
    regular_end_s = period.clock_base_s + period.length_s
    begins_next = (
        abs(line.first_clock_s - regular_end_s) < JUMP_S
        and former.last_clock_s > line.first_clock_s
    )
    return (
        not begins_next
        and line.first_s > former.last_s
        and abs(line.offset_s - former.offset_s) < JUMP_S
        and line.first_clock_s > former.last_clock_s - JUMP_S
        and line.first_s - period.end_s < JUMP_S
    )


def _extend_frozen(
    periods: Sequence[FoundPeriod], readings: Sequence[Reading]
) -> list[FoundPeriod]:
    """Let a period last while the clock shows its regular end."""
    extended = []
    for number, period in enumerate(periods):
        last_s = period.start_s + period.length_s + LONGEST_FROZEN_S
        if number + 1 < len(periods):
            last_s = min(last_s, periods[number + 1].start_s - 1)
        regular_end_s = round(period.clock_base_s + period.length_s)
        frozen = [
            reading.file_s
            for reading in readings
            if reading.clock_s == regular_end_s and period.end_s < reading.file_s <= last_s
        ]
        extended.append(replace(period, end_s=max([period.end_s, *frozen])))
    return extended


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


def _drop_contradictions(lines: Sequence[ClockLine]) -> list[ClockLine]:
    """Leave out lines that lie inside longer ones: a digit that was misread for a while.

    A clock shows one time only, so that of two lines at the same time the longer one is right.
    """
    kept: list[ClockLine] = []
    for line in sorted(lines, key=lambda line: -len(line.readings)):
        length_s = max(line.last_s - line.first_s, 1.0)
        inside = (
            min(line.last_s, other.last_s) - max(line.first_s, other.first_s) for other in kept
        )
        if all(shared_s < length_s / 2 for shared_s in inside):
            kept.append(line)
    return sorted(kept, key=lambda line: line.first_s)


def _drop_fleeting(lines: Sequence[ClockLine]) -> list[ClockLine]:
    """Leave out scenes of seconds where whole periods were read: a studio shows other matches."""
    lengths_s = [line.last_s - line.first_s for line in lines]
    if max(lengths_s, default=0.0) < LONG_S:
        return list(lines)
    return [line for line, s in zip(lines, lengths_s, strict=True) if s >= FLEETING_S]


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
