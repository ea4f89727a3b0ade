from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

import spotkick.datasets.period_files as period_files
from spotkick.datasets.period_files import PeriodFile, cut_track, extract_period
from spotkick.datasets.periods import PeriodSpan
from spotkick.errors import InputError
from spotkick.features.extract import ExtractionProgress, Extractor
from spotkick.features.tracks import FeatureSource, FeatureTrack

SOURCE = FeatureSource("times", 1, kind="file", fingerprint="times")
LENGTHS_S = {"a.mp4": 3.2, "b.mp4": 2.0, "c.mp4": 1.0}
EXTRACTOR = cast("Extractor", SimpleNamespace(config=SimpleNamespace(rate=Fraction(2))))


@pytest.fixture
def videos(monkeypatch: pytest.MonkeyPatch) -> None:
    """Videos of known lengths; the feature of a sample is its time in its file."""

    def extract(
        path: Path,
        extractor: Any,
        *,
        start_s: float,
        end_s: float | None,
        progress: Any,
    ) -> FeatureTrack:
        stop_s = min(LENGTHS_S[path.name], end_s or 99.0)
        times = np.arange(start_s, stop_s - 1e-9, float(1 / extractor.config.rate))
        if progress is not None:
            progress(ExtractionProgress(len(times) / 2, stop_s - start_s, 1.0))
        return FeatureTrack(times[:, np.newaxis], SOURCE, str(path))

    monkeypatch.setattr(period_files, "extract_video", extract)
    monkeypatch.setattr(
        period_files, "probe", lambda path: SimpleNamespace(duration_s=LENGTHS_S[path.name])
    )


def times_of(*spans: PeriodSpan) -> list[float]:
    track = extract_period(spans, EXTRACTOR)
    return [round(float(value), 6) for value in track.values[:, 0]]


@pytest.mark.usefixtures("videos")
def test_extract_period_samples_keep_their_distance_across_the_joint() -> None:
    parts = [PeriodSpan(1, file=Path(name)) for name in LENGTHS_S]
    times = times_of(*parts)

    # In the time of the period, each sample lies half a second after the one before.
    starts_s = np.cumsum([0.0, *LENGTHS_S.values()])[:-1]
    counts = [7, 4, 2]  # 3.2 s from 0, 2.0 s from 0.3, 1.0 s from 0.3
    offsets = np.repeat(starts_s, counts)
    np.testing.assert_allclose(np.array(times) + offsets, np.arange(13) / 2, atol=1e-6)


@pytest.mark.usefixtures("videos")
def test_extract_period_start_is_exact() -> None:
    assert times_of(PeriodSpan(1, 0.3, 1.4, Path("a.mp4"))) == [0.3, 0.8, 1.3]


@pytest.mark.usefixtures("videos")
def test_extract_period_progress_runs_over_all_parts() -> None:
    seen: list[tuple[float, float]] = []
    extract_period(
        [PeriodSpan(1, file=Path("b.mp4")), PeriodSpan(1, file=Path("c.mp4"))],
        EXTRACTOR,
        progress=lambda progress: seen.append((progress.done_s, progress.total_s)),
    )
    assert seen == [(2.0, 3.0), (3.0, 3.0)]


def test_cut_track_takes_the_frames_of_the_period() -> None:
    track = FeatureTrack(np.arange(20.0)[:, np.newaxis], SOURCE)
    assert cut_track(track, PeriodSpan(1, 2.0, 4.5)).values[:, 0].tolist() == [4, 5, 6, 7, 8]
    assert len(cut_track(track, PeriodSpan(1, 2.0))) == 16
    with pytest.raises(InputError, match="cannot start at 10 s"):
        cut_track(track, PeriodSpan(1, 10.0))


def test_period_file_parts_default_to_the_whole_file() -> None:
    file = PeriodFile("cup/final", 2, Path("2_720p.mkv"))
    assert file.parts() == (PeriodSpan(2, file=Path("2_720p.mkv")),)
    assert file.track(Path("out"), "mine") == Path("out/cup/final/2_mine.npy")
