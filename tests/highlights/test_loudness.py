"""Loudness of tones, whose value follows from the definition of ITU-R BS.1770."""

from pathlib import Path

import av
import numpy as np
import pytest

from spotkick.highlights.loudness import Loudness, measure_loudness, set_loudness
from support.pattern_video import Pattern, write_pattern_video

RATE_HZ = 48_000


def write_tone(path: Path, levels_db: tuple[float, ...], *, burst: bool = False) -> Path:
    """Four seconds of grey frames with a stereo tone of 997 Hz in each of several tracks."""
    with av.open(str(path), "w") as container:
        video = container.add_stream("mpeg4", rate=5)
        video.width, video.height, video.pix_fmt = 32, 32, "yuv420p"
        tracks = [container.add_stream("aac", rate=RATE_HZ, layout="stereo") for _ in levels_db]
        for _ in range(20):
            grey = np.full((32, 32, 3), 128, np.uint8)
            container.mux(video.encode(av.VideoFrame.from_ndarray(grey)))
        container.mux(video.encode())
        time_s = np.arange(4 * RATE_HZ) / RATE_HZ
        for track, level_db in zip(tracks, levels_db, strict=True):
            tone = 10 ** (level_db / 20) * np.sin(2 * np.pi * 997 * time_s)
            if burst:
                tone[RATE_HZ : RATE_HZ + 480] *= 0.9 / max(1e-9, 10 ** (level_db / 20))
            samples = np.stack([tone, tone]).astype(np.float32)
            for first in range(0, samples.shape[1], 1024):
                frame = av.AudioFrame.from_ndarray(
                    samples[:, first : first + 1024].copy(), format="fltp", layout="stereo"
                )
                frame.sample_rate, frame.pts = RATE_HZ, first
                container.mux(track.encode(frame))
            container.mux(track.encode())
    return path


def test_measure_loudness_tone_has_the_level_of_the_definition(tmp_path: Path) -> None:
    # a stereo tone of 997 Hz at -20 dBFS in both channels has -20 LUFS
    (track,) = measure_loudness(write_tone(tmp_path / "x.mp4", (-20.0,)))
    assert track.integrated_lufs == pytest.approx(-20.0, abs=0.3)
    assert track.peak_dbtp == pytest.approx(-20.0, abs=1.5)  # AAC rings where the tone begins


@pytest.mark.parametrize("target", [-23.0, -14.0])
def test_set_loudness_reaches_the_target_in_every_track(tmp_path: Path, target: float) -> None:
    path = write_tone(tmp_path / "x.mp4", (-30.0, -18.0))
    set_loudness(path, target)
    for track in measure_loudness(path):
        assert track.integrated_lufs == pytest.approx(target, abs=0.4)
    with av.open(str(path)) as container:
        assert sum(1 for _ in container.decode(video=0)) == 20


def test_set_loudness_stops_where_peaks_would_clip(tmp_path: Path) -> None:
    path = write_tone(tmp_path / "x.mp4", (-30.0,), burst=True)
    ((was, gain_db),) = set_loudness(path, -14.0)
    assert gain_db < -14.0 - was.integrated_lufs - 5
    assert measure_loudness(path)[0].peak_dbtp < 0.5


def test_set_loudness_keeps_sound_in_step(tmp_path: Path) -> None:
    pattern = Pattern(100, beeps_s=(1.0, 2.5))
    write_pattern_video(tmp_path / "x.mp4", pattern)
    before_s = onsets_s(tmp_path / "x.mp4")
    set_loudness(tmp_path / "x.mp4", -14.0)
    after_s = onsets_s(tmp_path / "x.mp4")
    assert len(before_s) == len(after_s) == 2
    assert after_s == pytest.approx(before_s, abs=0.003)


def onsets_s(path: Path) -> list[float]:
    """Times at which beeps begin, by the timestamps of the sound."""
    found: list[float] = []
    with av.open(str(path)) as container:
        for frame in container.decode(audio=0):
            loud = np.flatnonzero(np.abs(frame.to_ndarray()[0]) > 0.1)
            at_s = float(frame.time) + (loud[0] / frame.sample_rate if len(loud) else 0)
            if len(loud) and (not found or at_s - found[-1] > 0.5):
                found.append(at_s)
    return found


def test_gain_to_silence_stays_silent() -> None:
    assert Loudness(-70.0, -70.0).gain_to(-14.0) == 0.0


def test_set_loudness_without_sound_changes_nothing(tmp_path: Path) -> None:
    path = write_tone(tmp_path / "x.mp4", ())
    before = path.read_bytes()
    assert set_loudness(path, -14.0) == ()
    assert path.read_bytes() == before
