"""Whole evenings, read by a reader that knows the time from the number in each frame."""

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from spotkick.scoreboard import scan
from spotkick.scoreboard.board import Scoreboard, find_scoreboards
from spotkick.scoreboard.clock_lines import find_clock_lines
from spotkick.scoreboard.frame_source import SeekingSource, StoredSource, open_frame_source
from spotkick.scoreboard.periods import find_periods
from spotkick.scoreboard.place import ScoreboardPlace, agree_on_place
from spotkick.scoreboard.score_changes import find_score_changes
from spotkick.scoreboard.text_reader import TextBox
from support.pattern_video import Pattern, read_number, write_pattern_video
from support.scoreboards import Evening

SIZE = (48, 32)
EVENING = Evening(
    "row",
    goals=((1500.0, 0), (5200.0, 1), (6600.0, 0)),
    hidden=tuple((float(start), start + 20.0) for start in range(800, 7400, 170)),
    separate_added_clock=True,
)


class NumberReader:
    """Stands in for text recognition, in the search for the place and at the place."""

    threads = 2

    def __init__(self, *_: object) -> None:
        self.num_reads = 0

    def check(self, seen: list[tuple[np.ndarray, Scoreboard]]) -> ScoreboardPlace:
        boards = [board for image, board in seen if self.read(image) == board]
        place = agree_on_place(boards, len(boards), (SIZE[1], SIZE[0], 3))
        assert place is not None
        return place

    def read(self, image: np.ndarray) -> Scoreboard | None:
        self.num_reads += 1
        number = read_number(image)
        state = None if number is None else EVENING.state(float(number))
        if state is None or state.clock is None:
            return None
        texts = [(state.clock, 2, 14), (state.home, 14, 24), (state.away, 34, 46)]
        texts.append(("{}-{}".format(*state.score), 24, 34))
        boxes = [TextBox(text, left, 8, right, 24, 0.9) for text, left, right in texts]
        if state.extra:
            boxes.append(TextBox(state.extra, 2, 25, 12, 31, 0.9))
        return next(iter(find_scoreboards(boxes, *SIZE)), None)


def write_numbers(path: Path, num_frames: int, group_frames: int) -> Path:
    """One frame a second, each with its number."""
    options = (("preset", "ultrafast"), ("crf", "10"), ("sc_threshold", "0"))
    pattern = Pattern(
        num_frames,
        rate=Fraction(1),
        size_px=SIZE,
        group_frames=group_frames,
        b_frames=0,
        options=options,
    )
    write_pattern_video(path, pattern)
    return path


@pytest.fixture(scope="module", params=[4, 250], ids=["key frames", "few key frames"])
def evening_video(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("evening")
    return write_numbers(folder / "match.mp4", 7600, request.param)


def test_scan_scoreboard_evening_has_its_periods_and_goals(
    evening_video: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader = NumberReader()
    monkeypatch.setattr(scan, "read_scoreboard", lambda image, _: reader.read(image))
    monkeypatch.setattr(scan, "PlaceReader", lambda *_: reader)
    found = scan.scan_scoreboard(evening_video, reader)  # type: ignore[arg-type]
    periods = find_periods(find_clock_lines(found.readings), found.readings)
    assert [period.period for period in periods] == [1, 2]
    for period, kickoff_s, added_s in zip(
        periods, EVENING.kickoffs_s, EVENING.added_s, strict=True
    ):
        assert period.start_s == pytest.approx(kickoff_s, abs=1)
        assert period.end_s == pytest.approx(kickoff_s + 2700 + added_s, abs=8)

    # each change of the score is framed by readings shortly before and after it
    changes = find_score_changes(found.readings)
    assert [change.new for change in changes] == [(1, 0), (1, 1), (2, 1)]
    for change, (goal_s, _) in zip(changes, EVENING.goals, strict=True):
        assert change.before_s < goal_s + EVENING.score_delay_s <= change.after_s
        assert change.after_s - change.before_s < 30
    assert reader.num_reads < 620  # every four seconds would be 1900


@pytest.mark.parametrize(("group", "kind"), [(4, SeekingSource), (100, StoredSource)])
def test_open_frame_source_chooses_by_the_distance_of_key_frames(
    tmp_path: Path, group: int, kind: type
) -> None:
    path = write_numbers(tmp_path / "a.mp4", 300, group)
    with open_frame_source(path, (0, 0, *SIZE), interval_s=4.0) as source:
        assert isinstance(source, kind)
        for seconds in (200.0, 42.5, 299.0):
            frame = source.read(seconds)
            assert frame is not None
            assert read_number(frame[1]) == round(frame[0])
            assert seconds - 4.6 < frame[0] <= seconds
