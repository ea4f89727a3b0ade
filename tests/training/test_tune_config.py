"""The ``[tune]`` table: what it accepts, and what training does with it."""

from pathlib import Path
from typing import Any

import pytest

from spotkick.errors import ConfigError
from spotkick.pipelines.config import ExperimentConfig, read_experiment
from spotkick.training.tune_config import Range, TuneConfig, take_tune_table


def parse(**table: Any) -> TuneConfig:
    return TuneConfig.parse(table, "[tune]")


def test_tune_config_tables_in_tables_become_dotted_keys() -> None:
    config = parse(
        space={"loss": {"location_weight": {"low": 1, "high": 9}}, "model.capsule_dim": [4, 8]}
    )
    assert config.space == {
        "loss.location_weight": Range(low=1, high=9),
        "model.capsule_dim": (4, 8),
    }


def test_tune_config_list_of_lists_is_a_list_of_candidates() -> None:
    config = parse(space={"model.hidden": [[64, 16], [128, 32]]})
    assert config.space == {"model.hidden": ((64, 16), (128, 32))}


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"sampelr": "gp"}, "did you mean 'sampler'"),
        ({"sampler": "bayes"}, "'gp', 'tpe', 'random' or 'grid'"),
        ({"space": {"a.b": {"low": 2, "high": 1}}}, "low must be less than high"),
        ({"space": {"a.b": {"low": 0, "high": 1, "log": True}}}, "needs low > 0"),
        ({"space": {"a.b": {"low": 1, "high": 2, "log": True, "step": 1}}}, "exclude each other"),
        ({"space": {"a.b": {"low": 0.0, "high": 1.0, "step": 1e-9}}}, "steps"),
        ({"space": {"a.b": {"low": 0, "high": 1, "setp": 1}}}, "setp"),
        ({"space": {"a.b": []}}, "list of different values"),
        ({"space": {"a.b": [1, 1]}}, "list of different values"),
        ({"space": {"a.b": [1.0, float("nan")]}}, "finite"),
        ({"space": {"a.b": 3}}, "a.b"),
        ({"slicing_scales": [0.5, -1.0]}, "greater than 0"),
        ({"seeds": 0}, "greater than or equal to 1"),
    ],
)
def test_tune_config_wrong_tables_are_one_line(table: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message) as caught:
        parse(**table)
    assert "\n" not in str(caught.value)


def test_read_experiment_checks_and_leaves_out_the_tune_table(tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    path.write_text("[training]\nepochs = 3\n[tune]\nseed = 4\n")
    assert read_experiment(path) == ExperimentConfig.parse({"training": {"epochs": 3}})
    path.write_text("[tune]\nsede = 4\n")
    with pytest.raises(ConfigError, match="did you mean 'seed'"):
        read_experiment(path)


def test_take_tune_table_needs_a_table() -> None:
    with pytest.raises(ConfigError, match="'tune' must be a table"):
        take_tune_table({"tune": 3}, "a.toml")
