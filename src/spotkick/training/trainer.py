"""The training loop: epochs, validation, the best network, interruption and resumption."""

import copy
import math
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

import numpy as np
import torch
from torch import Tensor

from spotkick.encoding.spots import border_mask
from spotkick.errors import ConfigError, SpotkickWarning
from spotkick.models.loading import choose_device
from spotkick.models.spotter import NetworkOutput, SpotterNetwork
from spotkick.training.batches import Batch, gather, prepare_ahead
from spotkick.training.class_weights import class_weights
from spotkick.training.ema import WeightAverage
from spotkick.training.labelled_periods import LabelledPeriod
from spotkick.training.mixup import MixupDraws, choose_partners, draw_mixup, mix_features
from spotkick.training.sam import SharpnessStep
from spotkick.training.sampling import ChunkGeometry, ChunkIndex, epoch_batches
from spotkick.training.schedule import learning_rate_of_step, record_score, stops_early
from spotkick.training.state import TrainingState, load_state, save_state
from spotkick.training.total_loss import TrainingPlan, total_loss

COLLAPSED_SPREAD: Final = 1e-4
"""Scores, or logits, that differ by less than this from chunk to chunk are all alike."""

PATIENCE_EPOCHS: Final = 3
PATIENCE_STEPS: Final = 200
"""Saturated scores that are all alike come back where logits still differ; not after so many epochs
and steps."""

_SEED_STRIDE: Final = 1_000_003
"""More than any number of epochs, so that (seed, epoch) names one stream of random numbers."""

_MIXUP_STREAM: Final = 1
"""Distinguishes the random numbers of mixup from those that draw chunks."""

Validate = Callable[[SpotterNetwork], float]
"""Scores a network in evaluation mode; higher is better."""


class TrainingObserver(Protocol):
    """Shows or records the course of a training."""

    def on_batch(self, epoch: int, batch: int, batches: int, loss: float) -> None:
        """A step was made; epoch and batch count from 1."""

    def on_epoch(self, entry: dict[str, float], *, is_best: bool, network: SpotterNetwork) -> None:
        """An epoch, and its validation if it had one, are done.

        The network is the one that is validated: the average where the weights are averaged.
        """


def train_network(
    network: SpotterNetwork,
    periods: Sequence[LabelledPeriod],
    plan: TrainingPlan,
    *,
    observer: TrainingObserver,
    validate: Validate | None = None,
    state_path: Path | None = None,
    resume: bool = False,
) -> tuple[SpotterNetwork, TrainingState]:
    """Train a network in place; it ends with the averaged weights where they are averaged.

    Args:
        network: freshly initialised; see `spotkick.models.loading.new_network` for a seeded one.
        periods: the training set.
        plan: configurations.
        observer: called after each step and epoch.
        validate: called every ``validate_every`` epochs and at the end; without it the last network
            is the best.
        state_path: where to save after each epoch; nothing is saved when None.
        resume: go on from ``state_path``; the result is bit-identical to an uninterrupted run on
            CPU.

    Returns:
        the best network, in evaluation mode, and the progress.

    Raises:
        CheckpointError: if the state to resume from is damaged.
        ConfigError: if the loss becomes NaN or infinite, or all scores of an epoch are alike.
    """
    config = plan.training
    device = choose_device(config.device)
    network.to(device)
    optimizer = torch.optim.AdamW(
        network.parameters(),
        lr=config.learning_rate,
        eps=config.adam_epsilon,
        weight_decay=config.weight_decay,
    )

    # Where the training stands.
    progress = TrainingState(learning_rate=config.learning_rate)
    average = WeightAverage(network, config.ema_decay) if config.ema_decay else None
    if resume and state_path is not None and state_path.is_file():
        progress = load_state(state_path, network, optimizer, average=average)
    keeper = _BestNetwork(network, state_path, progress)

    weights = _weigh_classes(periods, plan)
    stepper = _Stepper(
        network, optimizer, plan, device=device, class_weights=weights, average=average
    )
    kept = network if average is None else average.network
    while progress.epoch < config.epochs and not stops_early(progress, config):
        # Dropout draws from torch's own generator, which the caller gets back as it was.
        with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
            torch.manual_seed(_SEED_STRIDE * config.seed + progress.epoch)
            summary = _run_epoch(stepper, periods, progress, observer=observer)
        progress.epoch += 1
        entry = {
            "epoch": float(progress.epoch),
            "loss": summary.loss,
            "learning_rate": optimizer.param_groups[0]["lr"],
            "score_spread": summary.scores,
        }

        # Validation decides on the best network.
        is_best = False
        is_last = progress.epoch == config.epochs
        if validate is not None and (progress.epoch % config.validate_every == 0 or is_last):
            kept.eval()
            entry["score"] = validate(kept)
            is_best = record_score(progress, entry["score"], config)
        progress.history.append(entry)
        if is_best:
            keeper.keep(kept, optimizer, progress)

        if state_path is not None:
            save_state(state_path, network, optimizer, progress, average=average)
        observer.on_epoch(entry, is_best=is_best, network=kept)
        _check_spread(progress, summary, plan)

    if average is not None:
        network.load_state_dict(average.network.state_dict())
    return keeper.best(network), progress


def _weigh_classes(periods: Sequence[LabelledPeriod], plan: TrainingPlan) -> Tensor | None:
    """(classes,) weights of the classes, None where all are alike."""
    if plan.loss.class_weights == "none":
        return None
    bounds = plan.slicing_frames.double().cpu().numpy()
    return torch.from_numpy(class_weights(periods, plan.loss, bounds, float(plan.frame_rate)))


class _BestNetwork:
    """The weights of the best validation, in memory and beside the state."""

    def __init__(
        self, network: SpotterNetwork, state_path: Path | None, progress: TrainingState
    ) -> None:
        self._path = None if state_path is None else state_path.with_name(f"best-{state_path.name}")
        self._weights: dict[str, Tensor] | None = None

        # Of an interrupted training.
        if progress.best_score and self._path is not None and self._path.is_file():
            kept = copy.deepcopy(network)
            load_state(self._path, kept, torch.optim.AdamW(kept.parameters()))
            self._weights = kept.state_dict()

    def keep(
        self, network: SpotterNetwork, optimizer: torch.optim.Optimizer, progress: TrainingState
    ) -> None:
        self._weights = copy.deepcopy(network.state_dict())
        if self._path is not None:
            save_state(self._path, network, optimizer, progress)

    def best(self, network: SpotterNetwork) -> SpotterNetwork:
        """A copy of the best network, of the last one when no validation found any good."""
        chosen = copy.deepcopy(network)
        if self._weights is not None:
            chosen.load_state_dict(self._weights)
        return chosen.eval()


@dataclass(frozen=True, slots=True)
class _Step:
    """Results of a step.

    Attributes:
        loss: total loss.
        scores: how far scores differ from chunk to chunk.
        logits: how far logits do; the same as ``scores`` where there are none.
        has_spots: whether the network has a spotting module.
    """

    loss: float
    scores: Tensor
    logits: Tensor
    has_spots: bool


@dataclass(frozen=True, slots=True)
class _EpochSummary:
    """Results of an epoch.

    Attributes:
        loss: mean over the steps.
        steps: made.
        scores: how far scores differ from chunk to chunk, at most.
        logits: how far logits do.
    """

    loss: float
    steps: int
    scores: float
    logits: float


class _Stepper:
    """One optimisation step."""

    def __init__(
        self,
        network: SpotterNetwork,
        optimizer: torch.optim.Optimizer,
        plan: TrainingPlan,
        *,
        device: torch.device,
        class_weights: Tensor | None = None,
        average: WeightAverage[SpotterNetwork] | None = None,
    ) -> None:
        sizes, training = network.architecture, plan.training
        self.network, self.optimizer, self.plan, self.device = network, optimizer, plan, device
        self.average = average
        self.sharpness = (
            SharpnessStep(network.parameters(), training.sam_radius)
            if training.sam_radius
            else None
        )
        self.slicing_frames = plan.slicing_frames.to(device)
        mask = border_mask(sizes.chunk_frames, sizes.border_frames)
        self.mask = torch.from_numpy(mask).to(device)
        self.loss_weights = self.mask
        if class_weights is not None:
            # (1, frames, classes)
            self.loss_weights = (self.mask[:, None] * class_weights.to(device)).unsqueeze(0)
        self.random = torch.Generator(device)

        # Speed-ups of a GPU.
        self.autocast = plan.training.mixed_precision and device.type == "cuda"
        self.forward: Callable[[Tensor], NetworkOutput] = (
            torch.compile(network) if plan.training.compile else network
        )

    def step(self, batch: Batch, draws: MixupDraws | None = None) -> _Step:
        features, shifts, spots = (
            tensor.to(self.device, non_blocking=True)
            for tensor in (batch.features, batch.shifts, batch.spots)
        )
        self._drop_features(features)

        # Each chunk as a weighted sum with another.
        mixture = None
        if draws is not None:
            drawn = MixupDraws(*(tensor.to(self.device) for tensor in draws))
            mixture = choose_partners(shifts, drawn, self.plan.training.mixup_partners)
            features = mix_features(features, mixture)

        def compute_loss() -> tuple[NetworkOutput, Tensor]:
            with torch.autocast(self.device.type, dtype=torch.bfloat16, enabled=self.autocast):
                output = self.forward(features)
            loss = total_loss(
                output,
                shifts,
                spots,
                slicing_frames=self.slicing_frames,
                mask=self.loss_weights,
                plan=self.plan,
                mixture=mixture,
            )
            return output, loss

        output, loss = compute_loss()
        if mixture is not None and output.spots.shape[1]:
            raise ConfigError(
                "training.mixup_alpha needs a network without a spotting module, whose spots have "
                "no weighted sum; set it to 0, or model.kind to another network"
            )
        value = float(loss.detach())
        if not math.isfinite(value):
            rate = self.plan.training.learning_rate
            raise ConfigError(
                f"the loss became {value}; lower training.learning_rate ({rate:g}) and --resume"
            )

        self.optimizer.zero_grad(set_to_none=True)
        torch.autograd.backward(loss)
        if self.sharpness is not None:
            self.sharpness.climb()
            torch.autograd.backward(compute_loss()[1])
            self.sharpness.descend()
        self._update_weights()
        logits = output.scores if output.logits is None else output.logits
        return _Step(
            value,
            scores=self._measure_spread(output.scores),
            logits=self._measure_spread(logits),
            has_spots=output.spots.shape[1] > 0,
        )

    def _update_weights(self) -> None:
        """From gradients to weights, and to their average."""
        if self.plan.training.gradient_clip:
            torch.nn.utils.clip_grad_norm_(
                self.network.parameters(), self.plan.training.gradient_clip
            )
        self.optimizer.step()
        if self.average is not None:
            self.average.update()

    def _measure_spread(self, values: Tensor) -> Tensor:
        """How far values (chunks, frames, classes) differ, where frames carry loss.

        Compared are chunks, frame by frame, since a network may have learned the place in the
        chunk; a chunk alone is compared with itself.
        """
        counted = values.detach()[:, self.mask]
        axis = 0 if len(counted) > 1 else 1
        return (counted.amax(dim=axis) - counted.amin(dim=axis)).max()

    def _drop_features(self, features: Tensor) -> None:
        """Dropout of whole feature columns of a chunk, in place: (chunks, frames, dim)."""
        share = self.plan.training.feature_dropout
        if not share:
            return
        drawn = torch.rand(
            len(features), 1, features.shape[2], generator=self.random, device=self.device
        )
        features *= (drawn >= share) / (1 - share)


def _run_epoch(
    stepper: _Stepper,
    periods: Sequence[LabelledPeriod],
    progress: TrainingState,
    *,
    observer: TrainingObserver,
) -> _EpochSummary:
    plan, sizes = stepper.plan, stepper.network.architecture
    stepper.network.train()

    # Everything random depends on (seed, epoch) alone.
    stepper.random.manual_seed(_SEED_STRIDE * plan.training.seed + progress.epoch)
    batches = epoch_batches(
        periods,
        plan.sampling,
        ChunkGeometry(sizes.chunk_frames, sizes.receptive_field_frames),
        random=np.random.default_rng((plan.training.seed, progress.epoch)),
    )

    def set_learning_rate(step: int) -> None:
        rate = learning_rate_of_step(
            plan.training,
            progress.epoch,
            step,
            len(batches),
            plateau_rate=progress.learning_rate,
        )
        for group in stepper.optimizer.param_groups:
            group["lr"] = rate

    def prepare(chosen: ChunkIndex) -> Batch:
        return gather(
            periods,
            chosen,
            chunk_frames=sizes.chunk_frames,
            border_frames=sizes.border_frames,
            num_spots=sizes.num_spots,
        )

    steps: list[_Step] = []
    dropped, most_dropped = 0, 0
    mixing = np.random.default_rng((plan.training.seed, progress.epoch, _MIXUP_STREAM))
    alpha = plan.training.mixup_alpha
    for index, batch in enumerate(prepare_ahead(batches, prepare)):
        set_learning_rate(index)
        draws = draw_mixup(len(batch.features), alpha, mixing) if alpha else None
        steps.append(stepper.step(batch, draws))
        dropped, most_dropped = dropped + batch.dropped, max(most_dropped, batch.most_dropped)
        observer.on_batch(progress.epoch + 1, index + 1, len(batches), steps[-1].loss)

    if dropped and progress.epoch == 0 and steps[-1].has_spots:
        needed = sizes.num_spots + most_dropped
        message = (
            f"{dropped:,} actions of the first epoch did not fit into {sizes.num_spots} spots per "
            f"chunk; model.num_spots = {needed} would hold all of them"
        )
        warnings.warn(message, SpotkickWarning, stacklevel=2)
    # On a GPU the only wait for scores in an epoch.
    return _EpochSummary(
        loss=sum(step.loss for step in steps) / len(steps),
        steps=len(steps),
        scores=float(torch.stack([step.scores for step in steps]).max()),
        logits=float(torch.stack([step.logits for step in steps]).max()),
    )


def _check_spread(progress: TrainingState, summary: _EpochSummary, plan: TrainingPlan) -> None:
    """Stop a training whose scores have collapsed."""
    if not plan.loss.segmentation_weight:
        return
    is_dead = summary.logits < COLLAPSED_SPREAD

    # Saturated scores get time to come back.
    needed = max(PATIENCE_EPOCHS, -(-PATIENCE_STEPS // summary.steps))
    spreads = [entry.get("score_spread", 1.0) for entry in progress.history[-needed:]]
    is_saturated = len(spreads) == needed and max(spreads) < COLLAPSED_SPREAD
    if is_dead or is_saturated:
        raise ConfigError(
            f"training stopped after epoch {progress.epoch}: the scores have collapsed, they "
            "differ "
            f"by {summary.scores:.1g} from frame to frame; lower training.learning_rate "
            f"({plan.training.learning_rate:g}), or check that the features differ from frame to "
            "frame and are of usual size"
        )
