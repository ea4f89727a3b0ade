"""Actions on the frame grid of the official SoccerNet evaluator, with a count of everything that the grid loses.

The official code writes each action into a vector of 120 minutes per half. What does not fit is
dropped, moved or overwritten there without a word; here it is treated the same, and said.
"""

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

import numpy as np
import numpy.typing as npt

from spotkick.actions import ActionClasses, MatchActions, Visibility
from spotkick.errors import InputError

PERIOD_S: Final = 120 * 60
"""Length of the official vector of a half in seconds."""

OFFICIAL_PERIODS: Final = (1, 2)
"""Periods that the official evaluator counts."""

_FAR_MS: Final = 1e10  # beyond every match, and far from the ends of 64-bit integers


@dataclass(frozen=True, slots=True)
class FrameGrid:
    """The cells that actions fall into: match x period x class x frame.

    Attributes:
        matches: names of the matches, in the order of their index.
        classes: the class list.
        frame_rate: cells per second.
        periods: numbers of the periods that count.
    """

    matches: tuple[str, ...]
    classes: ActionClasses
    frame_rate: Fraction
    periods: tuple[int, ...] = OFFICIAL_PERIODS

    @property
    def num_frames(self) -> int:
        """Cells of a period."""
        return math.ceil(PERIOD_S * self.frame_rate)

    @property
    def rate(self) -> float:
        """Frame rate as the official code multiplies with it."""
        return float(self.frame_rate)


@dataclass(frozen=True, slots=True)
class FramedActions:
    """Actions on a grid, at most one per cell, sorted by match, period, class and frame. All arrays are (n,).

    Attributes:
        grid: where they lie.
        group: number of the (match, period, class) series, in that order of significance.
        frame: frame inside the period.
        value: confidence of predictions; labels have +1 when visible and -1 when not shown.
        source: number of the action in the concatenation of all matches' actions, as they were
            given.
    """

    grid: FrameGrid
    group: npt.NDArray[np.int64]
    frame: npt.NDArray[np.int64]
    value: npt.NDArray[np.float64]
    source: npt.NDArray[np.int64]

    def __len__(self) -> int:
        """Number of actions that are left."""
        return len(self.frame)

    @property
    def key(self) -> npt.NDArray[np.int64]:
        """(n,) ascending position on one axis on which all series follow each other."""
        return self.group * self.grid.num_frames + self.frame

    @property
    def class_index(self) -> npt.NDArray[np.int64]:
        """(n,) column of the class."""
        return self.group % len(self.grid.classes)

    @property
    def match_index(self) -> npt.NDArray[np.int64]:
        """(n,) number of the match."""
        return self.group // (len(self.grid.classes) * len(self.grid.periods))

    @property
    def period(self) -> npt.NDArray[np.int64]:
        """(n,) number of the period as the files have it."""
        return np.asarray(self.grid.periods)[
            self.group // len(self.grid.classes) % len(self.grid.periods)
        ]


def frame_labels(
    labels: Iterable[MatchActions], grid: FrameGrid
) -> tuple[FramedActions, list[str]]:
    """Put labels on the grid.

    Args:
        labels: one entry for each match of the grid, in any order.
        grid: the cells.

    Returns:
        The labels, and one message for each kind of loss.
    """

    def signs(match: MatchActions) -> list[float]:
        return [
            -1.0 if action.visibility is Visibility.NOT_SHOWN else 1.0 for action in match.actions
        ]

    number = {name: index for index, name in enumerate(grid.matches)}
    return _frame(((number[match.match], match, signs(match)) for match in labels), grid, "labels")


def frame_predictions(
    predictions: Iterable[MatchActions], grid: FrameGrid
) -> tuple[FramedActions, list[str]]:
    """Put predictions on the grid; those with a confidence below 0, or none, are left out after they took their cell.

    Args:
        predictions: one entry at least for each match of the grid, in any order. They are read one
            by one and not kept.
        grid: the cells.

    Returns:
        The predictions, and one message for each kind of loss.

    Raises:
        InputError: if a match comes twice or not at all, or a prediction has no confidence, so is a
            label.
    """
    number = {name: index for index, name in enumerate(grid.matches)}
    seen: set[str] = set()

    def wanted() -> Iterator[tuple[int, MatchActions, list[float | None]]]:
        for match in predictions:
            if match.match in seen:
                raise InputError(f"predictions for match {match.match!r} come twice")
            seen.add(match.match)
            if match.match in number:
                yield number[match.match], match, _confidences(match)

    framed, messages = _frame(wanted(), grid, "predictions")
    missing = [name for name in grid.matches if name not in seen]
    if missing:
        have = f"; predictions have names such as {min(seen)!r}" if seen else ""
        raise InputError(
            f"no predictions for {len(missing)} of {len(number)} labelled matches, the first is {missing[0]!r}{have}"
        )
    usable = framed.value >= 0
    if not usable.all():
        messages.append(
            f"{np.sum(~usable)} predictions with a confidence below 0 or not a number were left out"
        )
    above = int(np.sum(framed.value > 1))
    if above:
        messages.append(
            f"{above} predictions have a confidence above 1; the official thresholds end at 1 and see them as equal"
        )
    if len(seen) > len(number):
        messages.append(
            f"predictions for {len(seen) - len(number)} matches without labels were left out"
        )
    return FramedActions(
        grid,
        framed.group[usable],
        framed.frame[usable],
        framed.value[usable],
        framed.source[usable],
    ), messages


def _confidences(match: MatchActions) -> list[float | None]:
    confidences = [action.confidence for action in match.actions]
    if None in confidences:
        action = match.actions[confidences.index(None)]
        raise InputError(
            f"{match.match}: {action.label} at {action.game_time} has no confidence; predictions need one"
        )
    return confidences


def _frame(
    matches: Iterable[tuple[int, MatchActions, Sequence[float | None]]], grid: FrameGrid, what: str
) -> tuple[FramedActions, list[str]]:
    columns = _Columns(grid.classes)
    period_of = {period: index for index, period in enumerate(grid.periods)}
    rows = [np.zeros((5, 0))]
    for number, match, values in matches:
        part = np.empty((5, len(match.actions)))
        part[0] = number
        part[1] = columns.of([action.label for action in match.actions])
        part[2] = [period_of.get(action.period, -1) for action in match.actions]
        part[3] = [action.position_ms for action in match.actions]
        part[4] = values
        rows.append(part)
    match_index, class_index, period_index, position_ms, value = np.concatenate(rows, axis=1)
    match_index, class_index, period_index = (
        row.astype(np.int64) for row in (match_index, class_index, period_index)
    )
    frame = _frames(position_ms.clip(-_FAR_MS, _FAR_MS), grid.frame_rate)

    messages = columns.messages(what)
    known = class_index >= 0
    in_period = known & (period_index >= 0)
    if in_period.sum() < known.sum():
        wanted = " and ".join(str(period) for period in grid.periods)
        messages.append(
            f"{known.sum() - in_period.sum()} {what} in periods other than {wanted} were left out"
        )
    frame, inside = _fold(frame, in_period, grid.num_frames, what, messages)

    group = (match_index * len(grid.periods) + period_index) * len(grid.classes) + class_index
    source = np.flatnonzero(inside)
    key = group[source] * grid.num_frames + frame[source]
    order = np.argsort(key, kind="stable")
    last = np.append(key[order][1:] != key[order][:-1], True)[: len(order)]
    if not last.all():
        messages.append(
            f"{np.sum(~last)} {what} share class and frame with a later one, which replaced them"
        )
    source = source[order[last]]
    return FramedActions(grid, group[source], frame[source], value[source], source), messages


def _frames(position_ms: npt.NDArray[np.float64], rate: Fraction) -> npt.NDArray[np.int64]:
    """Frames of positions, cut towards zero."""
    if rate.denominator == 1:
        return np.trunc(float(rate) * (position_ms / 1000)).astype(
            np.int64
        )  # the official expression, with its rounding errors
    whole = (
        np.abs(position_ms).astype(np.int64) * rate.numerator // (1000 * rate.denominator)
    )  # 29.97: there is no official one
    return np.sign(position_ms).astype(np.int64) * whole


def _fold(
    frame: npt.NDArray[np.int64],
    counted: npt.NDArray[np.bool_],
    num_frames: int,
    what: str,
    messages: list[str],
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
    """Clamp late frames to the last one, wrap negative ones to the end as a negative index does, mark what still lies outside."""
    late = counted & (frame >= num_frames)
    early = counted & (frame < 0)
    lost = counted & (frame < -num_frames)
    minutes = PERIOD_S // 60
    if late.any():
        messages.append(f"{late.sum()} {what} after {minutes} minutes were moved to the last frame")
    if early.sum() > lost.sum():
        messages.append(
            f"{early.sum() - lost.sum()} {what} before the start of their period were counted back from {minutes} minutes"
        )
    if lost.any():
        messages.append(
            f"{lost.sum()} {what} more than {minutes} minutes before the start were left out (the official code stops)"
        )
    folded = np.where(frame < 0, frame + num_frames, np.minimum(frame, num_frames - 1))
    return folded, counted & ~lost


class _Columns:
    """Score column of each label, and a count of the labels that have none."""

    def __init__(self, classes: ActionClasses) -> None:
        self._classes = classes
        self._known: dict[str, int] = {}
        self._unknown: Counter[str] = Counter()

    def of(self, labels: Sequence[str]) -> list[int]:
        """Columns, -1 for labels that belong to no class."""
        for label in set(labels) - self._known.keys():
            column = self._classes.index(label)
            self._known[label] = -1 if column is None else column
        found = [self._known[label] for label in labels]
        if -1 in found:
            self._unknown.update(
                label for label, column in zip(labels, found, strict=True) if column < 0
            )
        return found

    def messages(self, what: str) -> list[str]:
        """What to tell the user."""
        if not self._unknown:
            return []
        listed = ", ".join(
            f"{label[:40]!r} ({count})" for label, count in self._unknown.most_common(5)
        )
        more = ", ..." if len(self._unknown) > 5 else ""
        return [
            f"{self._unknown.total()} {what} with labels outside the class list were left out: {listed}{more}"
        ]
