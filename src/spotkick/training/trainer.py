"""The training loop: epochs, validation, the best network, interruption and resumption."""

import copy
import math
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, Protocol

import numpy as np
import torch
from torch import Tensor

from spotkick.encoding.spots import border_mask
from spotkick.errors import ConfigError, SpotkickWarning
from spotkick.models import CalfNetwork, NetworkOutput
from spotkick.training.batches import Batch, ahead, gather
from spotkick.training.labelled_periods import LabelledPeriod
from spotkick.training.sampling import epoch_batches
from spotkick.training.schedule import learning_rate_of_epoch, note_score, stopped_early
from spotkick.training.state import TrainingState, load_state, save_state
from spotkick.training.total_loss import TrainingPlan, total_loss

_SEED_STRIDE: Final = 1_000_003
"""More than any number of epochs, so that (seed, epoch) names one stream of random numbers."""

Validate = Callable[[CalfNetwork], float]
"""Scores a network in evaluation mode; higher is better."""


class TrainingObserver(Protocol):
    """Whoever shows or records the course of a training."""

    def on_batch(self, epoch: int, batch: int, batches: int, loss: float) -> None:
        """A step was made."""

    def on_epoch(self, entry: dict[str, float], *, is_best: bool, network: CalfNetwork) -> None:
        """An epoch, and its validation if it had one, are done."""


def train_network(
    network: CalfNetwork,
    halves: Sequence[LabelledPeriod],
    plan: TrainingPlan,
    *,
    observer: TrainingObserver,
    validate: Validate | None = None,
    state_path: Path | None = None,
    resume: bool = False,
) -> tuple[CalfNetwork, TrainingState]:
    """Train a network in place.

    Args:
        network: freshly initialised; see `new_network` for a seeded one.
        halves: the training set.
        plan: configurations.
        observer: is told of each step and epoch.
        validate: called every ``validate_every`` epochs and at the end; without it the last network
            is the best.
        state_path: where to save after each epoch; nothing is saved when None.
        resume: go on from ``state_path``; the result is bit-identical to an uninterrupted run on
            CPU.

    Returns:
        the best network, in evaluation mode, and the progress.

    Raises:
        CheckpointError: if the state to resume from is damaged.
        ConfigError: if the loss becomes NaN or infinite.
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
    progress = TrainingState(learning_rate=config.learning_rate)
    best_path = None if state_path is None else state_path.with_name(f"best-{state_path.name}")
    if resume and state_path is not None and state_path.is_file():
        progress = load_state(state_path, network, optimizer)
    best = _best_so_far(network, best_path, progress)
    stepper = _Stepper(network, optimizer, plan, device)
    while progress.epoch < config.epochs and not stopped_early(progress, config):
        loss = _run_epoch(stepper, halves, plan, progress, observer)
        progress.epoch += 1
        entry = {
            "epoch": float(progress.epoch),
            "loss": loss,
            "learning_rate": optimizer.param_groups[0]["lr"],
        }
        is_best = False
        if validate is not None and (
            progress.epoch % config.validate_every == 0 or progress.epoch == config.epochs
        ):
            network.eval()
            entry["score"] = validate(network)
            is_best = note_score(progress, entry["score"], config)
        if is_best or validate is None:
            best = copy.deepcopy(network.state_dict())
            if best_path is not None and is_best:
                save_state(best_path, network, optimizer, progress)
        progress.history.append(entry)
        if state_path is not None:
            save_state(state_path, network, optimizer, progress)
        observer.on_epoch(entry, is_best=is_best, network=network)
    chosen = copy.deepcopy(network)
    chosen.load_state_dict(best)
    return chosen.eval(), progress


def choose_device(name: str) -> torch.device:
    """The device of a name, ``auto`` being CUDA where there is one.

    Raises:
        ConfigError: if torch does not know the name, or has no such device.
    """
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        return torch.empty(0, device=name).device
    except (RuntimeError, AssertionError) as error:
        raise ConfigError(
            f"device '{name}' cannot be used: {str(error).splitlines()[0]}; use auto, cpu or cuda"
        ) from error


class _Stepper:
    """One optimisation step."""

    def __init__(
        self,
        network: CalfNetwork,
        optimizer: torch.optim.Optimizer,
        plan: TrainingPlan,
        device: torch.device,
    ) -> None:
        sizes = network.architecture
        self.network, self.optimizer, self.plan, self.device = network, optimizer, plan, device
        self.slicing_frames = plan.slicing_frames.to(device)
        self.mask = torch.from_numpy(border_mask(sizes.chunk_frames, sizes.border_frames)).to(
            device
        )
        self.random = torch.Generator(device)
        self.autocast = plan.training.mixed_precision and device.type == "cuda"
        self.forward: Callable[[Tensor], NetworkOutput] = (
            torch.compile(network) if plan.training.compile else network
        )

    def step(self, batch: Batch) -> float:
        features, shifts, spots = (
            tensor.to(self.device, non_blocking=True) for tensor in batch[:3]
        )
        hidden = self.plan.training.feature_dropout
        if hidden:
            kept = (
                torch.rand(
                    len(features), 1, features.shape[2], generator=self.random, device=self.device
                )
                >= hidden
            )
            features *= kept / (1 - hidden)
        with torch.autocast(self.device.type, dtype=torch.bfloat16, enabled=self.autocast):
            output = self.forward(features)
        loss = total_loss(output, shifts, spots, self.slicing_frames, self.mask, self.plan)
        value = float(loss.detach())
        if not math.isfinite(value):
            raise ConfigError(
                f"the loss became {value}; lower training.learning_rate ({self.plan.training.learning_rate:g}) and --resume"
            )
        self.optimizer.zero_grad(set_to_none=True)
        torch.autograd.backward(loss)
        self.optimizer.step()
        return value


def _run_epoch(
    stepper: _Stepper,
    halves: Sequence[LabelledPeriod],
    plan: TrainingPlan,
    progress: TrainingState,
    observer: TrainingObserver,
) -> float:
    sizes = stepper.network.architecture
    stepper.network.train()
    stepper.random.manual_seed(_SEED_STRIDE * plan.training.seed + progress.epoch)
    for group in stepper.optimizer.param_groups:
        group["lr"] = learning_rate_of_epoch(plan.training, progress.epoch, progress.learning_rate)
    batches = epoch_batches(
        halves,
        plan.sampling,
        chunk_frames=sizes.chunk_frames,
        receptive_field_frames=sizes.receptive_field_frames,
        random=np.random.default_rng((plan.training.seed, progress.epoch)),
    )

    def prepare(chosen: np.typing.NDArray[np.intp]) -> Batch:
        return gather(
            halves,
            chosen,
            chunk_frames=sizes.chunk_frames,
            border_frames=sizes.border_frames,
            num_spots=sizes.num_spots,
        )

    total, dropped = 0.0, 0
    for index, batch in enumerate(ahead(batches, prepare)):
        loss = stepper.step(batch)
        total += loss
        dropped += batch.dropped
        observer.on_batch(progress.epoch + 1, index + 1, len(batches), loss)
    if dropped and progress.epoch == 0 and sizes.kind == "calf":
        message = f"{dropped} actions of the first epoch did not fit into {sizes.num_spots} spots per chunk; raise model.num_spots"
        warnings.warn(message, SpotkickWarning, stacklevel=2)
    return total / len(batches)


def _best_so_far(
    network: CalfNetwork, best_path: Path | None, progress: TrainingState
) -> dict[str, Tensor]:
    if progress.best_score is not None and best_path is not None and best_path.is_file():
        kept = copy.deepcopy(network)
        load_state(best_path, kept, torch.optim.AdamW(kept.parameters()))
        return kept.state_dict()
    return copy.deepcopy(network.state_dict())


def new_network(network_seed: int, make: Callable[[], CalfNetwork]) -> CalfNetwork:
    """Initialise a network from a seed without disturbing torch's global generator."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(network_seed)
        return make()
