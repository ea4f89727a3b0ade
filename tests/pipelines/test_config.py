"""The configurations that ship are valid."""

from pathlib import Path

import pytest

from spotkick.pipelines.config import read_experiment

CONFIGS = sorted((Path(__file__).parents[2] / "configs").glob("*-[vs]*.toml"))


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_read_experiment_shipped_configurations_are_valid(path: Path) -> None:
    config = read_experiment(path)
    classes = config.data.class_list()
    assert len(config.slicing.slicing(classes, config.data.rate).bounds_s) == len(classes)


def test_configurations_of_spotting_are_five() -> None:
    assert [path.stem for path in CONFIGS] == [
        "commentary-v1",
        "commentary-v2",
        "own-sport",
        "soccernet-v1",
        "soccernet-v2",
    ]
