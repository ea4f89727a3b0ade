from fractions import Fraction
from pathlib import Path

import pytest

from spotkick.datasets.period_video import PeriodVideo, order_files
from spotkick.video.probe import VideoInfo


def info(name: str, duration_s: float) -> VideoInfo:
    return VideoInfo(
        path=Path(name),
        container="mp4",
        codec="h264",
        stream_index=0,
        width_px=96,
        height_px=64,
        rotation_deg=0,
        frame_rate=Fraction(25),
        duration_s=duration_s,
        start_s=0.0,
        audio_index=None,
        audio_rate_hz=0,
        size_bytes=1,
    )


PARTS = PeriodVideo.from_files([info("a", 40.0), info("b", 30.5), info("c", 20.0)])


def pieces(video: PeriodVideo, start_s: float, end_s: float) -> list[tuple[str, float, float]]:
    return [
        (piece.info.path.name, piece.start_s, piece.start_s + piece.duration_s)
        for piece in video.cut_out(start_s, end_s)
    ]


def test_cut_out_inside_one_file_counts_from_its_start() -> None:
    assert PARTS.duration_s == 90.5
    assert pieces(PARTS, 41, 44) == [("b", 1, 4)]
    assert pieces(PARTS, 70.5, 72.5) == [("c", 0, 2)]


def test_cut_out_over_borders_gives_all_pieces_in_order() -> None:
    assert pieces(PARTS, 36, 43) == [("a", 36, 40), ("b", 0, 3)]
    assert pieces(PARTS, 39, 72.5) == [("a", 39, 40), ("b", 0, 30.5), ("c", 0, 2)]


def test_cut_out_sliver_beyond_a_border_is_left_out() -> None:
    assert pieces(PARTS, 36, 40.02) == [("a", 36, 40)]
    assert pieces(PARTS, 39.98, 45) == [("b", 0, 5)]


def test_cut_out_period_inside_a_file_is_shifted() -> None:
    video = PeriodVideo.from_file(info("match", 200.0), 75.5, 150.0)
    assert video.duration_s == 74.5
    assert pieces(video, 10, 20) == [("match", 85.5, 95.5)]
    assert pieces(video, 70, 80) == [("match", 145.5, 150)]
    assert video.seconds_of(video.cut_out(10, 20)[0], 86.0) == 10.5


@pytest.mark.parametrize(
    ("position_s", "name", "time_s"),
    [(0, "a", 0), (39.9, "a", 39.9), (40, "b", 0), (80, "c", 9.5), (99, "c", 28.5)],
)
def test_locate_position_gives_file_and_second(position_s: float, name: str, time_s: float) -> None:
    found, seconds = PARTS.locate(position_s)
    assert (found.path.name, seconds) == (name, pytest.approx(time_s))


def test_order_files_numbers_count_as_numbers() -> None:
    names = ["1_part10.mp4", "1_part2.mp4", "1_part1.mp4"]
    ordered = order_files(Path(name) for name in names)
    assert [path.name for path in ordered] == ["1_part1.mp4", "1_part2.mp4", "1_part10.mp4"]
