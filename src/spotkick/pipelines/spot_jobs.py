"""Matches to spot: what is read for each, and what paths alone do not say."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from spotkick.datasets.periods import PeriodSpan
from spotkick.devices import parse_device
from spotkick.errors import ConfigError
from spotkick.features.tracks import (
    FeatureTrack,
)
from spotkick.reporter import Reporter, SilentReporter

Load = Callable[[Reporter], dict[int, FeatureTrack]]
"""Reads or makes the features of a match, by period, and shows how far it is."""


@dataclass(frozen=True, slots=True)
class SpottingJob:
    """One match to spot.

    Attributes:
        match: its name in the output.
        load: reads or makes its features, by period.
        files: what is read, by period, in order.
        notes: what was decided about its files, for the user.
    """

    match: str
    load: Load
    files: Mapping[int, tuple[PeriodSpan, ...]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class InputOptions:
    """What the paths alone do not say.

    Attributes:
        data: root of the matches that a split names.
        split: split file, or its name below ``data``.
        period: of a file whose name does not say it.
        start_s: where the period begins in a video file.
        threads: CPU threads of the image backbone; 0 for as many as there are cores.
        spans: periods of a file that holds several; their ``file`` is None.
        transcripts: folder where transcripts of recordings are kept, for checkpoints that read
            commentary; None keeps none.
        device: that the image backbone runs on; see `spotkick.devices.parse_device`.
        sentence_model: folder of the encoder of checkpoints that read vectors of sentences.
    """

    data: Path | None = None
    split: str | None = None
    period: int | None = None
    start_s: float = 0.0
    threads: int = 0
    spans: tuple[PeriodSpan, ...] = ()
    transcripts: Path | None = None
    device: str = "auto"
    sentence_model: Path | None = None

    def __post_init__(self) -> None:
        """Check what contradicts itself."""
        parse_device(self.device)
        if self.start_s < 0:
            raise ConfigError(f"--start must not be negative, got {self.start_s:g}")
        if self.start_s and self.spans:
            raise ConfigError("--period 1=754:3612 says where a period begins; leave out --start")


def load_silently(job: SpottingJob) -> dict[int, FeatureTrack]:
    """Read or make the features of a match without showing progress."""
    return job.load(SilentReporter())
