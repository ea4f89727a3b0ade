"""Readings of a scoreboard over the length of a file."""

from dataclasses import dataclass
from typing import Final

from spotkick.scoreboard.board import PERIOD_ENDS_S, Scoreboard

LAST_CLOCK_S: Final = 150 * 60
"""No match clock shows more: two hours of play, and added time."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What the scoreboard showed at one time of the file.

    Attributes:
        file_s: seconds from the first frame of the file.
        clock_s: seconds on the match clock, added time included (45:00 + 2:13 is 2833); None where
            no clock could be read.
        resolution_s: the clock shows whole steps of so many seconds: 1, or 60 for minutes.
        score: goals of both teams, None where they could not be read.
        names: abbreviations of both teams.
        confidence: of the recognition, 0 to 1.
    """

    file_s: float
    clock_s: int | None
    resolution_s: int = 1
    score: tuple[int, int] | None = None
    names: tuple[str | None, str | None] = (None, None)
    confidence: float = 1.0

    @property
    def offset_s(self) -> float:
        """File time at which the clock would have shown 0:00; only for readings with a clock."""
        return self.file_s - float(self.clock_s or 0)


def make_reading(file_s: float, board: Scoreboard) -> Reading:
    """A reading of a scoreboard; clocks that no match reaches are left out."""
    clock_s = board.clock_s
    if clock_s in PERIOD_ENDS_S and board.extra_s is not None:
        clock_s += board.extra_s
    if clock_s is not None and clock_s > LAST_CLOCK_S:
        clock_s = None
    return Reading(
        file_s,
        clock_s,
        resolution_s=60 if board.minute_only else 1,
        score=board.score,
        names=(board.home, board.away),
        confidence=board.confidence,
    )
