"""What may have gone wrong with the times of predictions: each mistake, and how it is undone.

Everything works on arrays, so that dozens of explanations can be tried on a whole set.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Final

import numpy as np
import numpy.typing as npt

from spotkick.actions import MatchActions
from spotkick.doctor.times import Times
from spotkick.timeline import format_clock

KICK_OFF_S: Final = 45 * 60
UNITS: Final = {
    "seconds": Fraction(1000),
    "hundredths of a second": Fraction(10),
    "minutes": Fraction(60_000),
    "microseconds": Fraction(1, 1000),
    "nanoseconds": Fraction(1, 1_000_000),
}
"""Milliseconds of each unit that is written by mistake."""

FRAME_RATES: Final = (1, 2, 5, 10, Fraction(25, 2), 15, 24, 25, Fraction(30000, 1001), 30, 50, 60)
"""Frames per second in which positions are counted by mistake."""

RATE_MISTAKES: Final = (
    (2, 1), (1, 2), (24, 25), (25, 24), (25, 30), (30, 25), (25, 2), (2, 25), (5, 2), (2, 5),
    (25, 50), (1001, 1000), (1000, 1001),
)  # fmt: skip
"""(rate that was meant, rate that was assumed) where frames were turned into times."""


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """One explanation of times that are wrong.

    Attributes:
        title: what is wrong, as a clause about the predictions; empty when nothing is.
        fix: what to do.
        undo: gives the period and position (in seconds) that were meant.
        cost: how much better it must explain the labels than one of cost 0, as a share of them.
    """

    title: str
    fix: str
    undo: Callable[
        [npt.NDArray[np.intp], npt.NDArray[np.float64]],
        tuple[npt.NDArray[np.intp], npt.NDArray[np.float64]],
    ]
    cost: float = 0.02

    def apply(self, times: Times) -> Times:
        """The times that were meant."""
        period, position_s = self.undo(times.period, times.position_s)
        return replace(times, period=period, position_s=position_s)

    def apply_to(self, match: MatchActions) -> MatchActions:
        """A whole match with the times that were meant."""
        if not match.actions:
            return match
        period = np.array([action.period for action in match.actions], dtype=np.intp)
        position_s = np.array([action.position_s for action in match.actions], dtype=np.float64)
        period, position_s = self.undo(period, position_s)
        moved = tuple(
            replace(action, period=int(number), position_ms=round(1000 * float(seconds)))
            for action, number, seconds in zip(match.actions, period, position_s, strict=True)
        )
        return MatchActions(match.match, moved)


def explain_times() -> Iterator[Hypothesis]:
    """All explanations that need no estimate; the first one is that nothing is wrong."""
    yield Hypothesis("", "", lambda period, position: (period, position), cost=0.0)

    # Periods.
    yield Hypothesis(
        "the halves are swapped",
        "number the first half 1 and the second 2",
        lambda period, position: (np.where(period <= 2, 3 - period, period), position),
    )
    yield Hypothesis(
        "periods are counted from 0",
        "add 1 to every period",
        lambda period, position: (period + 1, position),
    )
    yield Hypothesis(
        "periods are counted from 2",
        "subtract 1 from every period",
        lambda period, position: (period - 1, position),
    )
    yield Hypothesis(
        "the second half is counted on in the first, from the kick-off of the match",
        "write period 2, and positions since the start of the second half",
        lambda period, position: (
            np.where((period == 1) & (position >= KICK_OFF_S), 2, period),
            np.where((period == 1) & (position >= KICK_OFF_S), position - KICK_OFF_S, position),
        ),
        cost=0.04,
    )

    # Units, and rates at which frames were turned into times.
    for unit, factor in UNITS.items():
        yield _scale_positions(
            f"positions are {unit}, not milliseconds", factor, f"multiply by {factor}"
        )
    for rate in FRAME_RATES:
        factor = Fraction(1000) / Fraction(rate)
        shown = f"{float(rate):.5g}"
        yield _scale_positions(
            f"positions are frames at {shown} per second, not milliseconds",
            factor,
            f"multiply them by {float(factor):.6g}",
        )
    for meant, assumed in RATE_MISTAKES:
        yield _scale_positions(
            f"frames were turned into times at {assumed} per second and not at {meant}"
            if max(meant, assumed) < 100
            else "times run at another speed (29.97 or 59.94 taken for 30 or 60, or the reverse)",
            Fraction(assumed, meant),
            f"multiply positions by {assumed}/{meant}",
        )


def _scale_positions(title: str, factor: Fraction, fix: str) -> Hypothesis:
    number = float(factor)
    return Hypothesis(title, fix, lambda period, position: (period, position * number))


def shift(base: Hypothesis, offsets_s: dict[int, float]) -> Hypothesis:
    """An explanation with shifts on top.

    Args:
        base: what else is wrong.
        offsets_s: seconds to add by period, 0 for all other ones.
    """
    common = offsets_s.get(0, 0.0)

    def undo(
        period: npt.NDArray[np.intp], position_s: npt.NDArray[np.float64]
    ) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.float64]]:
        period, position_s = base.undo(period, position_s)
        moved = position_s + common
        for number, offset_s in offsets_s.items():
            if number:
                moved = np.where(period == number, position_s + offset_s, moved)
        return period, moved

    title, fix = _describe_shift(offsets_s)
    joined = [text for text in (base.title, title) if text]
    fixes = [text for text in (base.fix, fix) if text]
    cost = base.cost + 0.02 * len(offsets_s)
    return Hypothesis(" and ".join(joined), "; ".join(fixes), undo, cost)


def _describe_shift(offsets_s: dict[int, float]) -> tuple[str, str]:
    titles, fixes = [], []
    for number, offset_s in sorted(offsets_s.items()):
        of = f" of period {number}" if number else ""
        if number == 2 and abs(offset_s + KICK_OFF_S) < KICK_OFF_S / 3:
            titles.append("the second half is counted from the kick-off of the match")
            fixes.append(f"subtract {-offset_s:.0f} s from positions of the second half")
            continue
        late = "late" if offset_s < 0 else "early"
        amount = f"{abs(offset_s):.1f} s" if abs(offset_s) < 60 else format_clock(abs(offset_s))
        verb, way = ("subtract", "from") if offset_s < 0 else ("add", "to")
        titles.append(f"all times{of} are {amount} {late}")
        fixes.append(f"{verb} {abs(offset_s):.1f} s {way} every position{of}")
    return " and ".join(titles), "; ".join(fixes)
