"""When frames are shown, and which files a browser may play."""

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from spotkick.video.probe import probe
from spotkick.viewer.playback import FrameTimesReader, may_be_played, measure_frames
from support.pattern_video import Pattern, write_pattern_video


def test_measure_frames_rounded_to_milliseconds_are_steady() -> None:
    times_s = np.round(np.arange(500) * 1001 / 30_000, 3)
    frames = measure_frames(times_s, Fraction(30_000, 1001))
    assert frames.times_s is None
    assert frames.document() == {"count": 500, "rate": [30_000, 1001], "steps_us": None}


def test_measure_frames_rate_of_the_header_that_is_off_is_measured() -> None:
    frames = measure_frames(np.arange(1000) / 50, Fraction(49))
    assert (frames.rate, frames.times_s) == (Fraction(50), None)


def test_measure_frames_of_a_gap_are_listed_one_by_one() -> None:
    times_s = np.concatenate([np.arange(50), np.arange(60, 100)]) / 25
    document = measure_frames(times_s, Fraction(25)).document()
    times_us = np.cumsum([0, *document["steps_us"]])
    assert np.allclose(times_us / 1e6, times_s)


@pytest.mark.parametrize(
    ("name", "pattern", "steady"),
    [
        ("late.mkv", Pattern(40, start_ticks=90), True),
        ("reordered.mp4", Pattern(40), True),
        ("uneven.mp4", Pattern(40, ticks=[n + 2 * (n // 9) for n in range(40)]), False),
    ],
)
def test_frame_times_count_from_the_first_frame(
    tmp_path: Path, name: str, pattern: Pattern, steady: bool
) -> None:
    write_pattern_video(tmp_path / name, pattern)
    frames = FrameTimesReader().read(tmp_path / name)
    assert frames.count == 40
    ticks = np.array(pattern.ticks or range(40))
    shown = np.arange(40) / 25 if frames.times_s is None else frames.times_s
    assert steady == (frames.times_s is None)
    assert np.allclose(shown, ticks / 25, atol=1e-6)


@pytest.mark.parametrize(
    ("name", "codec", "plays"),
    [
        ("a.mp4", "libx264", True),
        ("a.mkv", "libx264", True),
        ("a.mp4", "libsvtav1", True),
        ("a.ts", "libx264", False),
        ("a.mp4", "mpeg2video", False),
        ("a.avi", "mpeg4", False),
    ],
)
def test_may_be_played_depends_on_container_and_codec(
    tmp_path: Path, name: str, codec: str, plays: bool
) -> None:
    write_pattern_video(tmp_path / name, Pattern(5, codec=codec, b_frames=0))
    assert may_be_played(probe(tmp_path / name)) == plays


def test_joined_recordings_are_not_played_on_their_own_clocks(tmp_path: Path) -> None:
    for number in (0, 1):
        write_pattern_video(tmp_path / f"{number}.ts", Pattern(30, b_frames=0))
    joined = tmp_path / "joined.ts"
    joined.write_bytes((tmp_path / "0.ts").read_bytes() + (tmp_path / "1.ts").read_bytes())
    assert FrameTimesReader().read(tmp_path / "0.ts").count == 30
    assert not may_be_played(probe(joined))
