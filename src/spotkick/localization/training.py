"""Training of a temporal localizer: BMN with its own boundary loss or the context-aware loss."""

from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Annotated

import numpy as np
import numpy.typing as npt
import torch
from pydantic import Field
from torch import Tensor

from spotkick.configuration import FrozenConfig
from spotkick.encoding.slicing import ContextSlicing
from spotkick.errors import ConfigError, InputError
from spotkick.localization.features import LocalizationVideo
from spotkick.localization.losses import BmnTargets, TemLoss, bmn_losses
from spotkick.localization.network import BmnArchitecture, BmnNetwork
from spotkick.localization.targets import (
    boundary_overlap,
    boundary_shifts,
    check_segments,
    temporal_iou_map,
)
from spotkick.training.state import TrainingState, load_state, save_state

Positive = Annotated[int, Field(ge=1)]


class BmnTrainingConfig(FrozenConfig):
    """How a BMN is trained; the defaults are those of the public PyTorch code for ActivityNet-1.3.

    Attributes:
        tem_loss: loss of start and end probabilities: ``bmn``, ``context_aware`` or ``symmetric``.
        slicing_steps: K1, K2, K3, K4 of the context-aware losses in steps, the same for starts and
            ends.
        boundary_weight: of the boundary loss in the sum. The context-aware losses are means over
            steps and both classes.
        epochs: passes over the videos.
        batch_videos: videos per step.
        learning_rate: of Adam.
        weight_decay: of Adam.
        step_epochs: epochs after which the learning rate falls, again and again.
        step_factor: by how much.
        seed: of the initial weights, the order of videos, and the candidates that are drawn for the
            regression.
        device: ``auto`` takes CUDA where there is one.
    """

    tem_loss: TemLoss = "bmn"
    slicing_steps: tuple[float, float, float, float] = (-4, -2, 2, 4)
    boundary_weight: Annotated[float, Field(ge=0)] = 1.0
    epochs: Positive = 9
    batch_videos: Positive = 16
    learning_rate: Annotated[float, Field(gt=0)] = 1e-3
    weight_decay: Annotated[float, Field(ge=0)] = 1e-4
    step_epochs: Positive = 7
    step_factor: Annotated[float, Field(gt=0, le=1)] = 0.1
    seed: Annotated[int, Field(ge=0)] = 0
    device: str = "auto"

    def slicing(self) -> npt.NDArray[np.float64]:
        """(2, 4), K1..K4 of starts and of ends in steps.

        Raises:
            ConfigError: unless K1 <= K2 < 0 < K3 <= K4.
        """
        return ContextSlicing((self.slicing_steps, self.slicing_steps)).frames(Fraction(1))


OnEpoch = Callable[[dict[str, float]], None]
"""Called after each epoch with its number, the loss and its parts."""


def train_localizer(
    network: BmnNetwork,
    videos: Sequence[LocalizationVideo],
    config: BmnTrainingConfig,
    *,
    on_epoch: OnEpoch | None = None,
    state_path: Path | None = None,
    resume: bool = False,
) -> TrainingState:
    """Train a network in place; it is in evaluation mode afterwards.

    Args:
        network: see `spotkick.models.loading.new_network`.
        videos: the training set, on the network's number of steps.
        config: losses and optimisation.
        on_epoch: called after each epoch.
        state_path: where to save after each epoch; nothing is saved when None.
        resume: go on from ``state_path``; the result equals that of an uninterrupted run.

    Returns:
        Epochs done and the history of losses.

    Raises:
        InputError: if there are no videos, or the features or segments of one do not fit.
        ConfigError: if the slicing is out of order, or the loss is no longer finite.
        CheckpointError: if the saved state belongs to another network.
    """
    check_videos(videos, network.architecture)
    device = next(network.parameters()).device
    slicing = torch.from_numpy(config.slicing()).float().to(device)
    optimizer = torch.optim.Adam(
        network.parameters(), lr=config.learning_rate, weight_decay=config.weight_decay
    )

    # An interrupted run goes on where it was saved.
    progress = (
        load_state(state_path, network, optimizer)
        if resume and state_path is not None
        else TrainingState()
    )
    network.train()
    for epoch in range(progress.epoch, config.epochs):
        for group in optimizer.param_groups:
            group["lr"] = config.learning_rate * config.step_factor ** (epoch // config.step_epochs)
        entry = _train_epoch(
            network, videos, config, slicing=slicing, optimizer=optimizer, epoch=epoch
        )

        # The state is saved before anything else may fail.
        progress.epoch = epoch + 1
        progress.history.append(entry)
        if state_path is not None:
            save_state(state_path, network, optimizer, progress)
        if on_epoch is not None:
            on_epoch(entry)
    network.eval()
    return progress


def check_videos(videos: Sequence[LocalizationVideo], architecture: BmnArchitecture) -> None:
    """Refuse videos that the network cannot read.

    Raises:
        InputError: naming the first one whose features or segments do not fit.
    """
    if not videos:
        raise InputError("no videos to train on; check the subset and the folder of features")
    expected = (architecture.num_steps, architecture.feature_dim)
    for video in videos:
        if video.features.shape != expected:
            raise InputError(
                f"{video.name}: the network needs features of shape {expected} (steps, dim), "
                f"got {video.features.shape}"
            )
        check_segments(video.segments, video.name)


def _train_epoch(
    network: BmnNetwork,
    videos: Sequence[LocalizationVideo],
    config: BmnTrainingConfig,
    *,
    slicing: Tensor,
    optimizer: torch.optim.Optimizer,
    epoch: int,
) -> dict[str, float]:
    # Each epoch draws from its own generators, so that a resumed run draws the same.
    order = np.random.default_rng((config.seed, epoch)).permutation(len(videos))
    generator = torch.Generator().manual_seed(config.seed * 100_003 + epoch)
    sums = np.zeros(4)

    for first in range(0, len(order), config.batch_videos):
        # (videos, steps, dim) features
        batch = [videos[index] for index in order[first : first + config.batch_videos]]
        features = torch.from_numpy(np.stack([video.features for video in batch]))
        output = network(features.to(slicing.device))
        targets = batch_targets(batch, network.architecture, config.slicing())
        losses = bmn_losses(
            output.boundaries,
            output.confidences,
            BmnTargets(*(values.to(slicing.device) for values in targets)),
            tem_loss=config.tem_loss,
            slicing_steps=slicing,
            boundary_logits=output.boundary_logits,
            generator=generator,
        )

        total = losses.total(boundary_weight=config.boundary_weight)
        if not torch.isfinite(total):
            raise ConfigError(
                f"the loss is {total.item()} in epoch {epoch + 1}; "
                f"lower learning_rate (now {config.learning_rate:g})"
            )
        optimizer.zero_grad()
        torch.autograd.backward(total)
        optimizer.step()
        sums += len(batch) * torch.stack([total, *losses]).detach().double().cpu().numpy()

    # Means over videos
    means = (sums / len(order)).tolist()
    return {
        "epoch": epoch + 1,
        **dict(zip(("loss", "boundary", "regression", "classification"), means, strict=True)),
    }


def batch_targets(
    videos: Sequence[LocalizationVideo],
    architecture: BmnArchitecture,
    slicing_steps: npt.NDArray[np.float64],
) -> BmnTargets:
    """Targets of a batch, from the segments of its videos.

    Args:
        videos: with segments.
        architecture: number of steps and longest duration.
        slicing_steps: (2, 4), K1..K4 in steps.
    """
    steps, longest = architecture.num_steps, architecture.max_duration_steps
    segments = [check_segments(video.segments, video.name) for video in videos]
    return BmnTargets(
        torch.from_numpy(np.stack([boundary_overlap(found, steps) for found in segments])),
        torch.from_numpy(
            np.stack([boundary_shifts(found, steps, slicing_steps) for found in segments])
        ),
        torch.from_numpy(np.stack([temporal_iou_map(found, steps, longest) for found in segments])),
    )
