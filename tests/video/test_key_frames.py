"""Frames looked up by time, on a video whose frames show their number as brightness."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from spotkick.video.key_frames import measure_key_frame_gap, open_frame_finder, read_key_frames

RATE, GROUP, COUNT = 10, 20, 120


@pytest.fixture(scope="module", params=["mp4", "mkv", "ts"])
def video(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("frames") / f"a.{request.param}"
    with av.open(str(path), "w") as container:
        options = {"g": str(GROUP), "bf": "2", "sc_threshold": "0", "crf": "5"}
        stream = container.add_stream("libx264", rate=Fraction(RATE), options=options)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for number in range(COUNT):
            image = np.full((48, 64, 3), 2 * number, dtype=np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        container.mux(stream.encode(None))
    return path


def number_of(image: np.ndarray) -> int:
    return round(float(image.mean()) / 2)


@pytest.mark.parametrize("seconds", [0.0, 1.95, 2.0, 7.5, 11.9, 3.0])
def test_read_key_frame_is_the_last_at_or_before_the_time(video: Path, seconds: float) -> None:
    with open_frame_finder(video) as finder:
        found = finder.read_key_frame(seconds)
    assert found is not None
    expected = int(seconds * RATE) // GROUP * GROUP
    assert found[0] == pytest.approx(expected / RATE, abs=0.002)
    assert abs(number_of(found[1]) - expected) <= 1


def test_read_frame_is_the_one_shown_at_the_time(video: Path) -> None:
    with open_frame_finder(video) as finder:
        for seconds in (9.55, 0.05, 4.32, 4.05):  # back and forth in one opened file
            found = finder.read_frame(seconds)
            assert found is not None
            assert found[0] == pytest.approx(int(seconds * RATE) / RATE, abs=0.002)
            assert abs(number_of(found[1]) - int(seconds * RATE)) <= 1


def test_read_key_frames_keep_their_distance(video: Path) -> None:
    times = [seconds for seconds, _ in read_key_frames(video, min_gap_s=3.0)]
    assert times == pytest.approx([0.0, 4.0, 8.0], abs=0.002)


def test_measure_key_frame_gap_is_that_of_the_encoder(video: Path) -> None:
    assert measure_key_frame_gap(video) == pytest.approx(GROUP / RATE, abs=0.01)
