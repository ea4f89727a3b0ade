"""The measured loudness has its peaks where the sound of the video beeps."""

from pathlib import Path

import numpy as np
import pytest

from spotkick.errors import InputError
from spotkick.viewer.sound_wave import PEAKS_PER_S, measure_wave, write_wave
from support.media_files import Tone, write_with_tones
from support.pattern_video import Pattern, write_pattern_video

HALF_SCALE = 255 * np.sqrt(0.5)


def loud_stretches(values: np.ndarray) -> list[tuple[float, float]]:
    """Start and end of each stretch of loud values, in seconds."""
    loud = np.flatnonzero(np.diff(np.pad(values > 60, 1).astype(int)))
    return [(float(a) / PEAKS_PER_S, float(b) / PEAKS_PER_S) for a, b in loud.reshape(-1, 2)]


@pytest.mark.parametrize(
    ("name", "pattern"),
    [
        ("plain.mp4", Pattern(150, beeps_s=(0.5, 3.2, 5.0))),
        ("late.mkv", Pattern(150, start_ticks=125, beeps_s=(0.5, 3.2, 5.0))),
        ("stream.ts", Pattern(150, codec="mpeg2video", start_ticks=35, beeps_s=(0.5, 3.2, 5.0))),
        ("low.mov", Pattern(150, audio_rate_hz=22050, beeps_s=(0.5, 3.2, 5.0))),
    ],
)
def test_measure_wave_beeps_are_at_their_times(tmp_path: Path, name: str, pattern: Pattern) -> None:
    write_pattern_video(tmp_path / name, pattern)
    shares: list[float] = []
    values = measure_wave(tmp_path / name, shares.append)
    assert len(values) == pytest.approx(6 * PEAKS_PER_S, abs=3)
    found = loud_stretches(values)
    assert [start for start, _ in found] == pytest.approx([0.5, 3.2, 5.0], abs=0.045)
    assert [end - start for start, end in found] == pytest.approx([0.1] * 3, abs=0.06)
    assert values.max() == pytest.approx(HALF_SCALE, abs=12)
    assert shares == sorted(shares)


def test_measure_wave_without_sound_is_empty(tmp_path: Path) -> None:
    write_pattern_video(tmp_path / "silent.mp4", Pattern(50))
    assert len(measure_wave(tmp_path / "silent.mp4")) == 0
    write_wave(tmp_path / "silent.mp4", tmp_path / "silent.peaks")
    assert (tmp_path / "silent.peaks").read_bytes() == b""


def test_measure_wave_of_long_sound_grows_in_blocks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("spotkick.viewer.sound_wave._FIRST_ROOM", 10)
    write_with_tones(tmp_path / "tone.mp4", [Tone(440)], num_frames=25, sound_s=9.0)
    values = measure_wave(tmp_path / "tone.mp4")
    assert len(values) == pytest.approx(9 * PEAKS_PER_S, abs=3)
    assert values[10:-10].min() == pytest.approx(HALF_SCALE, abs=12)


def test_measure_wave_of_no_video_says_so(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_bytes(b"no video at all")
    with pytest.raises(InputError, match=r"a\.mp4"):
        measure_wave(tmp_path / "a.mp4")
