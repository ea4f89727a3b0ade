"""Choosing the display thresholds of a checkpoint again."""

import importlib.util
import json
import shutil
from pathlib import Path

import pytest

from spotkick.actions import Action, ActionClasses, MatchActions
from spotkick.demo.data import SHIPPED
from spotkick.evaluation import AssignmentResult, assign_predictions

PATH = Path(__file__).parents[2] / "tools" / "season" / "thresholds.py"
SPEC = importlib.util.spec_from_file_location("season_thresholds", PATH)
assert SPEC is not None
assert SPEC.loader is not None
season = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(season)


@pytest.fixture
def planted() -> AssignmentResult:
    """Hits at 0.9 and 0.5, a false spot at 0.7 and a label of "b" that nothing points to."""
    found = [Action("a", 1, 100_000, 0.9), Action("a", 1, 200_000, 0.5)]
    false = [Action("a", 1, 400_000, 0.7)]
    truth = [Action("a", 1, 100_000), Action("a", 1, 200_000), Action("b", 1, 300_000)]
    return assign_predictions(
        [MatchActions("m", (*found, *false))],
        [MatchActions("m", tuple(truth))],
        ActionClasses(("a", "b")),
        tolerances_s=(20.0,),
        frame_rate=2,
        periods=(1,),
    )


def test_compare_thresholds_planted_spots_are_counted(planted: AssignmentResult) -> None:
    table = season.compare_thresholds(planted, {"a": 0.8}, {"a": 0.4, "b": 0.6})
    assert "| a | 2 | 0.800 → 0.400 | 1 / 0 / 1 → 2 / 1 / 0 |" in table
    assert "| b | 1 | 0.340 → 0.600 | 0 / 0 / 1 → 0 / 0 / 1 |" in table
    assert "| all | 3 | mean F1 0.333 → 0.400 | 1 / 0 / 2 → 2 / 1 / 1 |" in table


def test_replace_thresholds_other_bytes_stay(tmp_path: Path) -> None:
    folder = tmp_path / "checkpoint"
    shutil.copytree(SHIPPED, folder)
    before = (folder / "config.json").read_text()
    former = json.loads(before)["thresholds"]
    season.replace_thresholds(folder, former)
    assert (folder / "config.json").read_text() == before

    season.replace_thresholds(folder, {"Goal": 0.25})
    after = json.loads((folder / "config.json").read_text())
    assert after.pop("thresholds") == {"Goal": 0.25}
    assert after == {
        name: value for name, value in json.loads(before).items() if name != "thresholds"
    }
