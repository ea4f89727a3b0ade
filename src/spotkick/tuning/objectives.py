"""What a trial does: train with the chosen values, and score on the validation split."""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from statistics import fmean
from typing import Any, Final

from spotkick.errors import ConfigError
from spotkick.evaluation.proposals import evaluate_proposals
from spotkick.localization.experiment import LocalizationExperiment
from spotkick.localization.features import LocalizationVideo
from spotkick.localization.network import BmnNetwork
from spotkick.localization.proposals import LocalizerOutput, proposal_segments, propose
from spotkick.localization.training import train_localizer
from spotkick.localization.videos import load_videos, read_localization_labels
from spotkick.models import SpotterNetwork
from spotkick.models.loading import choose_device, new_network, torch_runner
from spotkick.pipelines.config import ExperimentConfig
from spotkick.pipelines.train import run_training
from spotkick.pipelines.training_progress import TrainingProgress
from spotkick.reporter import ProgressTask, Reporter, make_reporter
from spotkick.training.run_folder import RunFolder
from spotkick.training.tune_config import TuneConfig
from spotkick.tuning.space import Values, apply
from spotkick.tuning.study import Objective, Report

Train = Callable[[Values, Path, Report], float]
"""(tables of the configuration, run folder, report) -> score."""

_RECALL_AT: Final = {"ar1": 1, "ar10": 10, "ar100": 100}


def objective_of(base: Values, train: Train, *, seeds: int, folder: Path) -> Objective:
    """An objective that puts what a trial has drawn into the configuration and trains it.

    Args:
        base: tables of the configuration; see `trial_values`.
        train: `train_spotter`, or what `localizer_trainer` makes.
        seeds: trainings per trial, whose mean score counts.
        folder: gets one folder per trial.
    """

    def objective(chosen: dict[str, Any], name: str, report: Report) -> float:
        settings = apply(base, chosen)
        first = int(settings.get("training", {}).get("seed", 0))
        # Only the first training of a trial is compared with others epoch by epoch.
        return fmean(
            train(
                apply(settings, {"training.seed": seed}),
                folder / name / f"seed-{seed}",
                report if seed == first else _no_report,
            )
            for seed in range(first, first + seeds)
        )

    return objective


def trial_values(values: Values, tune: TuneConfig, *, localization: bool = False) -> Values:
    """Tables of the configuration with a trial's epochs and validations (localizers: epochs)."""
    changed: dict[str, Any] = {}
    if tune.epochs:
        changed["training.epochs"] = tune.epochs
    if tune.validate_every and not localization:
        changed["training.validate_every"] = tune.validate_every
    return apply(values, changed)


def _no_report(step: int, score: float) -> None:
    del step, score


class _TrialObserver(TrainingProgress):
    """Shows the progress of a training, and reports its validation scores to the search."""

    def __init__(self, epochs: int, reporter: Reporter, task: ProgressTask, report: Report) -> None:
        super().__init__(epochs, reporter, task)
        self._report = report

    def on_epoch(self, entry: dict[str, float], *, is_best: bool, network: SpotterNetwork) -> None:
        """Pass the score on."""
        del is_best, network
        if "score" in entry:
            self._report(int(entry["epoch"]), entry["score"])


def train_spotter(values: Values, folder: Path, report: Report) -> float:
    """Train, and return the best validation score."""
    config = ExperimentConfig.parse(values)
    reporter, epochs = make_reporter(), config.training.epochs
    with reporter.task("trial", None, "batches") as task:
        result = run_training(
            config,
            folder,
            resume=RunFolder(folder).holds_run(),
            observer=_TrialObserver(epochs, reporter, task, report=report),
        )
    if result.best_score is None:
        raise ConfigError("the search needs a validation split: set data.valid")
    return result.best_score


def localizer_trainer(tune: TuneConfig) -> Train:
    """A function that trains a localizer and scores it on validation; videos are read once."""
    read = cache(load_videos)

    def score(
        network: BmnNetwork,
        experiment: LocalizationExperiment,
        videos: tuple[LocalizationVideo, ...],
    ) -> float:
        run = torch_runner(network, LocalizerOutput)
        found = proposal_segments(propose(run, videos, experiment.proposals))
        truth = read_localization_labels(Path(experiment.data.labels))
        result = evaluate_proposals(found, truth, subset=experiment.data.valid)
        if tune.score == "auc":
            return result.auc
        return float(result.to_json()["ar_at"][str(_RECALL_AT[tune.score])])

    def train(values: Values, folder: Path, report: Report) -> float:
        experiment = LocalizationExperiment.parse(values)
        data, steps = experiment.data, experiment.model.num_steps
        videos, valid = read(data, data.train, steps), read(data, data.valid, steps)
        network = new_network(experiment.model, experiment.training.seed).to(
            choose_device(experiment.training.device)
        )

        def on_epoch(entry: dict[str, float]) -> None:
            epoch = int(entry["epoch"])
            if (
                tune.validate_every
                and epoch % tune.validate_every == 0
                and epoch < experiment.training.epochs
            ):
                network.eval()
                report(epoch, score(network, experiment, valid))
                network.train()

        state = RunFolder(folder).state
        train_localizer(
            network,
            videos,
            experiment.training,
            on_epoch=on_epoch,
            state_path=state,
            resume=state.is_file(),
        )
        return score(network, experiment, valid)

    return train
