import json
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from spotkick.datasets.periods import PERIODS_FILE, PeriodSpan, find_periods, write_periods
from spotkick.errors import InputError
from spotkick.pipelines.clock import (
    MatchClock,
    describe_clock,
    ensure_periods,
    find_match_clock,
    find_videos,
    has_periods,
    write_match_clock,
)
from spotkick.pipelines.clock_goals import observe_goals, watch_periods
from spotkick.reporter import SilentReporter
from spotkick.scoreboard.clock_lines import find_clock_lines
from spotkick.scoreboard.periods import find_periods as find_clock_periods
from spotkick.scoreboard.place import ScoreboardPlace
from spotkick.scoreboard.readings import Reading
from spotkick.scoreboard.scan import ScoreboardScan
from spotkick.scoreboard.score_changes import ScoreChange, find_score_changes

PLACE = ScoreboardPlace((0, 0, 100, 20), None, (), ("ARB", "MUN"), 12.0, 9)


def scan_of(readings: list[Reading], place: ScoreboardPlace | None = PLACE) -> ScoreboardScan:
    return ScoreboardScan(7600.0, place, tuple(readings), len(readings))


def evening(offset_1: float = 720.0, offset_2: float = 1800.0) -> list[Reading]:
    """Both periods, with a goal at 10:00 and one in the second period that is taken back."""
    found = []
    for offset, first, last in ((offset_1, 724, 3550), (offset_2, 4504, 7400)):
        for time in range(first, last, 4):
            goals = int(time > 1340), int(5000 < time < 5200)
            found.append(Reading(float(time), int(time - offset), score=goals, names=("A", "B")))
    return found


def clock_of(video: Path, readings: list[Reading]) -> MatchClock:
    periods = tuple(find_clock_periods(find_clock_lines(readings)))
    return MatchClock(video, scan_of(readings), periods, tuple(find_score_changes(readings)))


def patched(monkeypatch: pytest.MonkeyPatch, scan: ScoreboardScan) -> MatchClock:
    monkeypatch.setattr("spotkick.pipelines.clock.scan_scoreboard", lambda *_, **__: scan)
    return find_match_clock(Path("a.mp4"), None, reporter=SilentReporter())  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("scan", "problem"),
    [
        (scan_of([], None), "no scoreboard was found"),
        (scan_of([Reading(4.0 * n, None, score=(0, 0)) for n in range(9)]), "shows no clock"),
        (scan_of([Reading(4.0 * n, 1200 - 4 * n) for n in range(90)]), "counts down"),
        (scan_of([Reading(4.0 * n, 16 * n) for n in range(90)]), "contradicts itself"),
        (scan_of([Reading(4.0, 700), Reading(900.0, 20)]), "too rarely"),
    ],
    ids=["none", "no clock", "counts down", "fast", "two readings"],
)
def test_find_match_clock_without_usable_clock_says_why(
    monkeypatch: pytest.MonkeyPatch, scan: ScoreboardScan, problem: str
) -> None:
    clock = patched(monkeypatch, scan)
    assert (clock.periods, problem in clock.problem) == ((), True)
    assert describe_clock(clock) == [f"a.mp4: {clock.problem}"]


def test_find_match_clock_evening_gives_periods_and_goals(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = patched(monkeypatch, scan_of(evening()))
    assert [round(period.start_s) for period in clock.periods] == [720, 4500]
    assert [(change.new, change.taken_back) for change in clock.changes] == [
        ((1, 0), False),
        ((1, 1), True),
    ]
    text = "\n".join(describe_clock(clock))
    assert "2 periods, ARB against MUN" in text
    assert "1-0 shown at 10:24 (A)" in text


def test_write_match_clock_periods_are_read_by_the_other_commands(tmp_path: Path) -> None:
    video = tmp_path / "match.mp4"
    video.write_bytes(b"")
    written = write_match_clock(clock_of(video, evening()))
    spans = find_periods(video)
    assert [(span.period, round(span.start_s)) for span in spans] == [(1, 720), (2, 4500)]
    assert all(span.extra["found_by"] == "spotkick clock" for span in spans)
    assert has_periods(video)
    ET.fromstring(written[1].read_text())  # noqa: S314 - our own file


def test_write_match_clock_file_that_begins_late_keeps_the_position(tmp_path: Path) -> None:
    video = tmp_path / "late.mp4"
    video.write_bytes(b"")
    late = [Reading(float(time), time + 1200) for time in range(0, 900, 4)]
    write_match_clock(clock_of(video, late))
    (span,) = find_periods(video)
    assert (span.start_s, round(span.position_s)) == (0.0, 1200)


def test_write_match_clock_rows_of_a_person_are_not_replaced(tmp_path: Path) -> None:
    video = tmp_path / "match.mp4"
    video.write_bytes(b"")
    write_periods(tmp_path, [PeriodSpan(1, 700.0, 3500.0, file=video)])
    before = (tmp_path / PERIODS_FILE).read_bytes()
    with pytest.raises(InputError, match="--overwrite"):
        write_match_clock(clock_of(video, evening()))
    assert (tmp_path / PERIODS_FILE).read_bytes() == before
    write_match_clock(clock_of(video, evening()), overwrite=True)
    assert len(find_periods(video)) == 2


def test_write_match_clock_second_video_keeps_goals_of_the_first(tmp_path: Path) -> None:
    for name in ("a.mp4", "b.mp4"):
        (tmp_path / name).write_bytes(b"")
        write_match_clock(clock_of(tmp_path / name, evening()))
    document = json.loads((tmp_path / PERIODS_FILE).read_text())
    assert sorted(document["scores"]) == ["a.mp4", "b.mp4"]
    assert len(document["periods"]) == 4


def test_observe_goals_goal_that_stood_has_a_window_before_the_change() -> None:
    clock = clock_of(Path("match.mp4"), evening())
    spans = [PeriodSpan(p.period, p.start_s, p.end_s) for p in clock.periods]
    (goal,) = observe_goals(clock.changes, spans, "Goal")
    assert (goal.period, goal.team) == (1, "home")
    assert goal.earliest_ms < 590_000 < goal.usual_ms < goal.latest_ms < 630_000


@pytest.mark.parametrize(
    ("before_s", "after_s", "period", "latest_ms"),
    [
        (3540.0, 4510.0, 1, 2_850_000),  # first seen when the second period has begun
        (3540.0, 3600.0, 1, 2_850_000),  # seen when the clock was gone
        (4600.0, 4640.0, 2, 110_000),  # hidden by replays of the goal
        (4600.0, 4700.0, 2, 200_000),  # hidden for longer
    ],
)
def test_observe_goals_late_score_belongs_to_the_period_that_ended(
    before_s: float, after_s: float, period: int, latest_ms: int
) -> None:
    spans = [PeriodSpan(1, 700.0, 3550.0), PeriodSpan(2, 4500.0, 7300.0)]
    change = ScoreChange(before_s, after_s, (0, 0), (1, 0))
    (goal,) = observe_goals([change], spans, "Goal")
    assert (goal.period, goal.latest_ms) == (period, latest_ms)
    assert goal.earliest_ms < goal.usual_ms <= goal.latest_ms


def test_watch_periods_covers_all_but_the_last_minutes() -> None:
    (stretch,) = watch_periods([PeriodSpan(1, 100.0, 2900.0)], "Goal")
    assert (stretch.start_ms, stretch.end_ms) == (0, 2_680_000)


def test_ensure_periods_known_videos_and_other_files_need_no_recognition(tmp_path: Path) -> None:
    video, other = tmp_path / "match.mp4", tmp_path / "spots.json"
    for path in (video, other):
        path.write_bytes(b"")
    write_periods(tmp_path, [PeriodSpan(1, 700.0, 3500.0, file=video)])
    before = (tmp_path / PERIODS_FILE).read_bytes()
    ensure_periods([video, tmp_path, other, tmp_path / "missing.mp4"])
    assert (tmp_path / PERIODS_FILE).read_bytes() == before


def test_find_videos_folder_gives_all_videos_below_it(tmp_path: Path) -> None:
    (tmp_path / "league" / "final").mkdir(parents=True)
    names = ["1.mp4", "2.mkv", "league/final/match.mp4"]
    for name in (*names, "notes.txt"):
        (tmp_path / name).write_bytes(b"")
    assert find_videos([tmp_path]) == [tmp_path / name for name in names]


def test_ensure_periods_video_without_clock_does_not_stop_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    videos = [tmp_path / name / "match.mp4" for name in ("a", "b", "c")]
    for video in videos:
        video.parent.mkdir()
        video.write_bytes(b"")
    scans = {"a": scan_of([], None), "b": scan_of(evening()), "c": scan_of([], None)}
    monkeypatch.setattr(
        "spotkick.pipelines.clock.scan_scoreboard", lambda path, *_, **__: scans[path.parent.name]
    )
    with pytest.raises(InputError, match=r"no scoreboard was found.*1 more .*leave out --clock"):
        ensure_periods(videos)
    assert [has_periods(video) for video in videos] == [False, True, False]
