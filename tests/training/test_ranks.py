"""Two ranks that train together against one that trains alone."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from spotkick.actions import Action
from spotkick.errors import ConfigError
from spotkick.features.tracks import FeatureSource, FeatureTrack
from spotkick.models import CalfArchitecture
from spotkick.models.loading import new_network
from spotkick.training.labelled_periods import LabelledPeriod, label_period
from spotkick.training.ranks import (
    Ranks,
    current_ranks,
    join_ranks,
    require_single_rank,
    share_batch_statistics,
)
from spotkick.training.trainer import train_network
from support.rank_processes import run_ranks
from support.small_training import CLASSES, RATE, SLICING, Silent, make_plan

SIZES = CalfArchitecture(
    feature_dim=4,
    num_classes=2,
    chunk_frames=24,
    num_spots=3,
    receptive_field_frames=4,
    hidden=(4, 4),
)


def make_random_periods() -> list[LabelledPeriod]:
    random = np.random.default_rng(5)
    found = []
    for length in (80, 30):
        values = random.standard_normal((length, 4)).astype(np.float16)
        actions = [Action("ab"[index % 2], 1, 4000 * index) for index in range(length // 9)]
        track = FeatureTrack(values, FeatureSource("x", 4, RATE))
        found.append(label_period(track, actions, CLASSES, slicing=SLICING, chunk_frames=24))
    return found


def train(
    epochs: int = 2,
    *,
    state_path: Path | None = None,
    resume: bool = False,
    **training: object,
) -> tuple[list[dict[str, float]], dict[str, np.ndarray[Any, Any]]]:
    """History and weights, with scores from the mean of a weight."""
    network = new_network(SIZES, 0)
    _, progress = train_network(
        network,
        make_random_periods(),
        make_plan(epochs=epochs, schedule="constant", **training),
        observer=Silent(),
        validate=lambda own: float(own.state_dict()["encoder.first.weight"].abs().mean()),
        state_path=state_path,
        resume=resume,
    )
    weights = {name: own.numpy().copy() for name, own in network.state_dict().items()}
    return progress.history, weights


def assert_same_training(
    found: tuple[list[dict[str, float]], dict[str, Any]],
    expected: tuple[list[dict[str, float]], dict[str, Any]],
) -> None:
    for own, other in zip(found[0], expected[0], strict=True):
        assert own == pytest.approx(other, rel=1e-4)
    for name, weight in expected[1].items():
        np.testing.assert_allclose(found[1][name], weight, atol=2e-4, err_msg=name)


def test_train_network_two_ranks_have_the_losses_and_weights_of_one(tmp_path: Path) -> None:
    # Batches of 4 chunks and a last one of 1, of which the second rank has none.
    options: dict[str, object] = {"feature_dropout": 0.2, "ema_decay": 0.9, "gradient_clip": 1.0}
    alone = train(**options)
    found = run_ranks(2, lambda _: train(**options), tmp_path)
    assert_same_training(found[0], alone)
    assert found[0][0] == found[1][0]
    for name, weight in found[0][1].items():
        np.testing.assert_array_equal(weight, found[1][1][name])


def test_train_network_data_on_device_two_ranks_equal_one(tmp_path: Path) -> None:
    found = run_ranks(2, lambda _: train(data_on_device="always", sam_radius=0.05), tmp_path)
    assert_same_training(found[1], train(sam_radius=0.05))


def test_train_network_two_ranks_go_on_where_one_stopped(tmp_path: Path) -> None:
    path = tmp_path / "state.safetensors"
    train(1, state_path=path)
    found = run_ranks(2, lambda _: train(2, state_path=path, resume=True), tmp_path)
    assert_same_training(found[0], train(2))


def test_train_network_mixup_with_ranks_is_refused(tmp_path: Path) -> None:
    def work(_: int) -> str:
        with pytest.raises(ConfigError, match=r"training.mixup_alpha.* got 2 ranks") as error:
            train(mixup_alpha=0.4)
        return str(error.value)

    assert "\n" not in run_ranks(2, work, tmp_path)[0]


@pytest.mark.parametrize("shape", [(6, 3, 5), (6, 3)])
def test_batch_statistics_of_ranks_are_those_of_the_whole_batch(
    shape: tuple[int, ...], tmp_path: Path
) -> None:
    values = 3 + torch.randn(shape, generator=torch.Generator().manual_seed(0))

    def normalise(rank: int, size: int) -> tuple[Tensor, ...]:
        norm = nn.Sequential(nn.BatchNorm1d(3, momentum=0.1))
        share_batch_statistics(norm)
        own = values[rank::size].clone().requires_grad_()
        output = norm(own)
        (output**3).sum().backward()
        assert own.grad is not None
        return output.detach(), own.grad, norm[0].running_mean, norm[0].running_var

    whole = normalise(0, 1)
    for rank, found in enumerate(run_ranks(2, lambda rank: normalise(rank, 2), tmp_path)):
        for own, expected in zip(found[:2], whole[:2], strict=True):
            torch.testing.assert_close(own, expected[rank::2], atol=1e-5, rtol=1e-5)
        for own, expected in zip(found[2:], whole[2:], strict=True):
            torch.testing.assert_close(own, expected)


def test_merge_results_have_the_order_of_the_whole(tmp_path: Path) -> None:
    items = list("abcde")

    def work(rank: int) -> list[str]:
        return current_ranks().merge(items[rank::2], len(items))

    assert run_ranks(2, work, tmp_path) == [items, items]


def test_run_ranks_failing_rank_is_reported(tmp_path: Path) -> None:
    def work(rank: int) -> None:
        if rank == 1:
            raise SystemExit(3)

    with pytest.raises(AssertionError, match=r"exit codes of the ranks: \[0, 3\]"):
        run_ranks(2, work, tmp_path)


def test_join_ranks_without_torchrun_is_a_single_rank(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    with join_ranks() as ranks:
        assert ranks == Ranks(0, 1)
        assert ranks.is_first
    require_single_rank("training")
    monkeypatch.setenv("WORLD_SIZE", "4")
    with pytest.raises(ConfigError, match="training runs in one process, got 4 ranks"):
        require_single_rank("training")


def test_share_every_row_belongs_to_one_rank() -> None:
    rows = np.arange(7)
    shares = [Ranks(rank, 3).share(rows).tolist() for rank in range(3)]
    assert shares == [[0, 3, 6], [1, 4], [2, 5]]
