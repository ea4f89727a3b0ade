"""One epoch of a training: on data that live on the device where they fit, else by a loader."""

import math
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
import torch
from torch import Tensor

from spotkick.errors import ConfigError, SpotkickWarning
from spotkick.losses.matching_kernel import prepare_kernel
from spotkick.models.spotter import SpotterNetwork
from spotkick.training.batches import Batch, gather, prepare_ahead
from spotkick.training.class_weights import class_weights
from spotkick.training.device_data import DeviceData, place_data
from spotkick.training.device_loop import DeviceEpoch, DeviceLoop
from spotkick.training.ema import WeightAverage
from spotkick.training.labelled_periods import LabelledPeriod
from spotkick.training.mixup import MixupDraws, draw_mixup
from spotkick.training.ranks import current_ranks, require_single_rank
from spotkick.training.sampling import (
    ChunkGeometry,
    ChunkIndex,
    epoch_batches,
    find_anchors,
)
from spotkick.training.schedule import learning_rate_of_step
from spotkick.training.state import TrainingState
from spotkick.training.step import TrainingStep, make_optimizer
from spotkick.training.total_loss import TrainingPlan

_SEED_STRIDE: Final = 1_000_003
"""More than any number of epochs, so that (seed, epoch) names one stream of random numbers."""

_MIXUP_STREAM: Final = 1
"""Distinguishes the random numbers of mixup from those that draw chunks."""


class TrainingObserver(Protocol):
    """Shows or records the course of a training."""

    def on_batch(self, epoch: int, batch: int, batches: int, loss: float) -> None:
        """A step was made; epoch and batch count from 1."""

    def on_epoch(self, entry: dict[str, float], *, is_best: bool, network: SpotterNetwork) -> None:
        """An epoch, and its validation if it had one, are done.

        The network is the one that is validated: the average where the weights are averaged.
        """


@dataclass(frozen=True, slots=True)
class EpochSummary:
    """Results of an epoch.

    Attributes:
        loss: mean over the steps.
        steps: made.
        scores: how far scores differ from chunk to chunk, at most.
        logits: how far logits do; the same as ``scores`` where there are none.
    """

    loss: float
    steps: int
    scores: float
    logits: float


class EpochRunner:
    """Runs the epochs of a training.

    Attributes:
        plan: configurations.
        step: of the network, with its optimiser.
    """

    def __init__(
        self,
        network: SpotterNetwork,
        periods: Sequence[LabelledPeriod],
        plan: TrainingPlan,
        *,
        device: torch.device,
        average: WeightAverage[SpotterNetwork] | None = None,
    ) -> None:
        """Prepare.

        Args:
            network: on its device.
            periods: the training set.
            plan: configurations.
            device: of the network.
            average: of its weights.
        """
        sizes, config = network.architecture, plan.training
        self._ranks = current_ranks()
        if self._ranks.are_many and config.mixup_alpha:
            require_single_rank("training.mixup_alpha, which mixes the chunks of a whole batch,")
        self.plan, self._sizes, self._periods = plan, sizes, periods
        self._geometry = ChunkGeometry(sizes.chunk_frames, sizes.receptive_field_frames)
        self._anchors = find_anchors(periods, sizes.chunk_frames)

        if device.type == "cuda":
            prepare_kernel(device)
        data = _place_periods(periods, plan, device)
        most = (
            None
            if data is None
            else data.most_actions(sizes.chunk_frames, sizes.loss_border_frames)
        )
        self.step = TrainingStep(
            network,
            make_optimizer(network, config, on_device=data is not None),
            plan,
            device=device,
            class_weights=_weigh_classes(periods, plan),
            average=average,
            max_actions=most,
        )

        # The loop on the device compiles the loss, too, where no step computes it twice.
        self._loop: DeviceLoop | None = None
        compiles_loss = config.compile and data is not None and not config.sam_radius
        if data is not None:
            self._loop = DeviceLoop(
                data,
                self.step,
                sizes=sizes,
                generators=[self.step.random],
                use_graphs=not self._ranks.are_many,
                compile_step=compiles_loss,
            )
        if config.compile and not compiles_loss:
            self.step.compile_forward()

    def run(self, progress: TrainingState, observer: TrainingObserver) -> EpochSummary:
        """Run the next epoch; everything random depends on (seed, epoch) alone."""
        config, epoch = self.plan.training, progress.epoch
        batches = epoch_batches(
            self._periods,
            self.plan.sampling,
            self._geometry,
            random=np.random.default_rng((config.seed, epoch)),
            anchors=self._anchors,
        )
        mixing = np.random.default_rng((config.seed, epoch, _MIXUP_STREAM))
        alpha = config.mixup_alpha
        draws = [draw_mixup(len(batch), alpha, mixing) if alpha else None for batch in batches]

        def before_step(index: int) -> None:
            rate = learning_rate_of_step(
                config, epoch, index, len(batches), plateau_rate=progress.learning_rate
            )
            self.step.set_learning_rate(rate)
            if self._ranks.are_many:
                self.step.batch_chunks = len(batches[index])

        def after_step(steps: int, loss: float) -> None:
            self._check_loss(loss)
            observer.on_batch(epoch + 1, steps, len(batches), loss)

        with self._seed_of_epoch(epoch):
            run = self._run_with_loader if self._loop is None else self._loop.run_epoch
            shares = [self._ranks.share(batch) for batch in batches]
            found = run(shares, draws, before_step, after_step)
        if found.dropped and epoch == 0 and self.step.has_spots:
            self._warn_of_dropped(found)
        return EpochSummary(
            loss=sum(found.losses) / len(found.losses),
            steps=len(batches),
            scores=found.scores,
            logits=found.logits,
        )

    @contextmanager
    def _seed_of_epoch(self, epoch: int) -> Iterator[None]:
        """Dropout draws from torch's own generator, which the caller gets back as it was."""
        device, seed = self.step.device, _SEED_STRIDE * self.plan.training.seed + epoch
        with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
            torch.manual_seed(seed)
            self.step.random.manual_seed(seed)
            self.step.network.train()
            yield

    def _run_with_loader(
        self,
        batches: Sequence[ChunkIndex],
        draws: Sequence[MixupDraws | None],
        before_step: Callable[[int], None],
        after_step: Callable[[int, float], None],
    ) -> DeviceEpoch:
        """Gather batches in a thread while the network computes."""
        sizes, device = self._sizes, self.step.device

        def prepare(chosen: ChunkIndex) -> Batch:
            return gather(
                self._periods,
                chosen,
                chunk_frames=sizes.chunk_frames,
                border_frames=sizes.loss_border_frames,
                num_spots=sizes.num_spots,
                hidden_frames=sizes.border_frames if self.plan.sampling.hide_future else 0,
            )

        losses: list[float] = []
        spreads: list[Tensor] = []
        dropped, most_dropped = 0, 0
        for index, batch in enumerate(prepare_ahead(batches, prepare)):
            before_step(index)
            features, shifts, spots = (
                tensor.to(device, non_blocking=True)
                for tensor in (batch.features, batch.shifts, batch.spots)
            )
            drawn = draws[index]
            if drawn is not None:
                drawn = MixupDraws(*(own.to(device) for own in drawn))
            found = self.step.losses_of(features, shifts, spots, drawn)

            # A loss that is not finite must not reach the weights.
            losses.append(float(found.value))
            self._check_loss(losses[-1])
            self.step.update(found)
            spreads.append(torch.stack([found.scores, found.logits]))
            dropped, most_dropped = dropped + batch.dropped, max(most_dropped, batch.most_dropped)
            after_step(index + 1, losses[-1])

        # On a GPU the only wait for scores in an epoch.
        scores, logits = torch.stack(spreads).amax(dim=0).tolist()
        return DeviceEpoch(
            losses, scores=scores, logits=logits, dropped=dropped, most_dropped=most_dropped
        )

    def _check_loss(self, loss: float) -> None:
        if not math.isfinite(loss):
            rate = self.plan.training.learning_rate
            raise ConfigError(
                f"the loss became {loss}; lower training.learning_rate ({rate:g}) and --resume"
            )

    def _warn_of_dropped(self, epoch: DeviceEpoch) -> None:
        needed = self._sizes.num_spots + epoch.most_dropped
        message = (
            f"{epoch.dropped:,} actions of the first epoch did not fit into "
            f"{self._sizes.num_spots} spots per chunk; model.num_spots = {needed} would hold all "
            "of them"
        )
        warnings.warn(message, SpotkickWarning, stacklevel=2)


def _place_periods(
    periods: Sequence[LabelledPeriod], plan: TrainingPlan, device: torch.device
) -> DeviceData | None:
    """The training set on the device, where it is to be there; chunks are changed by a loader.

    Raises:
        ConfigError: if it must be there, and does not fit or is to be changed.
    """
    choice = plan.training.data_on_device
    if not plan.sampling.hide_future:
        return place_data(periods, choice, device)
    if choice == "always":
        raise ConfigError(
            "sampling.hide_future needs a loader, and training.data_on_device = 'always' has none; "
            "set 'auto'"
        )
    return None


def _weigh_classes(periods: Sequence[LabelledPeriod], plan: TrainingPlan) -> Tensor | None:
    """(classes,) weights of the classes, None where all are alike."""
    if plan.loss.class_weights == "none":
        return None
    bounds = plan.slicing_frames.double().cpu().numpy()
    return torch.from_numpy(class_weights(periods, plan.loss, bounds, float(plan.frame_rate)))
