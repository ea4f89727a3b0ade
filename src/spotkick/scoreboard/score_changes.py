"""Changes of the score on the scoreboard, and goals that were taken back."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from spotkick.scoreboard.readings import Reading

MIN_AGREEING: Final = 2
"""So many readings in a row must show a new score before it is believed."""

MOST_GOALS: Final = 30
"""A number above this is misread."""


@dataclass(frozen=True, slots=True)
class ScoreChange:
    """The score changes between two readings.

    Attributes:
        before_s: file time of the last reading of the old score.
        after_s: file time of the first reading of the new one.
        old: goals of both teams before.
        new: and after.
        taken_back: whether a later reading shows the old score again: the goal did not stand.
        names: abbreviations of both teams.
    """

    before_s: float
    after_s: float
    old: tuple[int, int]
    new: tuple[int, int]
    taken_back: bool = False
    names: tuple[str | None, str | None] = (None, None)

    @property
    def side(self) -> int:
        """0 where the first team scored, 1 where the second did."""
        return 0 if self.new[0] > self.old[0] else 1

    @property
    def goals(self) -> int:
        """Number of goals between the two readings."""
        return sum(self.new) - sum(self.old)


def find_score_changes(readings: Iterable[Reading]) -> list[ScoreChange]:
    """Steps of the score in a file, in order.

    Args:
        readings: in any order; those without a score are ignored.
    """
    scores = [
        reading
        for reading in sorted(readings, key=lambda reading: reading.file_s)
        if reading.score is not None and max(reading.score) <= MOST_GOALS
    ]
    steps = _stable_steps(scores)
    changes: list[ScoreChange] = []
    for (old, old_last_s), (new, new_first_s, names) in steps:
        if sum(new) > sum(old) and new[0] >= old[0] and new[1] >= old[1]:
            changes.append(ScoreChange(old_last_s, new_first_s, old, new, names=names))
        elif changes:
            _take_back(changes, new)
    return changes


def _take_back(changes: list[ScoreChange], score: tuple[int, int]) -> None:
    """Mark the goals that a lower score undoes."""
    for index, change in enumerate(changes):
        if change.new[0] > score[0] or change.new[1] > score[1]:
            changes[index] = replace(change, taken_back=True)


Step = tuple[
    tuple[tuple[int, int], float], tuple[tuple[int, int], float, tuple[str | None, str | None]]
]


def _stable_steps(scores: Sequence[Reading]) -> list[Step]:
    """(old score, its last time), (new score, its first time, names) of each believed change."""
    steps: list[Step] = []
    current: tuple[int, int] | None = None
    current_last_s = 0.0
    pending: list[Reading] = []
    for reading in scores:
        if reading.score is None:
            continue
        if reading.score == current:
            current_last_s, pending = reading.file_s, []
            continue

        # another score: believed when readings agree
        pending = (
            [*pending, reading] if pending and pending[0].score == reading.score else [reading]
        )
        if len(pending) < MIN_AGREEING:
            continue
        if current is not None:
            first = pending[0]
            steps.append(((current, current_last_s), (reading.score, first.file_s, first.names)))
        current, current_last_s, pending = reading.score, reading.file_s, []
    return steps
