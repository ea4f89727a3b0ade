"""Which clips fit into a duration: an exact knapsack in which further clips of a class count less.

Without that rule a match of three goals and forty corners would become a reel of corners. The k-th
most valuable chosen clip of a class counts ``repeat_share ** (k - 1)`` of its value.
"""

import math
from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from spotkick.errors import InputError
from spotkick.highlights.clips import Clip

_TICKS_PER_S: Final = 10
_MAX_TICKS: Final = 2000
"""A reel of more than 200 s is planned in coarser steps, which keeps the table small."""

Table = npt.NDArray[np.float64]


def choose_clips(
    clips: Sequence[Clip], budget_s: float, *, repeat_share: float = 0.85
) -> tuple[Clip, ...]:
    """Choose the clips that are worth most together and fit into a duration.

    Lengths are rounded up to tenths of a second (coarser in reels of more than 200 s), so that the
    sum never exceeds the budget. The result is deterministic.

    Args:
        clips: candidates, in order of time.
        budget_s: longest sum of durations.
        repeat_share: what a further clip of a class counts, see above.

    Returns:
        the chosen clips, in the given order.

    Raises:
        InputError: if every clip is longer than the budget.
    """
    shortest_s = min((clip.duration_s for clip in clips), default=0.0)
    if clips and shortest_s > budget_s:
        raise InputError(
            f"a reel of {budget_s:g} s has no room for the shortest clip ({shortest_s:.1f} s): "
            f"allow a longer duration, or give shorter leads"
        )
    if sum(clip.duration_s for clip in clips) <= budget_s:
        return tuple(clips)

    # best[t] is the value of the best reel of at most t ticks from the classes seen so far.
    ticks_per_s = min(_TICKS_PER_S, _MAX_TICKS / budget_s)
    capacity = math.floor(budget_s * ticks_per_s)
    best = np.zeros(capacity + 1)
    tables: list[_ClassTable] = []
    for label in sorted({clip.main.label for clip in clips}):
        members = [index for index, clip in enumerate(clips) if clip.main.label == label]
        members.sort(key=lambda index: (-clips[index].value, index))
        table = _ClassTable(
            members,
            lengths=[
                math.ceil(round(clips[index].duration_s * ticks_per_s, 6)) for index in members
            ],
            values=[clips[index].value for index in members],
            before=best,
            share=repeat_share,
        )
        tables.append(table)
        best = table.best

    # Follow the decisions back from the last class to the first.
    chosen: list[int] = []
    left = capacity
    for table in reversed(tables):
        indices, left = table.trace_back(left)
        chosen += indices
    return tuple(clips[index] for index in sorted(chosen))


class _ClassTable:
    """Best reels of every length once the clips of one more class may be used."""

    def __init__(
        self,
        members: list[int],
        *,
        lengths: list[int],
        values: list[float],
        before: Table,
        share: float,
    ) -> None:
        """Fill the table.

        Args:
            members: clips of the class, the most valuable first, so that the k-th one taken counts
                ``share ** (k - 1)``.
            lengths: of them, in ticks.
            values: of them.
            before: value of the best reel of at most each length without this class.
            share: what a further clip of the class counts.
        """
        self._members, self._lengths = members, lengths
        most = min(len(members), (len(before) - 1) // max(1, min(lengths)))

        # (clips taken of this class, ticks)
        by_count = np.full((most + 1, len(before)), -np.inf)
        by_count[0] = before
        # (members, clips taken, ticks): whether the best reel takes the member
        self._taken = np.zeros((len(members), most + 1, len(before)), dtype=bool)

        for number, (length, value) in enumerate(zip(lengths, values, strict=True)):
            for count in range(min(number + 1, most), 0, -1):
                row = by_count[count]
                with_clip = np.full(len(before), -np.inf)
                with_clip[length:] = by_count[count - 1][
                    : max(0, len(before) - length)
                ] + value * share ** (count - 1)
                better = with_clip > row
                self._taken[number, count] = better
                row[better] = with_clip[better]

        self._count = by_count.argmax(axis=0)
        self.best: Table = by_count.max(axis=0)

    def trace_back(self, left: int) -> tuple[list[int], int]:
        """Clips of this class in the best reel of at most ``left`` ticks; ticks left over."""
        count, indices = int(self._count[left]), []
        for number in reversed(range(len(self._members))):
            if self._taken[number, count, left]:
                indices.append(self._members[number])
                left -= self._lengths[number]
                count -= 1
        return indices, left
