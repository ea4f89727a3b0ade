"""``spotkick spot`` on videos with the shipped checkpoint: one file, halves, and other files."""

import json
import subprocess
import sys
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from spotkick.demo.data import CLIP, SEASON, SHIPPED
from spotkick.errors import SpotkickWarning
from spotkick.features.tracks import FeatureSource, write_source, write_track
from support.pattern_video import Pattern, write_pattern_video

Invoke = Callable[..., tuple[int, str, list[str]]]


@pytest.fixture
def spot(invoke: Callable[..., tuple[int, str, str]], tmp_path: Path) -> Invoke:
    """Exit code, stdout and lines of stderr of ``spotkick spot SHIPPED ... --out tmp_path/out``."""

    def call(*arguments: object) -> tuple[int, str, list[str]]:
        code, out, err = invoke(
            "spot", SHIPPED, *arguments, "--out", tmp_path / "out", "--threads", "1"
        )
        return code, out, err.splitlines()

    return call


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("video") / "match.mp4"
    write_pattern_video(path, Pattern(250, size_px=(96, 64), group_frames=25))
    return path


def times(results: Path) -> list[tuple[str, int]]:
    predictions = json.loads(results.read_text())["predictions"]
    return [(str(spot["gameTime"])[0], int(spot["position"])) for spot in predictions]


def results_below(out: Path) -> list[Path]:
    """Spots and scores; a note of what was asked for may stay."""
    return [path for pattern in ("results*", "scores*") for path in out.rglob(pattern)]


def test_spot_one_file_writes_the_given_period(spot: Invoke, video: Path, tmp_path: Path) -> None:
    code, out, errors = spot(video, "--period", 2)
    assert (code, errors) == (0, [])
    assert "times real time" in out
    found = times(tmp_path / "out" / "match" / "results_spotting.json")
    assert found
    assert {period for period, _ in found} == {"2"}
    assert all(0 <= position < 10_000 for _, position in found)


def test_spot_start_shifts_all_times(spot: Invoke, video: Path, tmp_path: Path) -> None:
    assert spot(video, "--start", 6)[0] == 0
    assert all(
        position < 4_000
        for _, position in times(tmp_path / "out" / "match" / "results_spotting.json")
    )
    code, _, errors = spot(video, "--start", 60)
    assert (code, len(errors)) == (1, 1)
    assert "lasts 10.0 s" in errors[0]


def test_spot_folder_of_halves_is_one_match(spot: Invoke, video: Path, tmp_path: Path) -> None:
    folder = tmp_path / "cup final"
    folder.mkdir()
    for period in (1, 2):
        (folder / f"{period}_720p.mp4").write_bytes(video.read_bytes())
    code, out, errors = spot(folder)
    assert (code, errors) == (0, [])
    assert "1 match" in out
    assert {
        period for period, _ in times(tmp_path / "out" / "cup final" / "results_spotting.json")
    } == {"1", "2"}


def write_sound(path: Path) -> None:
    with av.open(str(path), "w", format="mp4") as container:
        stream = container.add_stream("aac", rate=48000)
        frame = av.AudioFrame.from_ndarray(
            np.zeros((1, 48000), np.float32), format="fltp", layout="mono"
        )
        frame.rate, frame.pts, frame.time_base = 48000, 0, Fraction(1, 48000)
        container.mux([*stream.encode(frame), *stream.encode(None)])


def make_bad(kind: str, video: Path, path: Path) -> None:
    if kind == "zero bytes":
        path.touch()
    elif kind == "text":
        path.write_text("no video\n" * 100)
    elif kind == "truncated":
        path.write_bytes(video.read_bytes()[:-900])
    elif kind == "audio only":
        write_sound(path)
    elif kind == "empty folder":
        path.mkdir()


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("missing", "does not exist"),
        ("zero bytes", "empty (0 bytes)"),
        ("text", "not a video that can be read"),
        ("truncated", "truncated"),
        ("audio only", "only sound"),
        ("empty folder", "no features"),
    ],
)
def test_spot_no_video_gives_one_line_and_no_file(
    spot: Invoke, video: Path, tmp_path: Path, kind: str, message: str
) -> None:
    path = tmp_path / "bad.mp4"
    make_bad(kind, video, path)
    code, out, errors = spot(path)
    assert (code, out, len(errors)) == (1, "", 1)
    assert message in errors[0]
    assert errors[0].startswith("error: ")
    assert results_below(tmp_path / "out") == []


def test_spot_unreadable_path_is_one_line(
    spot: Invoke, video: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "os.access", lambda path, *_: Path(path) != video
    )  # permissions do not bind the superuser, who may run this
    code, _, errors = spot(video)
    assert (code, len(errors)) == (1, 1)
    assert "permission denied" in errors[0]
    assert results_below(tmp_path / "out") == []


@pytest.mark.parametrize("suffix", [".jpg", ".dat", ""])
def test_spot_any_suffix_is_read(spot: Invoke, video: Path, tmp_path: Path, suffix: str) -> None:
    (tmp_path / f"match{suffix}").write_bytes(video.read_bytes())
    assert spot(tmp_path / f"match{suffix}")[0] == 0


def test_spot_video_named_as_a_split_is_refused(spot: Invoke, video: Path, tmp_path: Path) -> None:
    (tmp_path / "match.txt").write_bytes(video.read_bytes())
    code, _, errors = spot(tmp_path / "match.txt", "--data", tmp_path)
    assert (code, len(errors)) == (1, 1)
    assert "match.txt" in errors[0]


def test_spot_truncated_file_is_spotted_as_far_as_it_goes(spot: Invoke, tmp_path: Path) -> None:
    write_pattern_video(tmp_path / "a.mkv", Pattern(250, size_px=(96, 64), group_frames=25))
    whole = (tmp_path / "a.mkv").read_bytes()
    (tmp_path / "a.mkv").write_bytes(whole[: len(whole) * 6 // 10])
    with pytest.warns(SpotkickWarning, match=r"truncated: \d\.\d of 10\.0 seconds are readable"):
        assert spot(tmp_path / "a.mkv")[0] == 0
    assert all(
        position < 9_000 for _, position in times(tmp_path / "out" / "a" / "results_spotting.json")
    )


def test_spot_features_of_another_source_are_refused(spot: Invoke, tmp_path: Path) -> None:
    write_source(FeatureSource("mine", 64, fingerprint="another"), tmp_path / "features")
    write_track(np.zeros((20, 64), np.float16), tmp_path / "features" / "m" / "1_mine.npy")
    code, _, errors = spot(tmp_path / "features" / "m" / "1_mine.npy")
    assert (code, len(errors)) == (1, 1)
    assert "spotkick features" in errors[0]
    assert results_below(tmp_path / "out") == []


def test_spot_no_spots_is_a_result(spot: Invoke, tmp_path: Path) -> None:
    table = tmp_path / "spots.csv"
    code, out, errors = spot(CLIP, "--min-confidence", 1, "--csv", table)
    assert table.read_text().count("\n") == 1  # the header
    assert code == 0
    assert all(" s of video" in line for line in errors)  # progress, where the machine is slow
    assert "0 spots" in out
    assert times(tmp_path / "out" / "clip" / "results_spotting.json") == []


def test_spot_bare_name_may_be_the_name_of_the_output(
    invoke: Callable[..., tuple[int, str, str]],
    video: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    code, out, err = invoke("spot", "demo", video, "--out", "demo", "--threads", "1")
    assert (code, err) == (0, "")
    assert "results: demo/match/results_spotting.json" in out


def test_spot_unknown_bare_name_suggests_a_shipped_one(
    invoke: Callable[..., tuple[int, str, str]], video: Path
) -> None:
    code, _, err = invoke("spot", "demmo", video)
    assert code == 1
    assert "did you mean the shipped checkpoint 'demo'?" in err
    assert len(err.splitlines()) == 1


def test_spot_needs_no_optional_package(tmp_path: Path) -> None:
    match, out = SEASON / "test" / "match_2003", tmp_path / "out"
    program = (
        "import sys\n"
        "absent = ('torch', 'onnx', 'scipy', 'sklearn', 'PIL', 'scenedetect',"
        " 'rapidocr_onnxruntime', 'faster_whisper', 'ctranslate2', 'pandas',"
        " 'pyarrow', 'fastapi', 'optuna')\n"
        "sys.modules.update(dict.fromkeys(absent))\n"
        f"sys.argv = ['spotkick', 'spot', 'demo', {str(match)!r}, '--out', {str(out)!r}]\n"
        "from spotkick.cli.main import run\n"
        "run()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "1 match, " in done.stdout
