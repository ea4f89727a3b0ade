"""Features of one period of a video, made while the user sees how far they are."""

from collections.abc import Sequence
from typing import Final

from spotkick.datasets.period_files import extract_period
from spotkick.datasets.periods import PeriodSpan
from spotkick.features.extract import ExtractionProgress, Extractor
from spotkick.features.tracks import FeatureTrack
from spotkick.reporter import LineReporter, Reporter

_QUIET_S: Final = 30.0
"""A log hears nothing of videos that are read in less time."""


def extract_with_progress(
    match: str, spans: Sequence[PeriodSpan], extractor: Extractor, reporter: Reporter
) -> FeatureTrack:
    """Make the features of one period; see `extract_period`.

    Args:
        match: name, for the user.
        spans: in order; each names its file.
        extractor: see `Extractor`.
        reporter: shows how far the video is read.

    Raises:
        InputError: if a file cannot be read as a video, or ends before its stretch begins.
    """
    quiet_s = _QUIET_S if isinstance(reporter, LineReporter) else 0.0
    with reporter.task(f"{match}, period {spans[0].period}", None, "s of video") as task:

        def show(progress: ExtractionProgress) -> None:
            if progress.elapsed_s >= quiet_s:
                task.update(
                    progress.done_s,
                    total=progress.total_s or None,
                    note=f"{progress.speed:.1f} times real time",
                )

        return extract_period(spans, extractor, progress=show)
