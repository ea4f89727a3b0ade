from pathlib import Path

import pytest

from spotkick.errors import ConfigError
from spotkick.pipelines.join import join_checkpoints
from spotkick.shipped_folders import SHIPPED_FOLDER


def test_join_checkpoints_of_a_kind_without_join_is_config_error(tmp_path: Path) -> None:
    demo = SHIPPED_FOLDER / "demo"
    with pytest.raises(ConfigError, match="'calf' cannot be joined in one file"):
        join_checkpoints([demo, demo], tmp_path / "out")


def test_join_checkpoints_none_given_is_config_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no networks to join"):
        join_checkpoints([], tmp_path / "out")
