"""The average of weights equals a slow reference, and survives an interruption bit by bit."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from spotkick.errors import CheckpointError
from spotkick.models import NetworkOutput, SpotterNetwork
from spotkick.training.ema import WeightAverage
from spotkick.training.state import TrainingState, load_state, save_state
from spotkick.training.trainer import train_network
from support.small_training import LinearNetwork, Silent, make_periods, make_plan


class NormalisedNetwork(LinearNetwork):
    """A linear network behind batch normalisation and dropout."""

    def __init__(self) -> None:
        super().__init__(weight=0.1)
        self.norm, self.dropout = nn.BatchNorm1d(4), nn.Dropout(0.2)

    def forward(self, features: Tensor) -> NetworkOutput:
        normalised = self.norm(features.transpose(1, 2)).transpose(1, 2)
        return super().forward(self.dropout(normalised))


@pytest.mark.parametrize("decay", [0.3, 0.999])
def test_update_equals_a_slow_reference_with_warmup(decay: float) -> None:
    network = nn.Linear(2, 1)
    average = WeightAverage(network, decay)
    random = np.random.default_rng(0)
    expected = network.weight.detach().double().numpy().copy()
    for step in range(40):
        new = random.standard_normal((1, 2)).astype(np.float32)
        with torch.no_grad():
            network.weight.copy_(torch.from_numpy(new))
        average.update()
        kept = min(decay, (1 + step) / (10 + step))
        expected = kept * expected + (1 - kept) * new
    np.testing.assert_allclose(average.network.weight.numpy(), expected, rtol=1e-5)
    assert not average.network.training
    assert not average.network.weight.requires_grad


def test_update_statistics_are_averaged_and_counters_copied() -> None:
    network = nn.BatchNorm1d(1)
    average = WeightAverage(network, 0.9)
    network(torch.tensor([[1.0], [3.0]]))
    average.update()
    # A tenth of the old mean 0, nine tenths of the new one, 0.1 x 2.
    assert float(average.network.running_mean) == pytest.approx(0.9 * 0.2)
    assert average.network.num_batches_tracked.item() == 1


def test_load_state_without_an_average_is_refused(tmp_path: Path) -> None:
    network = LinearNetwork()
    optimizer = torch.optim.AdamW(network.parameters())
    save_state(tmp_path / "state", network, optimizer, TrainingState())
    with pytest.raises(CheckpointError, match="cannot go on from this state"):
        load_state(tmp_path / "state", network, optimizer, average=WeightAverage(network, 0.9))


def test_train_network_validates_and_keeps_the_average() -> None:
    seen: list[Tensor] = []

    def validate(network: SpotterNetwork) -> float:
        seen.append(network.state_dict()["layer.weight"].clone())
        return 1.0 / len(seen)  # the first is the best

    plan = make_plan(epochs=2, learning_rate=0.1, ema_decay=0.9, schedule="constant")
    network = LinearNetwork(weight=0.1)
    best, _ = train_network(network, make_periods(), plan, observer=Silent(), validate=validate)
    plain = LinearNetwork(weight=0.1)
    without = make_plan(epochs=2, learning_rate=0.1, schedule="constant")
    train_network(plain, make_periods(), without, observer=Silent())

    assert torch.equal(best.layer.weight, seen[0])
    assert torch.equal(network.layer.weight, seen[1])  # the last average
    assert not torch.allclose(network.layer.weight, plain.layer.weight)


@pytest.mark.parametrize("settings", [{}, {"mixup_alpha": 0.4}, {"sam_radius": 0.05}], ids=str)
def test_train_network_resumed_run_is_bit_identical(
    settings: dict[str, float], tmp_path: Path
) -> None:
    def run(name: str, epochs: int, *, resume: bool = False) -> dict[str, Tensor]:
        torch.manual_seed(len(name))  # dropout depends on (seed, epoch) alone
        plan = make_plan(
            epochs=epochs,
            schedule="constant",
            ema_decay=0.99,
            gradient_clip=0.01,
            warmup_steps=7,
            learning_rate=0.05,
            **settings,
        )
        network = NormalisedNetwork()
        train_network(
            network,
            make_periods(),
            plan,
            observer=Silent(),
            state_path=tmp_path / name,
            resume=resume,
        )
        return network.state_dict()

    whole = run("whole", 4)
    run("parts", 2)
    resumed = run("parts", 4, resume=True)
    assert whole.keys() == resumed.keys()
    assert all(torch.equal(whole[name], resumed[name]) for name in whole)


def test_train_network_gradient_clip_bounds_the_move() -> None:
    moves: dict[float, float] = {}
    for limit in (0.0, 1e-9):
        network = LinearNetwork(weight=0.1)
        # Adam divides by the size of the gradient; a large epsilon leaves it in.
        plan = make_plan(
            epochs=1,
            learning_rate=1.0,
            adam_epsilon=1.0,
            gradient_clip=limit,
            schedule="constant",
        )
        train_network(network, make_periods(), plan, observer=Silent())
        moves[limit] = float((network.layer.weight.detach() - 0.1).abs().max())
    assert moves[0.0] > 1e-4
    assert moves[1e-9] < 1e-7
