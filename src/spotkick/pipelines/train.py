"""Training from a configuration: a run directory with checkpoints, curves, the resumable state and the results."""

import math
import warnings
from collections import Counter
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any, Final

import torch

from spotkick.actions import ActionClasses, MatchActions
from spotkick.checkpoint import Checkpoint, CheckpointConfig, write_checkpoint
from spotkick.configuration import FrozenConfig
from spotkick.datasets.splits import match_tracks, read_split_matches
from spotkick.encoding.slicing import ContextSlicing
from spotkick.errors import InputError, SpotkickWarning
from spotkick.evaluation import assign_predictions, evaluate
from spotkick.evaluation.operating_points import tune_class_thresholds
from spotkick.features.tracks import SOURCE_SUFFIX, FeatureSource
from spotkick.files import read_json, write_json
from spotkick.models import CalfArchitecture, CalfNetwork
from spotkick.models.loading import network_files
from spotkick.pipelines.config import ExperimentConfig
from spotkick.pipelines.labelled_data import (
    feature_folder,
    first_source,
    label_training_periods,
    read_match_labels,
)
from spotkick.pipelines.torch_runtime import network_runner
from spotkick.pipelines.training_progress import training_progress
from spotkick.prediction import SpottingSetup, spot_match
from spotkick.training.state import TrainingState
from spotkick.training.total_loss import TrainingPlan
from spotkick.training.trainer import TrainingObserver, new_network, train_network

BEST: Final = "best"
LAST: Final = "last"
STATE_FILE: Final = "state.safetensors"
EXPERIMENT_FILE: Final = "experiment.json"
RUN_RESULTS_FILE: Final = "results.json"

THRESHOLD_LABELS: Final = 5
"""Classes with fewer validation labels keep the default threshold: F1 on a handful of them is
chance."""

THRESHOLD_TOLERANCE_S: Final = 20.0
"""Window at which display thresholds are tuned: a spot within 10 s counts as found."""


class RunResult(FrozenConfig):
    """What a training achieved; ``results.json`` of a run directory.

    Attributes:
        epochs: epochs done.
        best_epoch: epochs done when validation was best.
        best_score: loose Average-mAP on the validation split, None without one.
        history: one entry per epoch.
    """

    epochs: int
    best_epoch: int
    best_score: float | None
    history: tuple[dict[str, float], ...]


def run_training(
    config: ExperimentConfig,
    out: Path,
    *,
    resume: bool = False,
    quiet: bool = False,
    observer: TrainingObserver | None = None,
) -> RunResult:
    """Train, validate, and write ``best/`` and ``last/`` checkpoints into a run directory.

    Args:
        config: the experiment.
        out: run directory, created.
        resume: go on from an interrupted run in ``out``.
        quiet: write no TensorBoard scalars.
        observer: is told of steps and epochs instead of the progress display and TensorBoard.

    Raises:
        InputError: if data are missing or damaged, or ``out`` holds another experiment.
        ConfigError: if the configuration does not fit the data.
        StorageError: if ``out`` cannot be written.
    """
    _claim(config, out, resume=resume)
    if config.training.threads:
        torch.set_num_threads(config.training.threads)
    classes = config.data.class_list()
    source = first_source(
        config.data, read_split_matches(Path(config.data.root), config.data.train)
    )
    architecture = architecture_for(config, source, len(classes))
    slicing = config.slicing.slicing(classes, source.frame_rate)
    pad_frames = architecture.border_frames if config.sampling.border_actions else 0
    halves = label_training_periods(
        config, chunk_frames=architecture.chunk_frames, pad_frames=pad_frames
    )
    plan = TrainingPlan(
        config.loss,
        config.sampling,
        config.training,
        torch.from_numpy(slicing.frames(source.frame_rate)).float(),
        float(source.frame_rate),
    )
    setup = _setup(config, classes, architecture, source)
    validation = _Validation(config, setup) if config.data.valid else None
    network = new_network(config.training.seed, lambda: CalfNetwork(architecture))
    log_folder = None if quiet else out / "tensorboard"
    with (
        nullcontext(observer)
        if observer is not None
        else training_progress(config.training.epochs, log_folder) as shown
    ):
        best, progress = train_network(
            network,
            halves,
            plan,
            observer=shown,
            validate=validation,
            state_path=out / STATE_FILE,
            resume=resume,
        )
    write = _writer(config, setup, architecture, slicing, source)
    thresholds = (
        validation.thresholds(best) if validation is not None and config.tune_thresholds else {}
    )
    write(out / BEST, best, progress, thresholds)
    write(out / LAST, network.eval(), progress, {})
    result = RunResult(
        epochs=progress.epoch,
        best_epoch=progress.best_epoch,
        best_score=progress.best_score,
        history=tuple(progress.history),
    )
    write_json(out / RUN_RESULTS_FILE, result.model_dump(mode="json"))
    return result


def architecture_for(
    config: ExperimentConfig, source: FeatureSource, num_classes: int
) -> CalfArchitecture:
    """Sizes in frames from sizes in seconds, and the sizes that the data decide.

    Raises:
        ConfigError: if they do not fit each other.
    """
    model = config.model
    return CalfArchitecture.parse(
        {
            **model.model_dump(exclude={"chunk_s", "receptive_field_s"}),
            "feature_dim": source.dim,
            "num_classes": num_classes,
            "chunk_frames": round(model.chunk_s * source.frame_rate),
            "receptive_field_frames": round(model.receptive_field_s * source.frame_rate),
        },
        "model",
    )


class _Validation:
    """Average-mAP of a network on the validation split."""

    def __init__(self, config: ExperimentConfig, setup: SpottingSetup) -> None:
        self._config, self._setup = config, setup
        self._matches = read_split_matches(Path(config.data.root), config.data.valid)
        self._labels = read_match_labels(config.data, setup.classes, self._matches)

    def __call__(self, network: CalfNetwork) -> float:
        predictions = self._predict(network)
        with warnings.catch_warnings():
            # Dropped labels are a matter of the data; the final scoring reports them, not each
            # validation.
            warnings.simplefilter("ignore", SpotkickWarning)
            score = evaluate(
                predictions,
                self._labels.values(),
                self._setup.classes,
                frame_rate=self._setup.frame_rate,
            )
        return score.average_map

    def thresholds(self, network: CalfNetwork) -> dict[str, float]:
        """Confidence of each class that maximises F1; a class that is never found, or has hardly any labels, has none."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SpotkickWarning)
            assignment = assign_predictions(
                self._predict(network),
                self._labels.values(),
                self._setup.classes,
                tolerances_s=(THRESHOLD_TOLERANCE_S,),
                frame_rate=self._setup.frame_rate,
            )
        tuned = tune_class_thresholds(assignment, THRESHOLD_TOLERANCE_S)
        counts = Counter(
            a.label
            for match in self._labels.values()
            for a in self._setup.classes.select(match.actions)
        )
        enough = {name for name, count in counts.items() if count >= THRESHOLD_LABELS}
        return {
            name: float(value)
            for name, value in tuned.items()
            if math.isfinite(value) and name in enough
        }

    def _predict(self, network: CalfNetwork) -> list[MatchActions]:
        run = network_runner(network)
        data = self._config.data
        return [
            spot_match(
                run,
                match_tracks(feature_folder(data, match), data.features, frame_rate=data.rate),
                self._setup,
                match,
            )[0]
            for match in self._matches
        ]


def _setup(
    config: ExperimentConfig,
    classes: ActionClasses,
    architecture: CalfArchitecture,
    source: FeatureSource,
) -> SpottingSetup:
    return SpottingSetup(
        classes,
        source.frame_rate,
        architecture.chunk_frames,
        architecture.border_frames,
        config.sampling.border_actions,
        config.decoding,
    )


def _writer(
    config: ExperimentConfig,
    setup: SpottingSetup,
    architecture: CalfArchitecture,
    slicing: ContextSlicing,
    source: FeatureSource,
) -> Callable[[Path, CalfNetwork, TrainingState, dict[str, float]], Checkpoint]:
    root = Path(config.data.features_root or config.data.root)
    source_folder = root / f"{source.name}{SOURCE_SUFFIX}"

    def write(
        folder: Path, network: CalfNetwork, progress: TrainingState, thresholds: dict[str, float]
    ) -> Checkpoint:
        history: dict[str, Any] = {
            "epochs": progress.epoch,
            "best_epoch": progress.best_epoch,
            "best_score": progress.best_score,
        }
        description = CheckpointConfig(
            classes=setup.classes.names,
            aliases=dict(setup.classes.aliases),
            classes_name=setup.classes.name,
            slicing_s=dict(zip(setup.classes.names, slicing.bounds_s, strict=True)),
            frame_rate=str(source.frame_rate),
            chunk_frames=architecture.chunk_frames,
            border_frames=architecture.border_frames,
            pad_half=config.sampling.border_actions,
            feature_source=source.to_json(),
            architecture=architecture.model_dump(mode="json"),
            decoding=config.decoding,
            thresholds=thresholds,
            training={"experiment": config.model_dump(mode="json"), **history},
        )
        return write_checkpoint(
            folder,
            description,
            network_files(network),
            source_folder if source_folder.is_dir() else None,
        )

    return write


def _claim(config: ExperimentConfig, out: Path, *, resume: bool) -> None:
    """Make the run directory, and refuse to mix two experiments in it."""
    path = out / EXPERIMENT_FILE
    described = config.model_dump(mode="json")
    if path.is_file():
        if not resume:
            raise InputError(
                f"{out} already holds a run; go on with --resume, or choose another --out"
            )
        former = read_json(path)
        if _without_length(former) != _without_length(described):
            raise InputError(
                f"{out} holds another experiment (see {path}); resume with its own configuration"
            )
    write_json(path, described)


def _without_length(described: Any) -> Any:
    """An experiment without what may change when it is resumed."""
    free = {"threads", "validate_every", "early_stop"}
    training = {
        key: value for key, value in described.get("training", {}).items() if key not in free
    }
    return {**described, "training": training}
