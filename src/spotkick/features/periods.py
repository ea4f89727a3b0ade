"""Files that features are made from, and a count of what came of them."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class PeriodFile:
    """The raw material of one period: its commentary or its video.

    Attributes:
        match: ``league/season/match``, or another name that is unique in its set.
        period: 1 for the first half, 2 for the second.
        path: the file.
    """

    match: str
    period: int
    path: Path

    def track(self, out: Path, name: str) -> Path:
        """Where the features called ``name`` belong in the feature set ``out``."""
        return out / self.match / f"{self.period}_{name}.npy"


@dataclass(frozen=True, slots=True)
class ExtractionSummary:
    """What an extraction did.

    Attributes:
        written: tracks.
        frames: in them.
        silent: tracks that are all zeros, as there is no commentary.
        failed: files that could not be read.
        kept: tracks that were there before and were not made again.
    """

    written: int
    frames: int
    silent: int = 0
    failed: int = 0
    kept: int = 0
