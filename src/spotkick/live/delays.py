"""How long after the arrival of their frames actions were published, in constant memory."""

from typing import Final

import numpy as np

BIN_S: Final = 0.01
"""Delays are counted in steps of this length."""

_LONGEST_S: Final = 600.0
"""Longer delays are counted as this one; the longest is kept exactly."""


class DelayStatistics:
    """Counts delays; a run of any length takes the same memory."""

    def __init__(self) -> None:
        """Nothing is counted."""
        self._bins = np.zeros(round(_LONGEST_S / BIN_S) + 1, dtype=np.int64)
        self.worst_s = 0.0

    def __len__(self) -> int:
        """Delays that were counted."""
        return int(self._bins.sum())

    def add(self, delay_s: float) -> None:
        """Count a delay in seconds."""
        place = min(max(0, round(delay_s / BIN_S)), len(self._bins) - 1)
        self._bins[place] += 1
        self.worst_s = max(self.worst_s, delay_s)

    def percentile(self, percent: float) -> float:
        """The delay in seconds, to `BIN_S`, that so many percent of all do not exceed.

        Raises:
            ValueError: if nothing was counted.
        """
        if not len(self):
            raise ValueError("no delay was counted")
        wanted = max(1, int(np.ceil(len(self) * percent / 100)))
        return float(np.searchsorted(np.cumsum(self._bins), wanted) * BIN_S)

    def describe(self) -> str:
        """Median, 95 % and worst for people; empty where nothing was counted."""
        if not len(self):
            return ""
        median_s, most_s = self.percentile(50), self.percentile(95)
        return f"median {median_s:.2f}, 95 % {most_s:.2f}, worst {self.worst_s:.2f}"
