"""Train from a configuration: a file, a table of values, or the object itself."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spotkick.api.model import PathLike
from spotkick.configuration import with_overrides
from spotkick.errors import require_extra

if TYPE_CHECKING:
    from spotkick.pipelines.config import ExperimentConfig
    from spotkick.pipelines.train import RunResult


def train(
    config: "PathLike | Mapping[str, Any] | ExperimentConfig",
    out: PathLike,
    *,
    data: PathLike | None = None,
    changes: Sequence[str] = (),
    resume: bool = False,
) -> "RunResult":
    """Train a network, validate it, and write its checkpoints into a run directory.

    Args:
        config: TOML file, nested tables as such a file holds them, or a configuration.
        out: run directory, created; `load_model` reads it.
        data: folder of the data set; replaces ``data.root``.
        changes: single values, such as ``training.epochs=20``.
        resume: go on from an interrupted run in ``out``.

    Raises:
        MissingExtraError: if torch is not installed.
        InputError: if data are missing or damaged, or ``out`` holds another experiment.
        ConfigError: if a key is unknown, a value is not valid, or does not fit the data.
        StorageError: if ``out`` cannot be written.
    """
    require_extra("torch", "train", "training")
    from spotkick.pipelines.train import run_training

    experiment = _read_config(config, changes, data)
    return run_training(experiment, Path(out), resume=resume)


def _read_config(
    config: "PathLike | Mapping[str, Any] | ExperimentConfig",
    changes: Sequence[str],
    data: PathLike | None,
) -> "ExperimentConfig":
    from spotkick.pipelines.config import ExperimentConfig, read_experiment

    if isinstance(config, str | os.PathLike):
        return read_experiment(
            Path(config), changes, data_root=None if data is None else Path(data)
        )

    # Values in memory pass the same checks as those of a file.
    values = config if isinstance(config, Mapping) else config.model_dump()
    changed = with_overrides(values, changes)
    if data is not None:
        changed = {**changed, "data": {**changed.get("data", {}), "root": str(data)}}
    return ExperimentConfig.parse(changed)
