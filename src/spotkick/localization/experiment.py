"""Training a localizer from a TOML file into a checkpoint."""

from pathlib import Path
from typing import Any, Final

from spotkick.configuration import FrozenConfig
from spotkick.localization.checkpoint import LocalizerConfig
from spotkick.localization.network import BmnArchitecture
from spotkick.localization.pipeline import EXPERIMENT_KEY, read_localization_toml
from spotkick.localization.proposals import ProposalConfig
from spotkick.localization.training import BmnTrainingConfig, OnEpoch, train_localizer
from spotkick.localization.videos import LocalizationData, load_videos
from spotkick.models.loading import choose_device, network_files, new_network
from spotkick.stored_checkpoint import write_stored
from spotkick.training.run_folder import RunFolder

_FREE: Final = ("training.epochs", "training.device", "data.valid")
_PATHS: Final = ("data.labels", "data.features", "data.coverage")
"""Keys that may differ when a run is resumed, and keys that hold paths."""


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


def parse_localization_experiment(values: dict[str, Any], where: str) -> LocalizationExperiment:
    """Validate the tables of a configuration.

    Raises:
        ConfigError: if a key is unknown or a value is not valid.
    """
    experiment = LocalizationExperiment.parse(values, where)
    experiment.training.slicing()
    return experiment


def read_localization_experiment(
    path: Path, assignments: tuple[str, ...] = ()
) -> LocalizationExperiment:
    """Read an experiment's TOML file, with ``section.key=value`` replacements.

    Raises:
        InputError: if the file cannot be read.
        ConfigError: if a key is unknown or a value is not valid.
    """
    return parse_localization_experiment(read_localization_toml(path, assignments), str(path))


def check_localization_run(
    run: RunFolder, experiment: LocalizationExperiment, *, resume: bool
) -> None:
    """Refuse to mix two experiments in one folder; nothing is written.

    Args:
        run: folder of the experiment.
        experiment: that is to run in it.
        resume: whether to go on with what the folder holds.

    Raises:
        InputError: if the folder holds a run and ``resume`` is False, or another experiment.
    """
    described = experiment.model_dump(mode="json")
    defaults = LocalizationExperiment(data=experiment.data).model_dump(mode="json")
    proposals = [f"proposals.{key}" for key in ProposalConfig.model_fields]
    run.check(described, resume=resume, defaults=defaults, free=(*_FREE, *proposals), paths=_PATHS)


def run_localization_training(
    experiment: LocalizationExperiment,
    out: Path,
    *,
    resume: bool = False,
    on_epoch: OnEpoch | None = None,
) -> Path:
    """Train and write the checkpoint ``last/`` into a run folder.

    Args:
        experiment: what to train.
        out: run folder, created.
        resume: go on from an interrupted run in ``out``.
        on_epoch: called after each epoch.

    Returns:
        The folder of the checkpoint.

    Raises:
        InputError: if data are missing or damaged, or ``out`` holds another experiment.
        ConfigError: if the configuration does not fit the data.
        StorageError: if ``out`` cannot be written.
    """
    run, described = RunFolder(out), experiment.model_dump(mode="json")
    check_localization_run(run, experiment, resume=resume)

    # Whatever is wrong with the data or the sizes shows before the folder is taken.
    videos = load_videos(experiment.data, experiment.data.train, experiment.model.num_steps)
    network = new_network(experiment.model, experiment.training.seed).to(
        choose_device(experiment.training.device)
    )

    with run.claim(described):
        progress = train_localizer(
            network,
            videos,
            experiment.training,
            on_epoch=on_epoch,
            state_path=run.state,
            resume=resume and run.state.is_file(),
        )

    config = LocalizerConfig(
        kind=experiment.model.kind,
        architecture=experiment.model.model_dump(mode="json"),
        proposals=experiment.proposals,
        training={EXPERIMENT_KEY: described, "history": progress.history},
    )
    write_stored(run.last, config, network_files(network))
    return run.last
