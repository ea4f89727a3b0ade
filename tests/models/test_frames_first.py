"""Layers on (frames, batch, channels) against those of torch on (batch, channels, frames)."""

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from spotkick.models.frames_first import (
    convolve_frames,
    drop_values,
    pool_positive,
    runs_frames_first,
)


def draw(*shape: int, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(shape, generator=generator, dtype=torch.float64).requires_grad_()


def assert_same_with_gradients(own: Tensor, expected: Tensor, inputs: list[Tensor]) -> None:
    torch.testing.assert_close(own, expected, rtol=1e-12, atol=1e-12)
    probe = draw(*own.shape, seed=9).detach()
    for found, wanted in zip(
        torch.autograd.grad(own, inputs, probe),
        torch.autograd.grad(expected, inputs, probe),
        strict=True,
    ):
        torch.testing.assert_close(found, wanted, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("has_bias", [True, False])
@pytest.mark.parametrize("dilation", [1, 2, 4])
@pytest.mark.parametrize("kernel", [1, 3, 5])
@pytest.mark.parametrize(("frames", "batch"), [(1, 2), (2, 1), (7, 3), (5, 0)])
def test_convolve_frames_equals_conv1d(
    frames: int, batch: int, kernel: int, dilation: int, has_bias: bool
) -> None:
    values, weight = draw(frames, batch, 4), draw(5, 4, kernel, seed=1)
    bias = draw(5, seed=2) if has_bias else None
    own = convolve_frames(values, weight, bias, dilation)
    expected = functional.conv1d(
        values.permute(1, 2, 0), weight, bias, padding="same", dilation=dilation
    )
    inputs = [values, weight, *([bias] if bias is not None else [])]
    assert_same_with_gradients(own, expected.permute(2, 0, 1), inputs)


@pytest.mark.parametrize("frames", [3, 4, 5, 12, 119])
def test_pool_positive_equals_relu_and_max_pooling(frames: int) -> None:
    values = draw(frames, 2, 3)
    expected = functional.max_pool1d(torch.relu(values.permute(1, 2, 0)), 3, 2).permute(2, 0, 1)
    assert_same_with_gradients(pool_positive(values), expected, [values])


def test_pool_positive_equal_frames_share_no_gradient() -> None:
    values = torch.tensor([2.0, 2.0, 2.0, 1.0, 0.0, -1.0, -2.0]).reshape(7, 1, 1).requires_grad_()
    pooled = pool_positive(values)
    torch.autograd.backward(pooled.sum())
    assert pooled.flatten().tolist() == [2, 2, 0]
    assert values.grad is not None
    assert values.grad.flatten().tolist() == [1, 0, 1, 0, 0, 0, 0]


def test_drop_values_keeps_share_and_mean() -> None:
    torch.manual_seed(0)
    dropped = drop_values(torch.ones(50, 40, 20), 0.3)
    assert sorted(dropped.unique().tolist()) == pytest.approx([0, 1 / 0.7])
    assert float((dropped == 0).double().mean()) == pytest.approx(0.3, abs=0.01)


def test_drop_values_order_decides_in_which_values_are_drawn() -> None:
    values, order = draw(4, 2, 3).detach(), (1, 2, 0)
    torch.manual_seed(0)
    found = drop_values(values, 0.5, order)
    torch.manual_seed(0)
    expected = drop_values(values.permute(order).contiguous(), 0.5)
    torch.testing.assert_close(found.permute(order), expected, rtol=0, atol=0)
    assert 0 < int((found == 0).sum()) < found.numel()


def test_drop_values_without_share_draws_nothing() -> None:
    values, state = draw(3, 2), torch.get_rng_state()
    assert drop_values(values, 0.0) is values
    assert torch.equal(torch.get_rng_state(), state)


def test_runs_frames_first_only_in_exact_arithmetic() -> None:
    assert runs_frames_first(torch.zeros(1))
    assert not runs_frames_first(torch.zeros(1, dtype=torch.bfloat16))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert not runs_frames_first(torch.zeros(1))
