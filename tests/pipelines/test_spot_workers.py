"""Spotting in several processes, going on after an interruption, and matches that fail."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from spotkick.cli.main import build_app
from spotkick.cluster.ledger import read_ledgers
from spotkick.errors import InputError, SpotkickWarning
from spotkick.formats.results import RESULTS_FILE
from spotkick.formats.scores import SCORES_FILE
from spotkick.pipelines.config import ExperimentConfig
from spotkick.pipelines.spot_workers import STAMP_FILE
from spotkick.pipelines.train import BEST, run_training

MATCHES = [f"league/2026/match {index}" for index in range(4)]


@pytest.fixture(scope="module")
def checkpoint(planted: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("runs") / "calf"
    config = {
        "data": {
            "root": str(planted),
            "features": "planted",
            "classes": ("goal", "card", "substitution"),
        },
        "model": {
            "chunk_s": 60,
            "receptive_field_s": 16,
            "hidden": (24, 16),
            "pyramid": (4, 8, 8, 16),
        },
        "training": {"epochs": 1, "validate_every": 1, "threads": 1},
    }
    run_training(ExperimentConfig.parse(config), out, quiet=True)
    return out / BEST


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(build_app(("spot", "train")), ["spot", *map(str, arguments)])


def files(out: Path) -> dict[str, bytes]:
    return {
        path.relative_to(out).as_posix(): path.read_bytes() for path in sorted(out.rglob("*.json"))
    }


def test_run_request_workers_writes_what_one_process_writes(
    checkpoint: Path, planted: Path, tmp_path: Path
) -> None:
    one = run(checkpoint, planted, "--out", tmp_path / "one", "--threads", "1")
    two = run(checkpoint, planted, "--out", tmp_path / "two", "--threads", "1", "--workers", "2")
    assert (one.exit_code, two.exit_code) == (0, 0), one.output + two.output
    assert files(tmp_path / "one") == files(tmp_path / "two")
    assert two.stdout.startswith("4 matches, ")
    ends = [line for line in two.stderr.splitlines() if line.startswith("league/")]
    assert [line.partition(":")[0] for line in sorted(ends)] == MATCHES
    assert all(line.endswith(RESULTS_FILE) for line in ends)
    assert all((tmp_path / "two" / match / SCORES_FILE).is_file() for match in MATCHES)


@pytest.mark.parametrize("workers", ["1", "2"])
def test_claim_folder_resume_spots_what_is_left(
    checkpoint: Path, planted: Path, tmp_path: Path, workers: str
) -> None:
    out = tmp_path / "out"
    assert run(checkpoint, planted / MATCHES[0], planted / MATCHES[1], "--out", out).exit_code == 0
    kept = {match: (out / match / RESULTS_FILE).stat().st_mtime_ns for match in MATCHES[:2]}
    result = run(checkpoint, planted, "--out", out, "--resume", "--workers", workers)
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith("2 matches, ")
    assert ", 2 already there; results: " in result.stdout
    assert {match: (out / match / RESULTS_FILE).stat().st_mtime_ns for match in MATCHES[:2]} == kept
    assert all((out / match / RESULTS_FILE).is_file() for match in MATCHES)
    again = run(checkpoint, planted, "--out", out, "--resume", "--workers", workers)
    assert (again.exit_code, again.stdout) == (0, f"nothing left to spot, 4 already there: {out}\n")


def test_claim_folder_resume_with_other_settings_is_refused(
    checkpoint: Path, planted: Path, tmp_path: Path
) -> None:
    assert run(checkpoint, planted, "--out", tmp_path).exit_code == 0
    result = run(checkpoint, planted, "--out", tmp_path, "--resume", "--nms-window", "7")
    assert isinstance(result.exception, InputError)
    assert "another checkpoint or other settings" in str(result.exception)
    (tmp_path / STAMP_FILE).unlink()
    assert isinstance(run(checkpoint, planted, "--out", tmp_path, "--resume").exception, InputError)
    assert run(checkpoint, planted, "--out", tmp_path, "--nms-window", "7").exit_code == 0
    assert json.loads((tmp_path / STAMP_FILE).read_text())["decoding"]["nms_window_s"] == 7


def test_spot_workers_with_one_output_file_are_refused(
    checkpoint: Path, planted: Path, tmp_path: Path
) -> None:
    for option in (("--workers", "2"), ("--resume",), ("--shard", "1/2"), ("--cluster", "local")):
        result = run(checkpoint, planted, "--out", tmp_path / "r.zip", *option)
        assert "need a folder as --out" in str(result.exception)


def test_run_request_workers_bad_match_leaves_the_others(
    make_planted: Callable[..., Path], checkpoint: Path, tmp_path: Path
) -> None:
    root = make_planted(tmp_path / "data", num_frames=300, matches=3)
    (root / MATCHES[1] / "1_planted.npy").write_bytes(b"\x93NUMPY")
    with pytest.warns(SpotkickWarning, match="match 1 was left out"):
        result = run(checkpoint, root, "--out", tmp_path / "out", "--workers", "2")
    assert result.exit_code == 1
    assert result.stdout.startswith("2 matches, ")
    for match in MATCHES[:3]:
        assert (tmp_path / "out" / match / RESULTS_FILE).is_file() == (match != MATCHES[1])
    for match in (MATCHES[0], MATCHES[2]):
        (root / match / "1_planted.npy").write_bytes(b"\x93NUMPY")
    everything = run(checkpoint, root, "--out", tmp_path / "none", "--workers", "2")
    assert isinstance(everything.exception, InputError)
    assert "2 more could not be spotted either" in str(everything.exception)


@pytest.mark.parametrize("workers", ["1", "2"])
def test_spot_run_folder_stands_for_its_best_checkpoint(
    checkpoint: Path, planted: Path, tmp_path: Path, workers: str
) -> None:
    for name, given in (("run", checkpoint.parent), ("best", checkpoint)):
        done = run(given, planted, "--out", tmp_path / name, "--workers", workers)
        assert done.exit_code == 0, done.output
    assert files(tmp_path / "run") == files(tmp_path / "best")


def test_run_request_shards_together_are_one_run(
    checkpoint: Path, planted: Path, tmp_path: Path
) -> None:
    assert run(checkpoint, planted, "--out", tmp_path / "one").exit_code == 0
    for part in ("1/3", "2/3", "3/3"):
        done = run(checkpoint, planted, "--out", tmp_path / "parts", "--shard", part)
        assert done.exit_code == 0, done.output
    own = files(tmp_path / "parts")
    assert own.pop("spot.shards-3.json")
    assert own == files(tmp_path / "one")
    known = read_ledgers(tmp_path / "parts", "spot")
    assert {match: line.state for match, line in known.items()} == dict.fromkeys(MATCHES, "done")


def test_claim_folder_resume_tries_what_the_ledger_calls_failed(
    make_planted: Callable[..., Path], checkpoint: Path, tmp_path: Path
) -> None:
    root = make_planted(tmp_path / "data", num_frames=300, matches=2)
    damaged = root / MATCHES[1] / "1_planted.npy"
    whole = damaged.read_bytes()
    damaged.write_bytes(b"\x93NUMPY")
    with pytest.warns(SpotkickWarning, match="match 1 was left out"):
        run(checkpoint, root, "--out", tmp_path / "out", "--workers", "2")
    line = read_ledgers(tmp_path / "out", "spot")[MATCHES[1]]
    assert (line.state, "1_planted.npy" in line.error) == ("failed", True)

    # The file is sound again, and this match alone is spotted.
    damaged.write_bytes(whole)
    again = run(checkpoint, root, "--out", tmp_path / "out", "--resume")
    assert again.stdout.startswith("1 match, "), again.output
    assert read_ledgers(tmp_path / "out", "spot")[MATCHES[1]].state == "done"
