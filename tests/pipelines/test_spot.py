import io
import json
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

import spotkick.pipelines.spot_match as spot_match_module
from spotkick.actions import Action, MatchActions
from spotkick.checkpoint import Checkpoint, read_checkpoint
from spotkick.demo.run import SHIPPED
from spotkick.errors import InputError, SpotkickWarning, StorageError
from spotkick.features.tracks import FeatureTrack
from spotkick.formats.scores import MatchScores
from spotkick.pipelines.spot import run_spotting
from spotkick.pipelines.spot_inputs import SpottingJob
from spotkick.pipelines.spot_summary import SpottingSummary
from spotkick.prediction import Member
from spotkick.reporter import LineReporter, Reporter


@pytest.fixture
def checkpoint(monkeypatch: pytest.MonkeyPatch) -> Checkpoint:
    """The checkpoint that ships, with a network that finds one goal in each period."""

    def find_goals(members: list[Member], match: str) -> tuple[MatchActions, MatchScores]:
        tracks = members[0].tracks
        goals = tuple(Action("Goal", period, 1000, 0.5) for period in tracks)
        scores = {period: np.zeros((4, 1), np.float32) for period in tracks}
        return MatchActions(match, goals), MatchScores(match, ("Goal",), Fraction(2), scores)

    monkeypatch.setattr(spot_match_module, "spot_match_together", find_goals)
    return read_checkpoint(SHIPPED)


def job(checkpoint: Checkpoint, match: str, error: BaseException | None = None) -> SpottingJob:
    def load(reporter: Reporter) -> dict[int, FeatureTrack]:
        del reporter
        if error is not None:
            raise error
        source = checkpoint.feature_source
        return {1: FeatureTrack(np.zeros((8, source.dim), np.float16), source)}

    return SpottingJob(match, load)


def spot(checkpoint: Checkpoint, out: Path, jobs: list[SpottingJob], log: Any) -> SpottingSummary:
    network = cast("Any", None)
    return run_spotting(jobs, network, checkpoint, out, reporter=LineReporter(log))


@pytest.mark.parametrize(
    "error",
    [
        AttributeError("'AudioStream' object has no attribute 'rate'"),
        MemoryError(),
        ZeroDivisionError("by zero"),
        InputError("cut off"),
        RuntimeError("two\nlines"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_run_spotting_any_error_of_one_match_leaves_the_others(
    checkpoint: Checkpoint, tmp_path: Path, error: Exception
) -> None:
    jobs = [job(checkpoint, "a"), job(checkpoint, "b", error), job(checkpoint, "c")]
    log = io.StringIO()
    with pytest.warns(SpotkickWarning, match="b was left out"):
        summary = spot(checkpoint, tmp_path, jobs, log)
    assert (summary.matches, list(summary.failed)) == (2, ["b"])
    assert all((tmp_path / name / "results_spotting.json").is_file() for name in "ac")

    # One line ends each match, and names what was written.
    lines = [line for line in log.getvalue().splitlines() if line[:2] in ("a:", "b:", "c:")]
    assert [line[:2] for line in lines] == ["a:", "b:", "c:"]
    assert lines[0].endswith(str(tmp_path / "a" / "results_spotting.json"))
    assert lines[1].startswith("b: failed: ")


def test_run_spotting_interrupt_stops(checkpoint: Checkpoint, tmp_path: Path) -> None:
    jobs = [job(checkpoint, "a"), job(checkpoint, "b", KeyboardInterrupt())]
    with pytest.raises(KeyboardInterrupt):
        spot(checkpoint, tmp_path, jobs, io.StringIO())
    assert (tmp_path / "a" / "results_spotting.json").is_file()


@pytest.mark.parametrize(
    ("error", "kind"), [(InputError, InputError), (StorageError, StorageError)]
)
def test_run_spotting_nothing_spotted_is_an_error(
    checkpoint: Checkpoint,
    tmp_path: Path,
    error: Callable[[str], Exception],
    kind: type[Exception],
) -> None:
    jobs = [job(checkpoint, name, error("no room")) for name in "ab"]
    with pytest.raises(kind, match="a: no room; 1 more could not be spotted either"):
        spot(checkpoint, tmp_path, jobs, io.StringIO())


def test_run_spotting_periods_of_an_earlier_run_are_said(
    checkpoint: Checkpoint, tmp_path: Path
) -> None:
    other = tmp_path / "a" / "results_spotting.json"
    other.parent.mkdir()
    row = {"gameTime": "2 - 00:01", "label": "Goal", "position": "1000", "half": "2"}
    row["confidence"] = "0.5"
    other.write_text(json.dumps({"UrlLocal": "a", "predictions": [row]}))
    log = io.StringIO()
    spot(checkpoint, tmp_path, [job(checkpoint, "a")], log)
    assert "kept from before: period 2" in log.getvalue()
    assert [row["half"] for row in json.loads(other.read_text())["predictions"]] == ["1", "2"]


def test_run_spotting_one_match_needs_no_line(checkpoint: Checkpoint, tmp_path: Path) -> None:
    log = io.StringIO()
    spot(checkpoint, tmp_path, [job(checkpoint, "a")], log)
    assert log.getvalue() == ""
