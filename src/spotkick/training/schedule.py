"""Learning rates, and what a validation score changes."""

import math
from typing import Final

from spotkick.training.config import TrainingConfig
from spotkick.training.state import TrainingState

REDUCTION: Final = 0.1
"""Factor of the ``plateau`` schedule. Source: the authors' PyTorch code."""


def learning_rate_of_epoch(config: TrainingConfig, epoch: int, plateau_rate: float) -> float:
    """Learning rate of an epoch counted from 0.

    ``linear`` follows the released code, which lowers the rate before the first epoch already.

    Args:
        config: schedule and its ends.
        epoch: counted from 0.
        plateau_rate: present rate of the ``plateau`` schedule.
    """
    span = config.learning_rate - config.final_learning_rate
    if config.schedule == "linear":
        return config.learning_rate - (epoch + 1) * span / config.epochs
    if config.schedule == "cosine":
        return (
            config.final_learning_rate + span * (1 + math.cos(math.pi * epoch / config.epochs)) / 2
        )
    return plateau_rate if config.schedule == "plateau" else config.learning_rate


def learning_rate_of_step(
    config: TrainingConfig, epoch: int, step: int, steps: int, *, plateau_rate: float
) -> float:
    """Learning rate of a step, with the warm-up.

    Args:
        config: schedule, its ends, and the warm-up.
        epoch: counted from 0.
        step: of the epoch, counted from 0.
        steps: of an epoch.
        plateau_rate: present rate of the ``plateau`` schedule.
    """
    done = epoch * steps + step
    if config.schedule == "cosine_by_step":
        span = config.learning_rate - config.final_learning_rate
        fall = (1 + math.cos(math.pi * done / (config.epochs * steps))) / 2
        rate = config.final_learning_rate + span * fall
    else:
        rate = learning_rate_of_epoch(config, epoch, plateau_rate)
    return rate * min(1.0, (done + 1) / config.warmup_steps) if config.warmup_steps else rate


def record_score(progress: TrainingState, score: float, config: TrainingConfig) -> bool:
    """Keep a validation score; True when it is the best so far. Lowers the rate of ``plateau``.

    A score of 0 (or none, NaN) is never the best: the latest network stands for it, so that a
    training which learns nothing ends with its last network.
    """
    best = progress.best_score or 0.0
    if score > best:
        progress.best_score, progress.best_epoch = score, progress.epoch
        progress.bad_validations = progress.since_reduction = 0
        return True
    if not best:
        progress.best_score, progress.best_epoch = 0.0, progress.epoch

    progress.bad_validations += 1
    progress.since_reduction += 1
    if config.schedule == "plateau" and progress.since_reduction > config.plateau_patience:
        progress.learning_rate = max(progress.learning_rate * REDUCTION, config.final_learning_rate)
        progress.since_reduction = 0
    return False


def stops_early(progress: TrainingState, config: TrainingConfig) -> bool:
    """Whether validation has not improved for as long as the configuration allows."""
    return 0 < config.early_stop <= progress.bad_validations
