"""The training loop: epochs, validation, the best network, interruption and resumption."""

import copy
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import torch
from torch import Tensor

from spotkick.errors import ConfigError
from spotkick.models.loading import choose_device
from spotkick.models.spotter import SpotterNetwork
from spotkick.training.ema import WeightAverage
from spotkick.training.epoch import EpochRunner, EpochSummary, TrainingObserver
from spotkick.training.labelled_periods import LabelledPeriod
from spotkick.training.ranks import current_ranks, share_batch_statistics
from spotkick.training.schedule import record_score, stops_early
from spotkick.training.state import TrainingState, load_state, save_state
from spotkick.training.step import cuda_arithmetic
from spotkick.training.total_loss import TrainingPlan

__all__ = ["TrainingObserver", "train_network"]

COLLAPSED_SPREAD: Final = 1e-4
"""Scores, or logits, that differ by less than this from chunk to chunk are all alike."""

PATIENCE_EPOCHS: Final = 3
PATIENCE_STEPS: Final = 200
"""Saturated scores that are all alike come back where logits still differ; not after so many epochs
and steps."""

Validate = Callable[[SpotterNetwork], float]
"""Scores a network in evaluation mode; higher is better."""


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
    share_batch_statistics(network)
    average = WeightAverage(network, config.ema_decay) if config.ema_decay else None
    with cuda_arithmetic(device, tf32=config.tf32):
        epochs = EpochRunner(network, periods, plan, device=device, average=average)
        return _train(
            network,
            epochs,
            observer=observer,
            validate=validate,
            state_path=state_path,
            resume=resume,
        )


def _train(
    network: SpotterNetwork,
    epochs: EpochRunner,
    *,
    observer: TrainingObserver,
    validate: Validate | None,
    state_path: Path | None,
    resume: bool,
) -> tuple[SpotterNetwork, TrainingState]:
    """Epochs and validations from where the training stands to its end."""
    plan, config = epochs.plan, epochs.plan.training
    optimizer, average = epochs.step.optimizer, epochs.step.average

    # Where the training stands.
    progress = TrainingState(learning_rate=config.learning_rate)
    if resume and state_path is not None and state_path.is_file():
        progress = load_state(state_path, network, optimizer, average=average)
    keeper = _BestNetwork(network, state_path, progress)
    ranks = current_ranks()

    kept = network if average is None else average.network
    while progress.epoch < config.epochs and not stops_early(progress, config):
        summary = epochs.run(progress, observer)
        progress.epoch += 1
        entry = {
            "epoch": float(progress.epoch),
            "loss": summary.loss,
            "learning_rate": float(optimizer.param_groups[0]["lr"]),
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

        if state_path is not None and ranks.is_first:
            save_state(state_path, network, optimizer, progress, average=average)
        observer.on_epoch(entry, is_best=is_best, network=kept)
        _check_spread(progress, summary, plan)

    if average is not None:
        network.load_state_dict(average.network.state_dict())
    return keeper.best(network), progress


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
        if self._path is not None and current_ranks().is_first:
            save_state(self._path, network, optimizer, progress)

    def best(self, network: SpotterNetwork) -> SpotterNetwork:
        """A copy of the best network, of the last one when no validation found any good."""
        chosen = copy.deepcopy(network)
        if self._weights is not None:
            chosen.load_state_dict(self._weights)
        return chosen.eval()


def _check_spread(progress: TrainingState, summary: EpochSummary, plan: TrainingPlan) -> None:
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
