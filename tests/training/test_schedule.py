"""Learning rates, and what a validation score changes."""

import math

import pytest

from spotkick.training.config import TrainingConfig
from spotkick.training.schedule import (
    learning_rate_of_epoch,
    learning_rate_of_step,
    record_score,
    stops_early,
)
from spotkick.training.state import TrainingState


def test_learning_rate_of_epoch_linear_runs_from_below_to_the_final_rate() -> None:
    config = TrainingConfig(epochs=10, learning_rate=1e-3, final_learning_rate=1e-6)
    rates = [learning_rate_of_epoch(config, epoch, 0.0) for epoch in range(10)]
    assert rates[0] == pytest.approx(1e-3 - (1e-3 - 1e-6) / 10)
    assert rates[-1] == pytest.approx(1e-6)
    assert rates == sorted(rates, reverse=True)


def test_learning_rate_of_epoch_cosine_starts_at_the_full_rate() -> None:
    config = TrainingConfig(epochs=4, learning_rate=1e-3, final_learning_rate=0, schedule="cosine")
    rates = [learning_rate_of_epoch(config, epoch, 0.0) for epoch in range(4)]
    assert rates[0] == pytest.approx(1e-3)
    assert rates[2] == pytest.approx(5e-4)


def test_learning_rate_of_step_cosine_falls_within_an_epoch_behind_its_warmup() -> None:
    config = TrainingConfig(
        epochs=2,
        learning_rate=1.0,
        final_learning_rate=0,
        schedule="cosine_by_step",
        warmup_steps=3,
    )
    found = [
        learning_rate_of_step(config, epoch, step, 4, plateau_rate=0)
        for epoch in range(2)
        for step in range(4)
    ]
    cosine = [(1 + math.cos(math.pi * step / 8)) / 2 for step in range(8)]
    warmup = [1 / 3, 2 / 3, 1, 1, 1, 1, 1, 1]
    assert found == pytest.approx([rise * fall for rise, fall in zip(warmup, cosine, strict=True)])


@pytest.mark.parametrize("schedule", ["linear", "cosine", "plateau", "constant"])
def test_learning_rate_of_step_without_warmup_is_that_of_the_epoch(schedule: str) -> None:
    config = TrainingConfig.parse({"epochs": 5, "schedule": schedule})
    for epoch in range(5):
        expected = learning_rate_of_epoch(config, epoch, 1e-4)
        assert learning_rate_of_step(config, epoch, 3, 7, plateau_rate=1e-4) == expected


def test_record_score_plateau_divides_by_ten_down_to_its_floor() -> None:
    config = TrainingConfig(
        learning_rate=1e-3, final_learning_rate=5e-5, schedule="plateau", plateau_patience=2
    )
    progress = TrainingState(learning_rate=1e-3)
    assert record_score(progress, 0.5, config)
    rates = []
    for _ in range(7):
        assert not record_score(progress, 0.4, config)
        rates.append(progress.learning_rate)
    assert rates == pytest.approx([1e-3, 1e-3, 1e-4, 1e-4, 1e-4, 5e-5, 5e-5])
    assert record_score(progress, 0.6, config)
    assert (progress.best_score, progress.bad_validations) == (0.6, 0)


def test_stops_early_counts_validations() -> None:
    config = TrainingConfig(early_stop=2)
    progress = TrainingState(learning_rate=1e-3)
    record_score(progress, 0.5, config)
    record_score(progress, 0.5, config)
    assert not stops_early(progress, config)
    record_score(progress, 0.5, config)
    assert stops_early(progress, config)
    assert not stops_early(progress, TrainingConfig(early_stop=0))
