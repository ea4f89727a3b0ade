"""Which clips fit into a duration: an exact knapsack in which further clips of a class count less.

Without that rule a match of three goals and forty corners would become a reel of corners. The k-th
most valuable chosen clip of a class counts ``repeat_share ** (k - 1)`` of its value, and never less
than a hundredth of it, so that room is not left empty where a match has hundreds of clips of a
class.
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

_MIN_TICKS: Final = 200
_MAX_CELLS: Final = 200_000_000
"""Largest table, in bytes."""

_LEAST_SHARE: Final = 0.01
"""What even the hundredth clip of a class counts of its value."""

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
    ticks_per_s = min(_TICKS_PER_S, _limit_ticks(clips, budget_s) / budget_s)
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
    chosen += _fill_room(clips, chosen, budget_s)
    return tuple(clips[index] for index in sorted(chosen))


def _limit_ticks(clips: Sequence[Clip], budget_s: float) -> int:
    """Steps in which a reel is planned: fewer where one class has hundreds of short clips."""
    num_rows = 0
    for label in {clip.main.label for clip in clips}:
        lengths_s = [clip.duration_s for clip in clips if clip.main.label == label]
        num_rows += len(lengths_s) * min(len(lengths_s), int(budget_s / min(lengths_s)) + 1)
    return max(_MIN_TICKS, min(_MAX_TICKS, _MAX_CELLS // num_rows))


def _fill_room(clips: Sequence[Clip], chosen: Sequence[int], budget_s: float) -> list[int]:
    """Further clips that fit into what rounding to ticks has left, the most valuable first."""
    left_s = budget_s - sum(clips[index].duration_s for index in chosen)
    added = []
    for index in sorted(set(range(len(clips))) - set(chosen), key=lambda i: (-clips[i].value, i)):
        if clips[index].value > 0 and clips[index].duration_s <= left_s:
            added.append(index)
            left_s -= clips[index].duration_s
    return added


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

        # What the k-th clip counts, k = 1, 2, ...
        weights = np.maximum(_LEAST_SHARE, share ** np.arange(most))[:, None]
        for number, (length, value) in enumerate(zip(lengths, values, strict=True)):
            counts = min(number + 1, most)
            with_clip = np.full((counts, len(before)), -np.inf)
            room = max(0, len(before) - length)
            with_clip[:, length:] = by_count[:counts, :room] + value * weights[:counts]

            better = with_clip > by_count[1 : counts + 1]
            self._taken[number, 1 : counts + 1] = better
            np.copyto(by_count[1 : counts + 1], with_clip, where=better)

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
