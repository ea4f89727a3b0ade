"""Tables, importance, and TOML."""

import csv
import io
import tomllib
from pathlib import Path
from typing import Any

import optuna
from hypothesis import given
from hypothesis import strategies as st

from spotkick.reporter import SilentReporter
from spotkick.training.tune_config import Candidates, Range, TuneConfig
from spotkick.tuning.results import TrialRow, importance, summary, to_toml, trial_rows, trials_csv
from spotkick.tuning.study import Report, Stage, open_stage, open_storage, run_stage

_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
_SCALARS = st.one_of(
    st.booleans(),
    st.integers(-(2**60), 2**60),
    st.floats(allow_nan=False, allow_infinity=False),
    _TEXT,
    st.lists(st.integers()),
)
_TABLES = st.recursive(
    _SCALARS, lambda inner: st.dictionaries(_TEXT, inner, max_size=3), max_leaves=8
)


@given(st.dictionaries(_TEXT, _TABLES, max_size=4))
def test_to_toml_is_read_back_alike(values: dict[str, object]) -> None:
    assert tomllib.loads(to_toml(values, "first line\nsecond line")) == values


ROWS = [
    TrialRow("s", 0, "complete", 0.25, 3.0, {"model.f": 4, "loss.w": 0.5}),
    TrialRow(
        "s", 1, "fail", None, 1.0, {"model.f": 8, "loss.w": 1.0}, "the loss became nan, lower it"
    ),
    TrialRow("s/slicing.scale/1", 0, "complete", 0.5, 3.0, {"slicing.scale": 2.0}),
    TrialRow("s", 2, "pruned", 0.1, 1.0, {"model.f": 8, "loss.w": 2.0}),
]


def test_trials_csv_has_a_column_per_key() -> None:
    rows = list(csv.DictReader(io.StringIO(trials_csv(ROWS))))
    assert [row["model.f"] for row in rows] == ["4", "8", "", "8"]
    assert rows[1]["error"] == "the loss became nan, lower it"
    assert rows[2]["slicing.scale"] == "2.0"


def test_summary_names_the_best_and_the_failed() -> None:
    lines = summary(ROWS, {"loss.w": 0.8, "model.f": 0.2}, best=1).splitlines()
    assert lines[0] == "s/slicing.scale/1 0  0.5000  scale=2"
    assert lines[1] == "2 complete, 1 pruned, 1 fail"
    assert lines[-1] == "what mattered: loss.w 80 %, model.f 20 %"


def test_importance_planted_parameter_comes_first(tmp_path: Path) -> None:
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    space: dict[str, Candidates] = {"x": Range(low=0.0, high=1.0), "idle": Range(low=0.0, high=1.0)}
    stage = open_stage(
        open_storage(str(tmp_path / "s")), Stage("s", space, 40), TuneConfig(sampler="random")
    )
    assert importance(stage.study) == {}

    def objective(values: dict[str, Any], name: str, report: Report) -> float:
        del name, report
        return -((values["x"] - 0.4) ** 2)

    run_stage(stage, objective, on_trial=print, wait=False, reporter=SilentReporter())
    shares = importance(stage.study)
    assert shares["x"] > 0.8
    assert sum(shares.values()) > 0.99
    assert len(trial_rows(stage)) == 40
