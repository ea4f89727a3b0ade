"""Training from a configuration: a run folder with checkpoints, curves, state and results."""

import warnings
from contextlib import nullcontext
from pathlib import Path
from typing import Final

import torch

from spotkick.configuration import FrozenConfig
from spotkick.errors import SpotkickWarning
from spotkick.localization.experiment import (
    LocalizationExperiment,
    run_localization_training,
)
from spotkick.models import SpotterNetwork
from spotkick.models.loading import new_network
from spotkick.models.registry import network_kind
from spotkick.pipelines.config import ExperimentConfig
from spotkick.pipelines.labelled_data import label_training_periods
from spotkick.pipelines.training_parts import describe_experiment, prepare_parts
from spotkick.pipelines.training_progress import training_progress
from spotkick.pipelines.validation import Validation
from spotkick.reporter import Reporter, SilentReporter, make_reporter
from spotkick.stored_checkpoint import BEST, LAST
from spotkick.training.ranks import Ranks, current_ranks, join_ranks, require_single_rank
from spotkick.training.run_folder import EXPERIMENT_FILE, STATE_FILE, RunFolder
from spotkick.training.trainer import TrainingObserver, train_network

__all__ = ["BEST", "EXPERIMENT_FILE", "LAST", "STATE_FILE", "RunResult", "run_training"]

_FREE: Final = (
    "training.threads",
    "training.validate_every",
    "training.early_stop",
    "training.device",
    "training.data_on_device",
)
_PATHS: Final = ("data.root", "data.features_root")
"""Keys that may differ when a run is resumed, and keys that hold paths."""

_OPEN_ENDED: Final = ("constant", "plateau")
"""Schedules whose learning rates do not depend on the number of epochs."""


class RunResult(FrozenConfig):
    """What a training achieved; ``results.json`` of a run folder.

    Attributes:
        epochs: epochs done.
        best_epoch: epochs done when validation was best.
        best_score: the task's metric on the validation split, loose Average-mAP unless the task has
            another; None without a split.
        history: one entry per epoch.
    """

    epochs: int
    best_epoch: int
    best_score: float | None
    history: tuple[dict[str, float], ...]

    def summary(self) -> str:
        """One line for people."""
        done = f"{self.epochs} epochs"
        if self.best_score is None:
            return done
        if not self.best_score > 0:
            return f"{done}, no validation found anything: best/ holds the last network"
        found = f"best validation Average-mAP {self.best_score:.4f} at epoch {self.best_epoch}"
        return f"{done}, {found}"


def run_any_training(
    experiment: ExperimentConfig | LocalizationExperiment,
    out: Path,
    *,
    resume: bool = False,
    reporter: Reporter | None = None,
) -> tuple[Path, str]:
    """Train a network of any kind; see `run_training` and `run_localization_training`.

    Processes that torchrun has started train together; the first one writes and reports.

    Returns:
        The folder of the checkpoint, and a line about the training.
    """
    with join_ranks() as ranks:
        shown = (reporter or make_reporter()) if ranks.is_first else SilentReporter()
        with warnings.catch_warnings():
            if not ranks.is_first:
                warnings.simplefilter("ignore", SpotkickWarning)
            return _run_here(experiment, out, resume=resume, reporter=shown)


def _run_here(
    experiment: ExperimentConfig | LocalizationExperiment,
    out: Path,
    *,
    resume: bool,
    reporter: Reporter,
) -> tuple[Path, str]:
    if isinstance(experiment, ExperimentConfig):
        result = run_training(experiment, out, resume=resume, reporter=reporter)
        return out / BEST, result.summary()

    require_single_rank("training of a localization network")

    def show_epoch(entry: dict[str, float]) -> None:
        parts = "  ".join(f"{name} {value:.4f}" for name, value in entry.items() if name != "epoch")
        reporter.line(f"epoch {entry['epoch']:.0f}/{experiment.training.epochs}  {parts}")

    folder = run_localization_training(experiment, out, resume=resume, on_epoch=show_epoch)
    return folder, f"{experiment.training.epochs} epochs"


def run_training(
    config: ExperimentConfig,
    out: Path,
    *,
    resume: bool = False,
    quiet: bool = False,
    observer: TrainingObserver | None = None,
    reporter: Reporter | None = None,
) -> RunResult:
    """Train, validate, and write ``best/`` and ``last/`` checkpoints into a run folder.

    Args:
        config: the experiment.
        out: run folder, created; a start that fails before the first epoch is done leaves it free.
        resume: go on from an interrupted run in ``out``. With a ``constant`` or ``plateau``
            schedule, ``training.epochs`` may be raised to prolong a run.
        quiet: write no TensorBoard scalars.
        observer: called after steps and epochs, instead of progress lines and TensorBoard.
        reporter: receives progress and lines.

    Raises:
        InputError: if data are missing or damaged, or ``out`` holds another experiment.
        ConfigError: if the configuration does not fit the data, or training fails.
        StorageError: if ``out`` cannot be written.
    """
    run, described = RunFolder(out), describe_experiment(config)
    check_run(run, config, resume=resume)
    if config.training.threads:
        torch.set_num_threads(config.training.threads)

    # Whatever is wrong with the data or the sizes shows before the folder is taken.
    parts = prepare_parts(config)
    periods = label_training_periods(
        config, chunk_frames=parts.architecture.chunk_frames, pad_frames=parts.pad_frames
    )
    validation = Validation(config, parts.setup) if config.data.valid else None
    network: SpotterNetwork = new_network(parts.architecture, config.training.seed)
    start = network_kind(parts.architecture.kind).start
    if start is not None and not (resume and run.state.is_file()):
        start(network, [period.track.values for period in periods], config.training.seed)

    ranks = current_ranks()
    log_folder = None if quiet or not ranks.is_first else out / "tensorboard"
    shown = reporter or make_reporter()
    if ranks.are_many:
        shown.line(_describe_ranks(config, ranks))

    # No rank looks at the folder any more when the first one takes it.
    ranks.wait()
    with (
        run.claim(described) if ranks.is_first else nullcontext(),
        nullcontext(observer)
        if observer is not None
        else training_progress(config.training.epochs, shown, log_folder) as watching,
    ):
        best, progress = train_network(
            network,
            periods,
            parts.plan,
            observer=watching,
            validate=validation,
            state_path=run.state,
            resume=resume,
        )

    # Checkpoints and results.
    tune = validation is not None and config.tune_thresholds
    thresholds = validation.thresholds(best) if validation is not None and tune else {}
    if ranks.is_first:
        parts.write(run.best, best, progress, thresholds=thresholds)
        parts.write(run.last, network.eval(), progress, thresholds={})
    result = RunResult(
        epochs=progress.epoch,
        best_epoch=progress.best_epoch,
        best_score=progress.best_score,
        history=tuple(progress.history),
    )
    if ranks.is_first:
        run.write_results(result.model_dump(mode="json"))
    return result


def _describe_ranks(config: ExperimentConfig, ranks: Ranks) -> str:
    """A line about how a batch is divided."""
    chunks = config.sampling.batch_chunks
    one = f"a batch of {chunks} chunks" if chunks else "each batch"
    rate = config.training.learning_rate
    return (
        f"{ranks.size} ranks divide {one} among them; the effective batch is that of one rank, and "
        f"training.learning_rate = {rate:g} stays as it is"
    )


def check_run(run: RunFolder, config: ExperimentConfig, *, resume: bool) -> None:
    """Refuse to mix two experiments in one folder; nothing is written.

    Args:
        run: folder of the experiment.
        config: that is to run in it.
        resume: whether to go on with what the folder holds.

    Raises:
        InputError: if the folder holds a run and ``resume`` is False, or another experiment.
    """
    schedule = config.training.schedule
    is_open_ended = schedule in _OPEN_ENDED
    defaults = describe_experiment(ExperimentConfig(data=config.data, model=config.model))
    hint = (
        f"a {schedule} schedule ends at training.epochs; only constant and plateau can be prolonged"
    )
    run.check(
        describe_experiment(config),
        resume=resume,
        defaults=defaults,
        free=(*_FREE, "training.epochs") if is_open_ended else _FREE,
        paths=_PATHS,
        hints={"training.epochs": hint},
    )
