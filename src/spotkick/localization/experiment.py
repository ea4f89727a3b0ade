"""Training a localizer from a TOML file into a checkpoint."""

from pathlib import Path
from typing import Any, Final

import safetensors.torch

from spotkick.checkpoint import ONNX_FILE, WEIGHTS_FILE
from spotkick.configuration import FrozenConfig
from spotkick.errors import InputError
from spotkick.files import read_json, write_json
from spotkick.localization.checkpoint import LocalizerConfig, write_localizer
from spotkick.localization.network import BmnArchitecture, BmnNetwork
from spotkick.localization.onnx_graph import bmn_onnx_bytes
from spotkick.localization.pipeline import EXPERIMENT_KEY, read_localization_toml
from spotkick.localization.proposals import ProposalConfig
from spotkick.localization.training import (
    BmnTrainingConfig,
    OnEpoch,
    new_localizer,
    train_localizer,
)
from spotkick.localization.videos import LocalizationData, load_videos
from spotkick.training.trainer import choose_device

RUN_FILE: Final = "experiment.json"
STATE_FILE: Final = "state.safetensors"
LAST: Final = "last"


class LocalizationExperiment(FrozenConfig):
    """A whole experiment of temporal localization.

    Attributes:
        data: where the data are.
        model: sizes of the network.
        training: losses and optimisation.
        proposals: how proposals are generated later.
    """

    data: LocalizationData
    model: BmnArchitecture = BmnArchitecture()
    training: BmnTrainingConfig = BmnTrainingConfig()
    proposals: ProposalConfig = ProposalConfig()


def read_localization_experiment(
    path: Path, assignments: tuple[str, ...] = ()
) -> LocalizationExperiment:
    """Read an experiment's TOML file, with ``section.key=value`` replacements.

    Raises:
        InputError: if the file cannot be read.
        ConfigError: if a key is unknown or a value is not valid.
    """
    experiment = LocalizationExperiment.parse(read_localization_toml(path, assignments), str(path))
    experiment.training.slicing()
    return experiment


def run_localization_training(
    experiment: LocalizationExperiment,
    out: Path,
    *,
    resume: bool = False,
    on_epoch: OnEpoch | None = None,
) -> Path:
    """Train and write the checkpoint ``last/`` into a run directory.

    Args:
        experiment: what to train.
        out: run directory, created.
        resume: go on from an interrupted run in ``out``.
        on_epoch: is told of each epoch.

    Returns:
        The folder of the checkpoint.

    Raises:
        InputError: if data are missing or damaged, or ``out`` holds another experiment.
        ConfigError: if the configuration does not fit the data.
        StorageError: if ``out`` cannot be written.
    """
    described = experiment.model_dump(mode="json")
    _claim(described, out, resume=resume)
    videos = load_videos(experiment.data, experiment.data.train, experiment.model.num_steps)
    network = new_localizer(experiment.model, experiment.training.seed).to(
        choose_device(experiment.training.device)
    )
    state = out / STATE_FILE
    progress = train_localizer(
        network,
        videos,
        experiment.training,
        on_epoch=on_epoch,
        state_path=state,
        resume=resume and state.is_file(),
    )
    config = LocalizerConfig(
        architecture=experiment.model.model_dump(mode="json"),
        proposals=experiment.proposals,
        training={EXPERIMENT_KEY: described, "history": progress.history},
    )
    write_localizer(out / LAST, config, localizer_files(network))
    return out / LAST


def localizer_files(network: BmnNetwork) -> dict[str, bytes]:
    """The files of a checkpoint that hold a network: its weights, and its graph for ONNX Runtime."""
    weights = {
        name: tensor.detach().cpu().contiguous() for name, tensor in network.state_dict().items()
    }
    return {WEIGHTS_FILE: safetensors.torch.save(weights), ONNX_FILE: bmn_onnx_bytes(network)}


def _claim(described: dict[str, Any], out: Path, *, resume: bool) -> None:
    """Make the run directory, and refuse to mix two experiments in it."""
    path = out / RUN_FILE
    if path.is_file() and not resume:
        raise InputError(f"{out} already holds a run; go on with --resume, or choose another --out")
    if path.is_file() and _learned(read_json(path)) != _learned(described):
        raise InputError(
            f"{out} holds another experiment (see {path}); resume with its own configuration"
        )
    write_json(path, described)


def _learned(described: Any) -> Any:
    """What decides the weights."""
    training = {
        key: value
        for key, value in described.get("training", {}).items()
        if key not in ("device", "epochs")
    }
    return described.get("model"), training, described.get("data", {}).get("train")
