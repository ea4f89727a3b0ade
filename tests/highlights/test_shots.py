from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from spotkick.highlights.shots import find_shot_changes

COLOURS = ((20, 20, 20), (230, 230, 230), (120, 20, 20), (30, 230, 60))


def write_shots(path: Path, lengths: list[int], *, start_ticks: int = 0) -> None:
    """Shots of one colour each at 25 frames per second."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25, options={"preset": "ultrafast"})
        stream.width, stream.height, stream.pix_fmt = 96, 64, "yuv420p"
        stream.time_base = stream.codec_context.time_base = Fraction(1, 25)
        number = 0
        for shot, length in enumerate(lengths):
            image = np.full((64, 96, 3), COLOURS[shot % 4], dtype=np.uint8)
            for _ in range(length):
                frame = av.VideoFrame.from_ndarray(image, format="rgb24")
                frame.pts, frame.time_base = start_ticks + number, Fraction(1, 25)
                container.mux(stream.encode(frame))
                number += 1
        container.mux(stream.encode(None))


@pytest.mark.parametrize(
    ("name", "start_ticks"), [("a.mp4", 0), ("a.ts", 5000), ("a.avi", 0), ("a.mkv", 100)]
)
def test_find_shot_changes_gives_first_frames_of_shots(
    tmp_path: Path, name: str, start_ticks: int
) -> None:
    write_shots(tmp_path / name, [60, 50, 40, 50], start_ticks=start_ticks)
    assert find_shot_changes(tmp_path / name, 1.5, 7.0) == pytest.approx([2.4, 4.4, 6.0])
    assert find_shot_changes(tmp_path / name, 2.5, 5.0) == pytest.approx([4.4])
    assert find_shot_changes(tmp_path / name, 4.6, 5.8) == []


@pytest.mark.parametrize("second_start_ticks", [0, 12_500])
def test_find_shot_changes_of_joined_recordings_are_on_the_common_clock(
    tmp_path: Path, second_start_ticks: int
) -> None:
    write_shots(tmp_path / "a.ts", [60, 40])
    write_shots(tmp_path / "b.ts", [50, 40], start_ticks=second_start_ticks)
    joined = tmp_path / "joined.ts"
    joined.write_bytes((tmp_path / "a.ts").read_bytes() + (tmp_path / "b.ts").read_bytes())
    assert find_shot_changes(joined, 1.0, 3.0) == pytest.approx([2.4])
    assert find_shot_changes(joined, 5.0, 7.0) == pytest.approx([6.0])
