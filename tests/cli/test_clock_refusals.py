"""Videos without a usable match clock: one line each, from ``clock`` and from ``spot --clock``."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from spotkick.demo.data import SHIPPED
from spotkick.pipelines import clock
from spotkick.scoreboard.place import ScoreboardPlace
from spotkick.scoreboard.readings import Reading
from spotkick.scoreboard.scan import ScoreboardScan
from support.pattern_video import Pattern, write_pattern_video

Invoke = Callable[..., tuple[int, str, str]]

PLACE = ScoreboardPlace((0, 0, 100, 20), None, (), ("ARB", "MUN"), 12.0, 9)
SPEECH = Path(__file__).parents[1] / "commentary" / "data" / "speech.ogg"
COMMANDS = (("clock",), ("spot", SHIPPED, "--clock", "--threads", "1"))


def counting_down() -> Iterator[Reading]:
    """A quarter of basketball: the clock stands still for every third reading."""
    left_s = 720.0
    for step in range(120):
        left_s -= 4.0 if step % 3 else 0.0
        yield Reading(4.0 * step, int(left_s), score=(step // 10, step // 12))


def second_period() -> list[Reading]:
    return [Reading(float(t), t - 1800, score=(0, 0)) for t in range(4504, 7400, 20)]


SCANS = {
    "no scoreboard": (None, [], "no scoreboard was found"),
    "no clock": (
        PLACE,
        [Reading(4.0 * n, None, score=(0, 0)) for n in range(9)],
        "the scoreboard shows no clock",
    ),
    "basketball": (PLACE, list(counting_down()), "the clock counts down, as in other sports"),
}


@pytest.fixture
def video(tmp_path: Path) -> Path:
    (tmp_path / "in").mkdir()
    path = tmp_path / "in" / "match.mp4"
    write_pattern_video(path, Pattern(20, size_px=(96, 64)))
    return path


def call(invoke: Invoke, command: tuple[Any, ...], video: Path) -> tuple[int, list[str], list[str]]:
    """Exit code, all lines, and the files that came to be."""
    out = video.parents[1] / "out"
    before = set(video.parents[1].rglob("*"))
    code, stdout, stderr = invoke(*command[:2], video, *command[2:], "--out", out)
    made = {path for path in video.parents[1].rglob("*") if path.is_file()} - before
    return code, (stdout + stderr).splitlines(), sorted(path.name for path in made)


@pytest.mark.parametrize("command", COMMANDS, ids=["clock", "spot"])
@pytest.mark.parametrize("name", ["no scoreboard", "no clock", "basketball"])
def test_clock_unusable_scoreboard_is_one_line_and_writes_nothing(
    invoke: Invoke,
    video: Path,
    monkeypatch: pytest.MonkeyPatch,
    command: tuple[Any, ...],
    name: str,
) -> None:
    place, readings, message = SCANS[name]
    scan = ScoreboardScan(7600.0, place, tuple(readings), 24)
    monkeypatch.setattr(clock, "scan_scoreboard", lambda *_, **__: scan)
    code, lines, made = call(invoke, command, video)
    assert (code, made) == (1, [])
    assert len(lines) == 1
    assert message in lines[0]


@pytest.mark.parametrize("command", COMMANDS, ids=["clock", "spot"])
def test_clock_hidden_for_a_whole_period_names_it(
    invoke: Invoke, video: Path, monkeypatch: pytest.MonkeyPatch, command: tuple[Any, ...]
) -> None:
    scan = ScoreboardScan(7600.0, PLACE, tuple(second_period()), 400)
    monkeypatch.setattr(clock, "scan_scoreboard", lambda *_, **__: scan)
    _, lines, _ = call(invoke, command, video)
    (line,) = [line for line in lines if "was never read" in line]
    assert "the clock of period 1 was never read between 0:00 and 1:14:5" in line
    assert "periods.json or --period" in line


@pytest.mark.parametrize("command", COMMANDS, ids=["clock", "spot"])
def test_clock_missing_extra_names_the_command_that_installs_it(
    invoke: Invoke, video: Path, monkeypatch: pytest.MonkeyPatch, command: tuple[Any, ...]
) -> None:
    monkeypatch.setitem(sys.modules, "rapidocr_onnxruntime", None)
    code, lines, made = call(invoke, command, video)
    assert (code, made) == (1, [])
    assert len(lines) == 1
    assert "pip install 'spotkick[scoreboard]'" in lines[0]


@pytest.mark.parametrize("command", COMMANDS, ids=["clock", "spot"])
def test_clock_interrupted_leaves_nothing(
    invoke: Invoke, video: Path, monkeypatch: pytest.MonkeyPatch, command: tuple[Any, ...]
) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(clock, "scan_scoreboard", interrupt)
    code, lines, made = call(invoke, command, video)
    assert (code, made) == (130, [])
    assert lines == ["interrupted; what was finished before is kept"]


def test_clock_sound_file_is_one_line(invoke: Invoke, video: Path) -> None:
    sound = video.with_name("match.ogg")
    sound.write_bytes(SPEECH.read_bytes())
    code, lines, made = call(invoke, ("clock",), sound)
    assert (code, made) == (1, [])
    assert len(lines) == 1
    assert "match.ogg" in lines[0]
