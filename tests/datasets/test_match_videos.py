from fractions import Fraction
from pathlib import Path

import pytest

from spotkick.datasets.match_videos import MatchVideos, choose_videos, list_videos
from spotkick.datasets.periods import PeriodSpan
from support.pattern_video import Pattern, write_pattern_video

RATE = Fraction(5)


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> dict[float, bytes]:
    """Small videos by length in seconds."""
    folder = tmp_path_factory.mktemp("clips")
    found = {}
    for length_s in (4.0, 6.0):
        path = folder / f"{length_s}.mp4"
        frames = int(length_s * RATE)
        write_pattern_video(path, Pattern(frames, rate=RATE, size_px=(96, 64), group_frames=10))
        found[length_s] = path.read_bytes()
    return found


def choose(folder: Path, clips: dict[float, bytes], lengths_s: dict[str, float]) -> MatchVideos:
    for name, length_s in lengths_s.items():
        (folder / name).write_bytes(clips[length_s])
    return choose_videos(list_videos(folder))


def names(videos: MatchVideos) -> list[str]:
    return [path.name for path in videos.files]


@pytest.mark.parametrize(
    ("lengths_s", "taken"),
    [
        ({"1_720p.mp4": 4.0, "1_224p.mp4": 4.0}, ["1_224p.mp4"]),
        ({"1_720p.mp4": 6.0, "1_224p.mp4": 4.0}, ["1_720p.mp4"]),
        ({"1_720p.mp4": 6.0, "1_trailer.mp4": 4.0}, ["1_720p.mp4"]),
        ({"1_part1.mp4": 6.0, "1_part2.mp4": 4.0}, ["1_part1.mp4", "1_part2.mp4"]),
        (
            {"1_720p_part1.mp4": 6.0, "1_720p_part2.mp4": 4.0, "1_224p.mp4": 6.0},
            ["1_720p_part1.mp4", "1_720p_part2.mp4"],
        ),
        ({"1_cam1.mp4": 4.0, "1_cam2.mp4": 6.0}, ["1_cam2.mp4"]),
    ],
)
def test_choose_videos_smallest_only_among_equal_lengths(
    tmp_path: Path, clips: dict[float, bytes], lengths_s: dict[str, float], taken: list[str]
) -> None:
    videos = choose(tmp_path, clips, lengths_s)
    assert names(videos) == taken
    assert {item.path.name for item in videos.left_out} == set(lengths_s) - set(taken)
    assert all(taken[0] in item.reason for item in videos.left_out)


def test_choose_videos_unreadable_copy_is_not_taken(
    tmp_path: Path, clips: dict[float, bytes]
) -> None:
    (tmp_path / "1_224p.mp4").write_bytes(b"cut off")
    videos = choose(tmp_path, clips, {"1_720p.mp4": 4.0})
    assert names(videos) == ["1_720p.mp4"]
    assert "cannot be read" in videos.left_out[0].reason


def test_match_videos_describe_names_parts_and_what_is_left_out(
    tmp_path: Path, clips: dict[float, bytes]
) -> None:
    lengths = {"1_part1.mp4": 4.0, "1_part2.mp4": 4.0, "2_720p.mp4": 6.0, "2_224p.mp4": 4.0}
    lines = choose(tmp_path, clips, lengths).describe()
    assert lines[0] == "period 1 is made of 1_part1.mp4, 1_part2.mp4, in this order"
    assert lines[1].startswith("2_224p.mp4 is left out: 2_720p.mp4 is taken for period 2")
    assert "0:06 and not 0:04" in lines[1]


def test_match_videos_describe_names_missing_parts(tmp_path: Path) -> None:
    for name in ("1_part1.mp4", "1_part2.mp4", "1_part4.mp4"):
        (tmp_path / name).touch()
    (line,) = choose_videos(list_videos(tmp_path)).describe()
    assert line.endswith("in this order; part 3 is missing")


def test_choose_videos_stated_periods_without_file_need_one_video(tmp_path: Path) -> None:
    (tmp_path / "match.mp4").touch()
    stated = (PeriodSpan(1, 5.0, 9.0), PeriodSpan(2, 12.0))
    videos = choose_videos(list_videos(tmp_path), stated)
    assert [(span.period, span.start_s, span.file) for span in videos.spans] == [
        (1, 5.0, tmp_path / "match.mp4"),
        (2, 12.0, tmp_path / "match.mp4"),
    ]


def test_choose_videos_stated_position_is_kept(tmp_path: Path) -> None:
    (tmp_path / "match.mp4").touch()
    stated = [PeriodSpan(1, 0.0, 900.0, position_s=120.5), PeriodSpan(2, 1000.0)]
    spans = choose_videos(list_videos(tmp_path), stated).spans
    assert [span.position_s for span in spans] == [120.5, 0.0]
    assert {span.file for span in spans} == {tmp_path / "match.mp4"}
