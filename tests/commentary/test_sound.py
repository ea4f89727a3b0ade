import tracemalloc
import wave
from pathlib import Path

import av
import numpy as np
import pytest

from spotkick.commentary.sound import SAMPLE_RATE_HZ, read_sound, require_sound
from spotkick.errors import InputError
from support.pattern_video import Pattern, write_pattern_video


def _write_wav(path: Path, samples: np.ndarray, rate_hz: int = SAMPLE_RATE_HZ) -> Path:
    """A mono or stereo (samples, channels) file of 16 bits."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1 if samples.ndim == 1 else samples.shape[1])
        file.setsampwidth(2)
        file.setframerate(rate_hz)
        file.writeframes(np.rint(samples * 32767).astype("<i2").tobytes())
    return path


@pytest.fixture
def ramp() -> np.ndarray:
    """Twenty seconds in which each value tells its time."""
    return np.linspace(0, 0.9, 20 * SAMPLE_RATE_HZ)


@pytest.mark.parametrize(
    ("start_s", "end_s"), [(0.0, None), (0.5, 2.0), (12.25, 13.0), (15.0, None), (19.0, 99.0)]
)
def test_read_sound_stretch_holds_samples_of_its_time(
    tmp_path: Path, ramp: np.ndarray, start_s: float, end_s: float | None
) -> None:
    found = read_sound(_write_wav(tmp_path / "a.wav", ramp), start_s, end_s)
    first = round(start_s * SAMPLE_RATE_HZ)
    last = len(ramp) if end_s is None else min(len(ramp), round(end_s * SAMPLE_RATE_HZ))
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, ramp[first:last], atol=1e-4)


def test_read_sound_other_rates_and_channels_become_mono(tmp_path: Path) -> None:
    tone = np.sin(2 * np.pi * 220 * np.arange(44_100) / 44_100)
    path = _write_wav(tmp_path / "a.wav", np.stack([tone, tone], axis=1) / 2, 44_100)
    found = read_sound(path)
    assert abs(len(found) - SAMPLE_RATE_HZ) < 100
    crossings = np.count_nonzero(np.diff(np.signbit(found[200:-200])))
    assert abs(crossings - 2 * 220 * (len(found) - 400) / SAMPLE_RATE_HZ) <= 2


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".ts"])
def test_read_sound_of_video_counts_from_its_first_frame(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a{suffix}"
    write_pattern_video(path, Pattern(num_frames=75, beeps_s=(1.0, 2.0)))
    found = np.abs(read_sound(path))
    loud = np.flatnonzero(found > 0.3 * found.max()) / SAMPLE_RATE_HZ
    assert abs(loud[0] - 1.0) < 0.05
    assert abs(loud[loud > 1.5][0] - 2.0) < 0.05
    later = np.abs(read_sound(path, start_s=1.5))
    assert abs(np.flatnonzero(later > 0.3 * later.max())[0] / SAMPLE_RATE_HZ - 0.5) < 0.05


def test_read_sound_gap_between_timestamps_is_silent(tmp_path: Path) -> None:
    path = tmp_path / "a.mka"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("pcm_s16le", rate=SAMPLE_RATE_HZ)
        stream.layout = "mono"
        for start_s in (0, 3):
            values = np.full((1, SAMPLE_RATE_HZ), 8000, dtype=np.int16)
            frame = av.AudioFrame.from_ndarray(values, format="s16", layout="mono")
            frame.rate, frame.pts = SAMPLE_RATE_HZ, start_s * SAMPLE_RATE_HZ
            container.mux(stream.encode(frame))
    found = read_sound(path)
    loud = found > 0.1
    assert abs(len(found) - 4 * SAMPLE_RATE_HZ) < 200
    assert loud[:15_000].all()
    assert not loud[17_000:47_000].any()
    assert loud[49_000:63_000].all()


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"", "the file is empty"), (b"no sound" * 99, "not a video that can be read")],
)
def test_read_sound_other_file_is_input_error(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "a.wav").write_bytes(content)
    with pytest.raises(InputError, match=message):
        read_sound(tmp_path / "a.wav")


def test_read_sound_video_without_sound_is_input_error(tmp_path: Path) -> None:
    write_pattern_video(tmp_path / "a.mp4", Pattern(num_frames=10))
    with pytest.raises(InputError, match=r"a\.mp4: the file has no sound"):
        read_sound(tmp_path / "a.mp4")


def test_require_sound_tells_files_with_sound_from_others(tmp_path: Path) -> None:
    require_sound(_write_wav(tmp_path / "a.wav", np.zeros(100)))
    write_pattern_video(tmp_path / "a.mp4", Pattern(3))
    with pytest.raises(InputError, match="no sound"):
        require_sound(tmp_path / "a.mp4")


def test_read_sound_long_file_takes_little_more_memory_than_its_samples(tmp_path: Path) -> None:
    path = _write_wav(tmp_path / "a.wav", np.zeros(60 * SAMPLE_RATE_HZ))
    tracemalloc.start()
    try:
        size_bytes = read_sound(path).nbytes
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert size_bytes == 4 * 60 * SAMPLE_RATE_HZ
    assert peak_bytes < 1.7 * size_bytes


def test_read_sound_start_behind_end_is_input_error(tmp_path: Path, ramp: np.ndarray) -> None:
    path = _write_wav(tmp_path / "a.wav", ramp)
    with pytest.raises(InputError, match=r"lasts 20\.0 s, so that a period cannot start at 25 s"):
        read_sound(path, start_s=25)
