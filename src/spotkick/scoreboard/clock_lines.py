"""From readings of a match clock to stretches in which it runs with the file.

While a clock runs, file time minus clock time stays the same; replays, graphics and misread digits
only leave out or disturb single readings. A stretch with one such offset is a `ClockLine`. Its
offset is known better than to a second: each reading says that the clock stepped to the second that
it shows within the second before.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from spotkick.scoreboard.readings import Reading

OFFSET_TOLERANCE_S: Final = 1.6
"""Readings of one line differ in their offset by less than this, beyond the step of the clock."""

LONGEST_BREAK_S: Final = 25 * 60.0
"""A line goes on behind a break of at most so many seconds without a reading."""

_PAIR_S: Final = 3.5
"""Readings are compared over at least this long: the step of a clock is a second."""

MIN_READINGS: Final = 4
"""A line has at least so many readings ..."""

MIN_SPAN_S: Final = 3.0
"""... and is at least so long. Shorter ones are misread digits."""


@dataclass(frozen=True, slots=True)
class ClockLine:
    """A stretch of a file in which the match clock runs.

    Attributes:
        offset_s: file time at which the clock would have shown 0:00; negative where that lies
            before the file.
        readings: those that agree, in order of file time.
        uncertainty_s: half the width of the range that all readings allow.
    """

    offset_s: float
    readings: tuple[Reading, ...]
    uncertainty_s: float

    @property
    def first_s(self) -> float:
        """File time of the first reading."""
        return self.readings[0].file_s

    @property
    def last_s(self) -> float:
        """File time of the last reading."""
        return self.readings[-1].file_s

    @property
    def first_clock_s(self) -> float:
        """Clock at the first reading."""
        return self.first_s - self.offset_s

    @property
    def last_clock_s(self) -> float:
        """Clock at the last reading."""
        return self.last_s - self.offset_s


def find_clock_lines(readings: Iterable[Reading]) -> list[ClockLine]:
    """Group readings by their offset.

    Args:
        readings: of one file; those without a clock are ignored.

    Returns:
        lines in order of their first reading.
    """
    chains: list[list[Reading]] = []
    ordered = sorted(
        (reading for reading in readings if reading.clock_s is not None),
        key=lambda reading: reading.file_s,
    )
    for reading in ordered:
        fitting = [chain for chain in chains if _continues(chain, reading)]
        if fitting:
            max(fitting, key=len).append(reading)
        else:
            chains.append([reading])

    lines = [_fit_line(chain) for chain in chains if _is_long_enough(chain)]
    return sorted(lines, key=lambda line: line.first_s)


def _continues(chain: Sequence[Reading], reading: Reading) -> bool:
    """Whether a reading has the offset of a chain's last ones."""
    last = chain[-1]
    if reading.file_s - last.file_s > LONGEST_BREAK_S:
        return False
    recent = [other.offset_s - other.resolution_s / 2 for other in chain[-9:]]
    slack = OFFSET_TOLERANCE_S + (reading.resolution_s - 1)
    own = reading.offset_s - reading.resolution_s / 2
    return abs(own - float(np.median(recent))) < slack


def _is_long_enough(chain: Sequence[Reading]) -> bool:
    """A line must be seen to run: several readings, and more than one clock value."""
    values = {reading.clock_s for reading in chain}
    return (
        len(chain) >= MIN_READINGS
        and chain[-1].file_s - chain[0].file_s >= MIN_SPAN_S
        and len(values) > 1
    )


def _fit_line(chain: Sequence[Reading]) -> ClockLine:
    """The offset that most readings allow.

    A reading of c at time t allows offsets from t - c - step to t - c. The point inside most of
    these intervals is taken, in the middle of the range that allows the same number.
    """
    steps = np.array([reading.resolution_s for reading in chain], dtype=np.float64)
    upper = np.array([reading.offset_s for reading in chain])
    lower = upper - steps
    edges = np.unique(np.concatenate([lower, upper]))
    middles = (edges[1:] + edges[:-1]) / 2

    # (candidates,) number of readings that allow each range between two edges
    votes = np.array([np.count_nonzero((lower <= m) & (m <= upper)) for m in middles])
    best = np.flatnonzero(votes == votes.max())
    low, high = edges[best[0]], edges[best[-1] + 1]
    offset_s = float(low + high) / 2
    return ClockLine(offset_s, tuple(chain), uncertainty_s=float(high - low) / 2)


@dataclass(frozen=True, slots=True)
class ClockSpeed:
    """How a clock runs against the file.

    Attributes:
        forward: pairs of neighbouring readings between which the clock ran at the file's speed.
        backward: pairs between which it counted down, with or without standing still in between.
        other: pairs with another speed.
    """

    forward: int
    backward: int
    other: int

    @property
    def counts_down(self) -> bool:
        """Whether the clock counts down, as in basketball or ice hockey, where it often stops."""
        return self.backward > 2 * (self.forward + self.other) and self.backward >= MIN_READINGS

    @property
    def contradicts(self) -> bool:
        """Whether most pairs fit neither direction."""
        return self.other > self.forward + self.backward and self.other >= MIN_READINGS


def measure_speed(readings: Iterable[Reading]) -> ClockSpeed:
    """Compare each reading of whole seconds with the next one that is some seconds later."""
    clocks = sorted(
        (r for r in readings if r.clock_s is not None and r.resolution_s == 1),
        key=lambda reading: reading.file_s,
    )
    forward = backward = other = 0
    for number, first in enumerate(clocks):
        second = next((r for r in clocks[number:] if r.file_s >= first.file_s + _PAIR_S), None)
        if second is None or second.file_s - first.file_s > 60:
            continue
        elapsed_s = second.file_s - first.file_s
        step_s = float(second.clock_s or 0) - float(first.clock_s or 0)
        if abs(step_s - elapsed_s) <= OFFSET_TOLERANCE_S:
            forward += 1
        elif -elapsed_s - OFFSET_TOLERANCE_S <= step_s < 0:
            backward += 1
        elif step_s != 0:
            other += 1
    return ClockSpeed(forward, backward, other)
