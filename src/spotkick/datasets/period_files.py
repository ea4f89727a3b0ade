"""Files that features are made from, and a count of what came of them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import numpy as np

from spotkick.datasets.periods import PeriodSpan
from spotkick.errors import InputError
from spotkick.features.extract import ExtractionProgress, Extractor, ProgressCallback, extract_video
from spotkick.features.tracks import FeatureTrack
from spotkick.video.probe import probe


@dataclass(frozen=True, slots=True)
class PeriodFile:
    """The raw material of one period: its commentary or its video.

    Attributes:
        match: ``league/season/match``, or another name that is unique in its set.
        period: 1 for the first half, 2 for the second.
        path: the file, the first one where there are several.
        spans: of a video, the stretches that show the period, in order; empty for the whole file.
    """

    match: str
    period: int
    path: Path
    spans: tuple[PeriodSpan, ...] = ()

    def track(self, out: Path, name: str) -> Path:
        """Where the features called ``name`` belong in the feature set ``out``."""
        return out / self.match / f"{self.period}_{name}.npy"

    def parts(self) -> tuple[PeriodSpan, ...]:
        """The stretches of video that show the period."""
        return self.spans or (PeriodSpan(self.period, file=self.path),)


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


def extract_period(
    spans: Sequence[PeriodSpan],
    extractor: Extractor,
    *,
    progress: ProgressCallback | None = None,
) -> FeatureTrack:
    """Make the features of one period from the stretches of video that show it.

    Samples keep their distance across the joint of two files, and the first one lies exactly at
    the start of the first stretch.

    Args:
        spans: in order; each names its file.
        extractor: see `Extractor`.
        progress: called after each batch, with the length of all stretches.

    Raises:
        InputError: if a file cannot be read as a video, or ends before its stretch begins.
    """
    tracks: list[FeatureTrack] = []
    lengths_s = [_length_s(span) for span in spans] if len(spans) > 1 else []
    played_s = num_frames = 0.0
    for index, span in enumerate(spans):
        # The grid of samples goes on: the next one lies a little behind the joint.
        ahead_s = float(num_frames / extractor.config.rate) - played_s
        offset_s = ahead_s if 0 <= ahead_s < 1 / extractor.config.rate else 0.0
        track = extract_video(
            _file_of(span),
            extractor,
            start_s=span.start_s + offset_s,
            end_s=span.end_s,
            progress=_add_progress(progress, played_s, sum(lengths_s)),
        )
        tracks.append(track)
        num_frames += len(track)
        played_s += lengths_s[index] if lengths_s else track.duration_s

    if len(tracks) == 1:
        return tracks[0]
    return replace(tracks[0], values=np.concatenate([track.values for track in tracks]))


def cut_track(track: FeatureTrack, span: PeriodSpan) -> FeatureTrack:
    """The part of a track of features that shows one period, to the nearest frame.

    Raises:
        InputError: if the track ends before the period begins.
    """
    rate = track.source.frame_rate
    first = round(Fraction(span.start_s) * rate)
    last = None if span.end_s is None else round(Fraction(span.end_s) * rate)
    if first >= len(track):
        raise InputError(
            f"{track.where}: lasts {track.duration_s:.1f} s, so that a period cannot start at "
            f"{span.start_s:g} s"
        )
    return replace(track, values=track.values[first:last])


def _file_of(span: PeriodSpan) -> Path:
    if span.file is None:
        raise InputError(f"{span.describe()}: no file is named")
    return span.file


def _length_s(span: PeriodSpan) -> float:
    duration_s = probe(_file_of(span)).duration_s
    end_s = duration_s if span.end_s is None else min(span.end_s, duration_s)
    return max(0.0, end_s - span.start_s)


def _add_progress(
    progress: ProgressCallback | None, before_s: float, total_s: float
) -> ProgressCallback | None:
    """Progress of one of several files, as progress of all of them."""
    if progress is None or not total_s:
        return progress

    def report(part: ExtractionProgress) -> None:
        progress(replace(part, done_s=before_s + part.done_s, total_s=total_s))

    return report
