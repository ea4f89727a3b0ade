import json
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from spotkick.actions import Action, MatchActions
from spotkick.datasets.period_video import PeriodVideo
from spotkick.datasets.periods import PeriodSpan
from spotkick.errors import ConfigError, InputError
from spotkick.formats.scores import MatchScores
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


def test_find_period_videos_position_at_the_start_of_a_file_is_kept(
    tmp_path: Path, video: bytes
) -> None:
    paths = put(tmp_path, video, "match.mp4")
    row = {"period": 1, "start_s": 0, "position_s": 12.5, "file": "match.mp4"}
    document = {"format": "spotkick-periods-1", "periods": [row]}
    (tmp_path / "periods.json").write_text(json.dumps(document))
    assert find(paths)[1].begin_s == 12.5


@pytest.mark.parametrize(
    ("names", "spans"),
    [
        (["match.mp4"], [PeriodSpan(1, 1.5, 4.0), PeriodSpan(2, 5.0)]),
        (["match.mp4"], [PeriodSpan(2)]),
        (["1_a.mp4", "2_a.mp4"], [PeriodSpan(1, 2.5), PeriodSpan(2)]),
    ],
)
def test_find_period_videos_periods_are_those_that_were_spotted(
    tmp_path: Path, video: bytes, names: list[str], spans: list[PeriodSpan]
) -> None:
    paths = put(tmp_path, video, *names)
    spotted = [
        replace(span, file=paths[min(number, len(paths) - 1)].relative_to(tmp_path))
        for number, span in enumerate(spans)
    ]
    expected: dict[int, list[tuple[str, float, float | None]]] = {
        span.period: [(str(span.file), span.start_s, span.end_s)] for span in spotted
    }
    assert described(find_period_videos(paths, PeriodChoice(), Lines(), spotted)) == expected

    # Options and periods.json are newer statements.
    if len(paths) == 1:
        choice = PeriodChoice(period=3)
        assert list(find_period_videos(paths, choice, Lines(), spotted)) == [3]
        document = {"format": "spotkick-periods-1", "periods": [{"period": 4, "start_s": 1}]}
        (tmp_path / "periods.json").write_text(json.dumps(document))
        assert list(find_period_videos(paths, PeriodChoice(), Lines(), spotted)) == [4]


def test_find_period_videos_another_copy_than_was_spotted_gives_a_line(
    tmp_path: Path, video: bytes
) -> None:
    paths = put(tmp_path, video, "large.mp4")
    reporter = Lines()
    spotted = [PeriodSpan(1, 1.5, 4.0, Path("small.mp4"))]
    assert list(find_period_videos(paths, PeriodChoice(), reporter, spotted)) == [1]
    assert "made from small.mp4 with period 1 from 0:01.5 to 0:04" in reporter.lines[0]
