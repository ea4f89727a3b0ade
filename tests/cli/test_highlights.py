import json
import os
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from spotkick.actions import Action, MatchActions
from spotkick.files import write_json
from spotkick.formats.results import results_document
from spotkick.formats.scores import MatchScores, write_scores
from support.pattern_video import Pattern, write_pattern_video

RUN = "from spotkick.cli import main; main.COMMANDS = ('highlights',); main.run()"
"""The program with this command alone."""


@pytest.fixture(scope="module")
def match(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("match")
    write_pattern_video(
        folder / "match.mp4", Pattern(1000, size_px=(96, 64), group_frames=50, beeps_s=(10.0,))
    )
    write_spots(
        folder,
        Action("Goal", 1, 20_000, 0.9),
        Action("Corner", 1, 5_000, 0.2),
        Action("Goal", 2, 1_000, 0.9),
    )
    return folder


def write_spots(folder: Path, *actions: Action) -> None:
    write_json(
        folder / "results_spotting.json",
        results_document(MatchActions("league/season/match", actions)),
    )


def run(
    *arguments: object, before: str = "", folder: Path | None = None
) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", f"{before}\n{RUN}", "highlights", *map(str, arguments)]
    return subprocess.run(
        command, capture_output=True, text=True, timeout=120, check=False, cwd=folder
    )


def test_highlights_all_outputs_are_written(match: Path, tmp_path: Path) -> None:
    lists = {
        kind: tmp_path / f"out.{kind}" for kind in ("edl", "fcpxml", "otio", "vtt", "csv", "json")
    }
    options = [text for kind, path in lists.items() for text in (f"--{kind}", path)]
    outputs = ["--out", tmp_path / "reel.mp4", "--poster", tmp_path / "p.jpg", *options]
    done = run(match, match / "match.mp4", "--lead", "Goal=3:4", "--no-snap", *outputs)
    assert done.returncode == 0, done.stderr
    assert "1 of 1 clips, 7.0 s" in done.stdout
    assert "left out, period 2 has no video" in done.stdout
    assert sorted(tmp_path.iterdir()) == sorted(
        [tmp_path / "reel.mp4", tmp_path / "p.jpg", *lists.values()]
    )
    clips = json.loads(lists["json"].read_text())["clips"]
    assert clips[0]["reason"] == "Goal spotted at 1 - 00:20 with confidence 0.90"
    assert clips[0]["source_start_s"] == 17


def bad_video(folder: Path, kind: str) -> Path:
    path = folder / "bad.mp4"
    if kind == "empty":
        path.touch()
    elif kind == "text":
        path.write_text("no video\n" * 100)
    elif kind == "random":
        path.write_bytes(np.random.default_rng(0).bytes(4000))
    elif kind in {"truncated", "cut index"}:
        write_pattern_video(path, Pattern(50, size_px=(96, 64)))
        path.write_bytes(path.read_bytes()[: 1000 if kind == "truncated" else -900])
    elif kind == "folder":
        path.mkdir()
    elif kind == "sound":
        with av.open(str(path), "w") as container:
            stream = container.add_stream("aac", rate=48000)
            frame = av.AudioFrame.from_ndarray(
                np.zeros((1, 48000), np.float32), format="fltp", layout="mono"
            )
            frame.rate = 48000
            container.mux([*stream.encode(frame), *stream.encode(None)])
    return path


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("missing", "no such video file"),
        ("empty", "empty"),
        ("text", "not a video"),
        ("random", "not a video"),
        ("truncated", "truncated before its index"),
        ("cut index", "truncated inside its index"),
        ("folder", "this is a folder"),
        ("sound", "only sound"),
    ],
)
def test_highlights_bad_video_gives_one_line(
    match: Path, tmp_path: Path, kind: str, message: str
) -> None:
    video = bad_video(tmp_path, kind)
    before = sorted(tmp_path.iterdir())
    done = run(match, video, "--out", tmp_path / "reel.mp4")
    assert done.returncode == 1
    assert message in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--duration", "3"], "no room for the shortest clip"),
        (["--threshold", "0.99"], "no spot reaches its threshold"),
        (["--lead", "Goal"], "expected NAME=VALUE"),
        (["--lead", "Goal=x:2"], "expected --lead Goal=10:30"),
        (["--scores", "missing.npz"], "missing.npz"),
    ],
)
def test_highlights_bad_option_gives_one_line(
    match: Path, tmp_path: Path, options: list[str], message: str
) -> None:
    write_spots(tmp_path, Action("Goal", 1, 20_000, 0.9))
    done = run(tmp_path, match / "match.mp4", "--out", tmp_path / "reel.mp4", *options)
    assert done.returncode == 1
    assert message in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["results_spotting.json"]


@pytest.mark.parametrize("duration_s", [7.0, 9.99, 20])
def test_highlights_reel_is_no_longer_than_the_duration(
    match: Path, tmp_path: Path, duration_s: float
) -> None:
    write_spots(tmp_path, *(Action("Goal", 1, 1000 * second, 0.9) for second in (6, 15, 23, 33)))
    reel = tmp_path / "reel.mp4"
    done = run(
        tmp_path,
        match / "match.mp4",
        "--out",
        reel,
        "--duration",
        duration_s,
        "--lead",
        "Goal=3.3:3.7",
    )
    assert done.returncode == 0, done.stderr
    with av.open(str(reel)) as container:
        assert (
            duration_s / 3 < container.duration / av.time_base <= duration_s + 0.03
        )  # a block of sound may be longer


def test_highlights_folder_of_several_matches_is_refused(match: Path, tmp_path: Path) -> None:
    video = match / "match.mp4"
    assert (
        "holds no results_spotting.json"
        in run(tmp_path, video, "--json", tmp_path / "a.json").stderr
    )
    for number, name in enumerate(("one", "other")):
        (tmp_path / name).mkdir()
        write_spots(tmp_path / name, Action("Goal", 1, 20_000, 0.9))
        done = run(tmp_path, video, "--no-snap", "--json", tmp_path / "a.json")
        assert done.returncode == number, done.stderr
    assert "this folder holds 2 matches; give the folder of one" in done.stderr
    assert "Traceback" not in done.stderr


def test_highlights_unreadable_video_gives_one_line(match: Path, tmp_path: Path) -> None:
    (tmp_path / "match.jpg").write_bytes((match / "match.mp4").read_bytes())
    done = run(match, tmp_path / "match.jpg", "--csv", tmp_path / "clips.csv", "--no-snap")
    assert done.returncode == 0, done.stderr
    # Permissions do not bind the superuser, who may run this.
    locked = "import os, pathlib; os.access = lambda path, *_: not str(path).endswith('match.mp4')"
    done = run(match, match / "match.mp4", "--out", tmp_path / "reel.mp4", before=locked)
    assert (done.returncode, len(done.stderr.splitlines())) == (1, 1)
    assert "permission denied" in done.stderr
    assert not (tmp_path / "reel.mp4").exists()


def test_highlights_nothing_to_show_or_write_gives_one_line(match: Path, tmp_path: Path) -> None:
    write_spots(tmp_path)
    for arguments, message in (
        (["--out", tmp_path / "reel.mp4"], "nothing to make a reel of"),
        ([], "nothing to write"),
    ):
        done = run(tmp_path, match / "match.mp4", *arguments)
        assert (done.returncode, len(done.stderr.splitlines())) == (1, 1)
        assert message in done.stderr
    done = run(match, match / "match.mp4", "--out", tmp_path / "reel.avi")
    assert "reel is written as" in done.stderr.splitlines()[-1]
    assert [path.name for path in tmp_path.iterdir()] == ["results_spotting.json"]


@pytest.mark.skipif(os.name != "posix", reason="limits the size of files as POSIX systems can")
def test_highlights_full_disk_leaves_nothing_behind(match: Path, tmp_path: Path) -> None:
    full = (
        "import resource, signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN); "
        "resource.setrlimit(resource.RLIMIT_FSIZE, (9000, 9000))"
    )
    done = run(match, match / "match.mp4", "--out", tmp_path / "reel.mp4", "--no-snap", before=full)
    assert done.returncode == 1
    assert "cannot write" in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "options",
    [
        ["--out", "match.mp4"],
        ["--out", "match.mp4", "--copy"],
        ["--out", "reel.mp4", "--edl", "match.mp4"],
        ["--poster", "link.mp4"],
        ["--json", "results_spotting.json"],
        ["--csv", "scores.npz"],
        ["--out", "reel.mp4", "--edl", "reel.mp4"],
        ["--vtt", "a.txt", "--otio", "./a.txt"],
    ],
)
def test_highlights_output_in_place_of_input_or_output_is_refused(
    match: Path, tmp_path: Path, options: list[str]
) -> None:
    for name in ("match.mp4", "results_spotting.json"):
        (tmp_path / name).write_bytes((match / name).read_bytes())
    (tmp_path / "link.mp4").hardlink_to(tmp_path / "match.mp4")
    scores = MatchScores("m", ("Goal",), Fraction(2), {1: np.zeros((4, 1), np.float32)})
    write_scores(tmp_path / "scores.npz", scores)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}

    done = run("results_spotting.json", "match.mp4", *options, folder=tmp_path)
    assert done.returncode == 1
    assert "would overwrite" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
