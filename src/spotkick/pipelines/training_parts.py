"""What follows from a training configuration and its data: sizes, slicing, plan, checkpoint."""

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import torch

from spotkick.checkpoint import Checkpoint, CheckpointConfig, write_checkpoint
from spotkick.datasets.splits import read_split_matches
from spotkick.encoding.slicing import ContextSlicing
from spotkick.errors import ConfigError
from spotkick.features.tracks import SOURCE_SUFFIX, FeatureSource
from spotkick.losses.per_frame import PER_FRAME_LOSSES
from spotkick.models import SpotterArchitecture, SpotterNetwork
from spotkick.models.loading import network_files
from spotkick.models.registry import DataSizes, network_kind
from spotkick.pipelines.config import DataConfig, ExperimentConfig
from spotkick.pipelines.labelled_data import first_source
from spotkick.prediction import SpottingSetup
from spotkick.tasks import Task
from spotkick.training.state import TrainingState
from spotkick.training.total_loss import TrainingPlan

_HARD_TARGETS: Final = ("bce", "focal")
"""Losses whose targets are 1 within a radius."""


def describe_experiment(config: ExperimentConfig) -> dict[str, Any]:
    """The configuration as plain tables, with what follows from the classes filled in."""
    described = config.model_dump(mode="json")
    described["data"]["frame_rate"] = str(config.data.rate)
    return described


def architecture_for(
    config: ExperimentConfig, source: FeatureSource, num_classes: int
) -> SpotterArchitecture:
    """Sizes of the network for features and classes.

    Raises:
        ConfigError: if they do not fit each other.
    """
    sizes = DataSizes(source.dim, num_classes, source.frame_rate, source.num_ids)
    architecture: SpotterArchitecture = network_kind(config.model.kind).choose_sizes(
        config.model, sizes
    )
    return architecture


@dataclass(frozen=True, slots=True)
class TrainingParts:
    """What follows from a configuration and its data."""

    config: ExperimentConfig
    task: Task
    source: FeatureSource
    architecture: SpotterArchitecture
    slicing: ContextSlicing

    @property
    def pad_frames(self) -> int:
        """Frames by which periods are extended at each end."""
        return self.architecture.border_frames if self.config.sampling.border_actions else 0

    @property
    def plan(self) -> TrainingPlan:
        """What the training needs."""
        config, rate = self.config, self.source.frame_rate
        bounds = torch.from_numpy(self.slicing.frames(rate)).float()
        return TrainingPlan(
            config.loss,
            config.sampling,
            config.training,
            slicing_frames=bounds,
            frame_rate=rate,
            displacement_radius_frames=getattr(
                self.architecture, "displacement_radius_frames", 0.0
            ),
        )

    @property
    def setup(self) -> SpottingSetup:
        """What prediction needs."""
        return SpottingSetup(
            self.task.classes,
            self.source.frame_rate,
            self.architecture.chunk_frames,
            border_frames=self.architecture.border_frames,
            pad_period=self.config.sampling.border_actions,
            decoding=self.config.decoding,
        )

    def write(
        self,
        folder: Path,
        network: SpotterNetwork,
        progress: TrainingState,
        *,
        thresholds: dict[str, float],
    ) -> Checkpoint:
        """Write a checkpoint, with what makes the features where it is known."""
        names = self.task.classes.names
        makers = _feature_folder(self.config.data, self.source)
        history = {
            "epochs": progress.epoch,
            "best_epoch": progress.best_epoch,
            "best_score": progress.best_score,
        }

        # Everything that prediction needs.
        description = CheckpointConfig(
            kind=self.architecture.kind,
            task=self.task.to_json(),
            slicing_s=dict(zip(names, self.slicing.bounds_s, strict=True)),
            frame_rate=str(self.source.frame_rate),
            chunk_frames=self.architecture.chunk_frames,
            border_frames=self.architecture.border_frames,
            pad_period=self.config.sampling.border_actions,
            feature_source=self.source.to_json(),
            architecture=self.architecture.model_dump(mode="json"),
            decoding=self.config.decoding,
            thresholds=thresholds,
            training={"experiment": describe_experiment(self.config), **history},
        )
        return write_checkpoint(folder, description, network_files(network), makers)


def prepare_parts(config: ExperimentConfig) -> TrainingParts:
    """Look at the data, and work out what follows from them; nothing is written.

    Raises:
        InputError: if data are missing or damaged.
        ConfigError: if the configuration does not fit the data.
    """
    task = config.data.task()
    source = first_source(
        config.data, read_split_matches(Path(config.data.root), config.data.train)
    )
    architecture = architecture_for(config, source, len(task.classes))
    slicing = config.slicing.slicing(task.classes, source.frame_rate)
    _check_radius(config, slicing, source.frame_rate)
    _check_tokens(config, source)
    return TrainingParts(config, task, source, architecture=architecture, slicing=slicing)


def _check_radius(config: ExperimentConfig, slicing: ContextSlicing, rate: Fraction) -> None:
    """Per-frame losses read distances off the shifts, which are K1 where a class has no action.

    Exact distances are hardly ever 0.
    """
    loss = config.loss
    reaches_frame = 2 * loss.target_radius_s * rate >= 1
    if loss.shifts == "nearest" and loss.segmentation in _HARD_TARGETS and not reaches_frame:
        raise ConfigError(
            f"loss.target_radius_s = {loss.target_radius_s:g} reaches no frame from most actions; "
            "with loss.shifts = 'nearest' it must be at least half a frame "
            f"({0.5 / float(rate):g} s)"
        )
    nearest_s = min(-bounds[0] for bounds in slicing.bounds_s)
    if (
        loss.shifts == "dominating"
        and loss.segmentation in PER_FRAME_LOSSES
        and loss.target_radius_s >= nearest_s
    ):
        raise ConfigError(
            f"loss.target_radius_s = {loss.target_radius_s:g} must be less than -K1 of every class "
            f"({nearest_s:g} s); widen [slicing], which a per-frame loss does not use otherwise"
        )


def _check_tokens(config: ExperimentConfig, source: FeatureSource) -> None:
    """Token ids are no values that a network could weigh or scale."""
    training = config.training
    if not source.num_ids:
        return
    if config.model.kind != "tokens":
        raise ConfigError(
            f"the features '{source.name}' are token ids, which model.kind = '{config.model.kind}' "
            "cannot read; use model.kind = 'tokens'"
        )
    if training.feature_dropout or training.mixup_alpha:
        raise ConfigError(
            "training.feature_dropout and training.mixup_alpha would change token ids; leave them "
            "at 0, and use model.token_dropout"
        )


def _feature_folder(data: DataConfig, source: FeatureSource) -> Path | None:
    """Folder that describes how the features are made."""
    folder = Path(data.features_root or data.root) / f"{source.name}{SOURCE_SUFFIX}"
    return folder if folder.is_dir() else None
