"""The grid of candidate segments of BMN: which cells of a (durations, starts) map are segments."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from spotkick.errors import ConfigError


@dataclass(frozen=True, slots=True)
class SegmentGrid:
    """All candidate segments.

    They start at the beginning of a step, last 1 to ``max_duration_steps`` steps, and end inside
    the video.

    Attributes:
        num_steps: steps of the time axis, T.
        max_duration_steps: longest segment, D.

    Raises:
        ConfigError: unless 1 <= D <= T.
    """

    num_steps: int
    max_duration_steps: int

    def __post_init__(self) -> None:
        """Check the sizes."""
        if not 1 <= self.max_duration_steps <= self.num_steps:
            raise ConfigError(
                f"max_duration_steps must lie between 1 and num_steps = {self.num_steps}, "
                f"got {self.max_duration_steps}"
            )

    def valid_mask(self) -> npt.NDArray[np.bool_]:
        """(D, T): whether the cell in row duration - 1 and column start ends inside the video."""
        duration = np.arange(1, self.max_duration_steps + 1)[:, None]
        return np.asarray(np.arange(self.num_steps) + duration <= self.num_steps)

    def cells(self) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
        """Row (duration - 1) and column (start) of the valid cells, row by row."""
        rows, starts = np.nonzero(self.valid_mask())
        return rows, starts
