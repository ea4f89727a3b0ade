"""The frame grid of the official SoccerNet evaluator, and actions on it."""

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

import numpy as np
import numpy.typing as npt

from spotkick.actions import ActionClasses

PERIOD_S: Final = 120 * 60
"""Length of the official vector of a period in seconds."""

OFFICIAL_PERIODS: Final = (1, 2)
"""Periods that the official evaluator counts."""


@dataclass(frozen=True, slots=True)
class FrameGrid:
    """The frames that actions fall into: match x period x class x frame.

    Attributes:
        matches: names of the matches, in the order of their index.
        classes: the class list.
        frame_rate: frames per second.
        periods: numbers of the periods that count.
    """

    matches: tuple[str, ...]
    classes: ActionClasses
    frame_rate: Fraction
    periods: tuple[int, ...] = OFFICIAL_PERIODS

    @property
    def num_frames(self) -> int:
        """Frames of a period."""
        return math.ceil(PERIOD_S * self.frame_rate)

    @property
    def rate(self) -> float:
        """Frame rate as the official code multiplies with it."""
        return float(self.frame_rate)


@dataclass(frozen=True, slots=True)
class FramedActions:
    """Actions on a grid, sorted by match, period, class and frame; at most one on each frame.

    A series is a class in a period of a match. All arrays are (n,).

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

    def take(self, chosen: npt.NDArray[np.generic]) -> "FramedActions":
        """Some of the actions: a mask, or indices in an order that keeps them sorted."""
        columns = (self.group, self.frame, self.value, self.source)
        return FramedActions(self.grid, *(column[chosen] for column in columns))

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
