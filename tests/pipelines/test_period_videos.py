import json
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from spotkick.actions import Action, MatchActions
from spotkick.datasets.periods import PeriodSpan
from spotkick.errors import ConfigError, InputError
from spotkick.formats.scores import MatchScores
from spotkick.highlights.period_video import PeriodVideo
from spotkick.pipelines.period_videos import (
    PeriodChoice,
    find_period_videos,
    make_unseen_videos,
)
from support.pattern_video import Pattern, write_pattern_video


class Lines:
    """A reporter that keeps its lines."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def line(self, text: str) -> None:
        self.lines.append(text)

    def task(self, title: str, total: float | None, unit: str) -> None:
        raise NotImplementedError


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("video") / "a.mp4"
    write_pattern_video(path, Pattern(250, size_px=(96, 64)))
    return path.read_bytes()


def put(folder: Path, video: bytes, *names: str) -> list[Path]:
    for name in names:
        (folder / name).write_bytes(video)
    return [folder / name for name in names]


def find(paths: list[Path], choice: PeriodChoice | None = None) -> dict[int, PeriodVideo]:
    return find_period_videos(paths, choice or PeriodChoice(), Lines())


def described(videos: dict[int, PeriodVideo]) -> dict[int, list[tuple[str, float, float | None]]]:
    return {
        period: [(part.info.path.name, part.start_s, part.end_s) for part in item.stretches]
        for period, item in videos.items()
    }


def test_find_period_videos_parts_of_a_period_are_joined_in_order(
    tmp_path: Path, video: bytes
) -> None:
    paths = put(tmp_path, video, "1_part10.mp4", "1_part2.mp4", "1_part1.mp4", "2_part1.mp4")
    reporter = Lines()
    videos = find_period_videos(paths, PeriodChoice(), reporter)
    assert described(videos) == {
        1: [("1_part1.mp4", 0, None), ("1_part2.mp4", 0, None), ("1_part10.mp4", 0, None)],
        2: [("2_part1.mp4", 0, None)],
    }
    assert videos[1].duration_s == pytest.approx(30)
    assert "period 1 is made of 1_part1.mp4, 1_part2.mp4, 1_part10.mp4" in reporter.lines[0]
    assert described(find([tmp_path])) == described(videos)


def test_find_period_videos_spans_of_one_video_are_taken(tmp_path: Path, video: bytes) -> None:
    paths = put(tmp_path, video, "match.mp4")
    choice = PeriodChoice(spans=(PeriodSpan(1, 1.5, 4.0), PeriodSpan(2, 5.0)))
    assert described(find(paths, choice)) == {
        1: [("match.mp4", 1.5, 4.0)],
        2: [("match.mp4", 5.0, None)],
    }
    assert described(find(paths, PeriodChoice(period=2))) == {2: [("match.mp4", 0, None)]}
    assert described(find(paths)) == {1: [("match.mp4", 0, None)]}


def test_find_period_videos_starts_end_where_the_next_begins(tmp_path: Path, video: bytes) -> None:
    paths = put(tmp_path, video, "match.mp4")
    assert described(find(paths, PeriodChoice(starts_s={2: 5.0}))) == {
        1: [("match.mp4", 0, 5.0)],
        2: [("match.mp4", 5.0, None)],
    }


def test_find_period_videos_file_beside_the_video_says_periods(
    tmp_path: Path, video: bytes
) -> None:
    paths = put(tmp_path, video, "match.mp4")
    document = {
        "format": "spotkick-periods-1",
        "periods": [{"period": 1, "start_s": 1}, {"period": 2, "start_s": 6, "end_s": 9}],
    }
    (tmp_path / "periods.json").write_text(json.dumps(document))
    assert described(find(paths)) == {
        1: [("match.mp4", 1, 6)],
        2: [("match.mp4", 6, 9)],
    }


@pytest.mark.parametrize(
    ("names", "choice", "message"),
    [
        (["a.mp4", "b.mp4"], PeriodChoice(), "must be one per period"),
        (["1_a.mp4", "2_a.mp4"], PeriodChoice(period=1), "about one video"),
        (["1_a.mp4", "2_a.mp4"], PeriodChoice(starts_s={2: 3.0}), "about one video"),
        (["a.mp4"], PeriodChoice(spans=(PeriodSpan(2, 99.0),)), "after the end of the video"),
    ],
)
def test_find_period_videos_unclear_periods_raise(
    tmp_path: Path, video: bytes, names: list[str], choice: PeriodChoice, message: str
) -> None:
    with pytest.raises(InputError, match=message):
        find(put(tmp_path, video, *names), choice)


def test_find_spans_two_ways_to_say_periods_raise() -> None:
    with pytest.raises(ConfigError, match="not both"):
        PeriodChoice(period=1, starts_s={2: 5.0}).find_spans()


def test_find_period_videos_empty_folder_raises(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="folder without videos"):
        find([tmp_path])


def test_make_unseen_videos_scores_or_last_spot_give_the_length() -> None:
    match = MatchActions("m", (Action("Goal", 1, 20_000, 0.9), Action("Goal", 2, 5_000, 0.9)))
    scores = MatchScores("m", ("Goal",), Fraction(2), {1: np.zeros((5400, 1), np.float32)})
    videos = make_unseen_videos(match, scores, Fraction(25))
    assert {period: item.duration_s for period, item in videos.items()} == {1: 2700, 2: 65}
