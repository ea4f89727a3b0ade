"""Training of stacks: what is planted is found, and networks do not touch each other."""

import math

import numpy as np
import torch

from spotkick.study.arms import Arm, Settings
from spotkick.study.network import NetworkStack, StackSizes
from spotkick.study.peaks import find_peaks, suppress_peaks
from spotkick.study.plan import Recipe
from spotkick.study.prediction import predict_held
from spotkick.study.scoring import rank_peaks, score_network
from spotkick.study.synthetic import SyntheticConfig, make_synthetic
from spotkick.study.training import _Optimizer, train_stack

CPU = torch.device("cpu")
RECIPE = Recipe(
    steps=60,
    batch_chunks=8,
    chunk_frames=24,
    receptive_field_frames=9,
    hidden=(8, 6),
    pyramid=(3, 3, 3, 3),
    capsule_dim=3,
    dropout=0.0,
    token_dropout=0.0,
    warmup_steps=5,
    unit_s=8.0,
    suppression="fixed",
    window_s=20.0,
    peaks=12,
)
DATA = make_synthetic(
    "toy",
    SyntheticConfig(trace="instant", strength=5.0, train_matches=6, held_matches=4, period_s=400),
)
BCE, CAPSULE = Arm("dense", "bce"), Arm("capsule", "symmetric")
SETTINGS = Settings(1e-2, length_s=3.0, before_s=5.0, after_s=5.0)


def test_train_stack_finds_planted_traces() -> None:
    stack, loss = train_stack(DATA, [(BCE, SETTINGS)], RECIPE.replace(steps=120), 0, device=CPU)
    peaks = find_peaks(predict_held(stack, DATA, device=CPU), RECIPE, float(DATA.frame_rate))
    kept = rank_peaks(suppress_peaks(peaks, RECIPE), DATA)
    first, second = DATA.halves()
    assert score_network(kept, 0, DATA, (*first, *second))["loose"] > 0.6
    assert 0 < loss < 1


def test_train_stack_networks_are_independent() -> None:
    recipe = RECIPE.replace(steps=6, dropout=0.3)
    slow = Settings(1e-3, length_s=5.0)
    both, _ = train_stack(DATA, [(BCE, SETTINGS), (BCE, slow)], recipe, 3, device=CPU)
    alone, _ = train_stack(DATA, [(BCE, slow)], recipe, 3, device=CPU)
    torch.testing.assert_close(both.first.weight[1], alone.first.weight[0], atol=1e-6, rtol=1e-4)
    assert not torch.allclose(both.first.weight[0], both.first.weight[1])


def test_train_stack_seed_decides_everything() -> None:
    recipe = RECIPE.replace(steps=4, dropout=0.3)
    arms = [(BCE, SETTINGS), (CAPSULE, SETTINGS)]
    one, two, other = (train_stack(DATA, arms, recipe, s, device=CPU)[0] for s in (1, 1, 2))
    assert torch.equal(one.second.weight, two.second.weight)
    assert not torch.equal(one.second.weight, other.second.weight)


def test_predict_held_covers_every_frame_once() -> None:
    stack, _ = train_stack(DATA, [(BCE, SETTINGS)], RECIPE.replace(steps=1), 0, device=CPU)
    with torch.no_grad():
        stack.get_parameter("outputs.dense.weight").zero_()
        stack.get_parameter("outputs.dense.bias").fill_(2.0)
    found = predict_held(stack, DATA, device=CPU)
    assert found.starts[-1] == sum(DATA.num_frames(p) for p in DATA.periods(held=True))
    assert np.allclose(found.scores.numpy(), 1 / (1 + np.exp(-2)))


def test_optimizer_equals_adamw_with_a_rate_per_network() -> None:
    recipe = RECIPE.replace(steps=5, warmup_steps=2, weight_decay=0.1)
    rates = (1e-2, 3e-3)
    arms = [(BCE, Settings(rate, length_s=3.0)) for rate in rates]
    sizes = StackSizes(width=4, num_classes=2, chunk_frames=24, hidden=(3, 3))
    stack = NetworkStack(sizes, ["dense", "dense"], seed=0)
    optimizer, start = _Optimizer(stack, arms, recipe), stack.first.weight.detach().clone()
    gradients = torch.randn(5, *start.shape)
    for number in range(5):
        stack.first.weight.grad = gradients[number].clone()
        optimizer.step(number)

    # Each network alone, by torch's own.
    for network, rate in enumerate(rates):
        alone = torch.nn.Parameter(start[network].clone())
        reference = torch.optim.AdamW([alone], lr=1.0, weight_decay=recipe.weight_decay)
        for number in range(5):
            factor = min(1.0, (number + 1) / 2) * 0.5 * (1 + math.cos(math.pi * number / 5))
            reference.param_groups[0]["lr"] = rate * factor
            alone.grad = gradients[number, network].clone()
            reference.step()
        torch.testing.assert_close(stack.first.weight[network], alone, atol=1e-7, rtol=1e-5)
