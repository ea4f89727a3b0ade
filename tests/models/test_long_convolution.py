"""Convolution in the frequency domain: values and both gradients are those of the direct one."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.nn import functional

from spotkick.models.long_convolution import (
    convolve_by_fft,
    fast_length,
    same_padding,
    widen_frames,
)

sizes = st.tuples(*(st.integers(1, top) for top in (3, 4, 60, 5, 90)))


def inputs(
    batch: int, channels: int, frames: int, out_channels: int, kernel: int, dtype: torch.dtype
) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(frames * 100 + kernel)
    values = torch.randn((batch, channels, frames), generator=generator, dtype=dtype)
    weight = torch.randn((out_channels, channels, kernel), generator=generator, dtype=dtype)
    return values.requires_grad_(), weight.requires_grad_()


def direct(values: Tensor, weight: Tensor) -> Tensor:
    return functional.conv1d(functional.pad(values, same_padding(weight.shape[-1])), weight)


@given(sizes)
@settings(deadline=None, max_examples=50)
def test_convolve_by_fft_equals_direct_convolution(
    shape: tuple[int, int, int, int, int],
) -> None:
    values, weight = inputs(*shape, dtype=torch.float64)
    fast, slow = convolve_by_fft(values, weight), direct(values, weight)
    torch.testing.assert_close(fast, slow, rtol=1e-10, atol=1e-10)
    probe = torch.randn(slow.shape, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    for own, expected in zip(
        torch.autograd.grad(fast, (values, weight), probe),
        torch.autograd.grad(slow, (values, weight), probe),
        strict=True,
    ):
        torch.testing.assert_close(own, expected, rtol=1e-10, atol=1e-10)


def test_convolve_by_fft_single_precision_is_accurate() -> None:
    values, weight = inputs(4, 32, 240, 16, 80, dtype=torch.float32)
    exact = direct(values.double(), weight.double())
    error = (convolve_by_fft(values, weight) - exact).abs().max() / exact.abs().max()
    assert error < 1e-6


@pytest.mark.parametrize(("frames", "kernel"), [(9, 4), (5, 11), (8, 1), (1, 3)])
def test_convolve_by_fft_gradients_equal_finite_differences(frames: int, kernel: int) -> None:
    assert torch.autograd.gradcheck(
        convolve_by_fft, inputs(2, 2, frames, 3, kernel, dtype=torch.float64)
    )


def test_convolve_by_fft_inputs_without_gradient_get_none() -> None:
    values, weight = inputs(1, 2, 10, 3, 4, dtype=torch.float64)
    convolve_by_fft(values.detach(), weight).sum().backward()
    assert values.grad is None
    expected = torch.autograd.grad(direct(values.detach(), weight).sum(), weight)[0]
    torch.testing.assert_close(weight.grad, expected)


@given(sizes)
@settings(deadline=None, max_examples=30)
def test_widen_frames_equals_direct_convolution_beside_its_input(
    shape: tuple[int, int, int, int, int],
) -> None:
    values, weight = inputs(*shape, dtype=torch.float64)
    bias = torch.linspace(-1, 1, len(weight), dtype=torch.float64).requires_grad_()
    levels = torch.relu(direct(values, weight) + bias[:, None])
    slow = torch.cat([values, levels], dim=1).permute(2, 0, 1)
    fast = widen_frames(values.permute(2, 0, 1), weight, bias)
    torch.testing.assert_close(fast, slow, rtol=1e-10, atol=1e-10)
    probe = torch.randn(slow.shape, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    for own, expected in zip(
        torch.autograd.grad(fast, (values, weight, bias), probe),
        torch.autograd.grad(slow, (values, weight, bias), probe),
        strict=True,
    ):
        torch.testing.assert_close(own, expected, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("kernel", range(1, 82))
def test_same_padding_keeps_the_length_with_the_odd_zero_behind(kernel: int) -> None:
    left, right = same_padding(kernel)
    assert left + right == kernel - 1
    assert right - left in (0, 1)


def test_fast_length_is_the_smallest_product_of_2_3_and_5() -> None:
    smooth = sorted(2**a * 3**b * 5**c for a in range(12) for b in range(8) for c in range(6))
    for minimum in range(1, 2000):
        assert fast_length(minimum) == next(length for length in smooth if length >= minimum)
