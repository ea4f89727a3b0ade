"""Training from the forms of a configuration."""

from pathlib import Path

import pytest

import spotkick
from spotkick.configuration import read_toml
from spotkick.errors import ConfigError
from spotkick.pipelines.config import ExperimentConfig

CONFIG = """
[data]
features = "planted"
classes = ["goal", "card", "substitution"]
[model]
chunk_s = 40
receptive_field_s = 10
hidden = [4, 4]
pyramid = [4, 4, 4, 4]
[training]
epochs = 1
threads = 1
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "experiment.toml"
    path.write_text(CONFIG)
    return path


@pytest.mark.parametrize("form", ["text", "path", "table", "object"])
def test_train_every_form_of_configuration_gives_the_same_model(
    config: Path, planted: Path, tmp_path: Path, form: str
) -> None:
    values = read_toml(config)
    given = {
        "text": str(config),
        "path": config,
        "table": values,
        "object": ExperimentConfig.parse(values),
    }[form]
    result = spotkick.train(given, str(tmp_path / "run"), data=str(planted))
    assert result.epochs == 1
    model = spotkick.load_model(tmp_path / "run")
    assert model.classes.names == ("goal", "card", "substitution")
    assert values["data"].get("root") is None


def test_train_changes_replace_single_values(config: Path, planted: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="did you mean 'epochs'"):
        spotkick.train(config, tmp_path / "a", data=planted, changes=["training.epoch=1"])
    with pytest.raises(ConfigError, match="did you mean 'epochs'"):
        spotkick.train({}, tmp_path / "b", data=planted, changes=["training.epoch=1"])
