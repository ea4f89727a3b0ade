"""The temporal pyramid: three ways to compute it, one result."""

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from spotkick.models.pyramid import FrameEncoder, PyramidMode, TemporalPyramid, pyramid_kernels


def make(
    mode: PyramidMode,
    receptive_field: int = 80,
    in_channels: int = 32,
    dtype: torch.dtype = torch.float32,
) -> TemporalPyramid:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return TemporalPyramid(in_channels, (8, 16, 32, 64), receptive_field, mode).to(dtype)


def encoded(frames: int, in_channels: int = 32, dtype: torch.dtype = torch.float32) -> Tensor:
    return torch.randn(
        (2, in_channels, frames), generator=torch.Generator().manual_seed(1), dtype=dtype
    ).requires_grad_()


def by_single_frames(values: Tensor, layer: torch.nn.Conv1d, frame: int) -> Tensor:
    """One output frame of one level, tap by tap: zeros outside, (k - 1) // 2 taps back."""
    kernel = layer.kernel_size[0]
    total = layer.bias.clone().expand(len(values), -1).clone()
    for tap in range(kernel):
        source = frame + tap - (kernel - 1) // 2
        if 0 <= source < values.shape[-1]:
            total += values[:, :, source] @ layer.weight[:, :, tap].T
    return torch.relu(total)


@pytest.mark.parametrize("mode", ["direct", "merged", "fft"])
def test_temporal_pyramid_levels_are_centred_convolutions(mode: PyramidMode) -> None:
    pyramid, values = make(mode, 13, 4, torch.float64), encoded(30, 4, torch.float64)
    output = pyramid(values)
    assert torch.equal(output[:, :4], values)
    for frame in (0, 3, 15, 29):
        levels = torch.cat(
            [by_single_frames(values, layer, frame) for layer in pyramid.layers()], dim=1
        )
        torch.testing.assert_close(output[:, 4:, frame], levels, rtol=1e-10, atol=1e-10)


def values_and_gradients(way: PyramidMode, frames: int, dtype: torch.dtype) -> list[Tensor]:
    pyramid, values = make(way).to(dtype), encoded(frames).detach().to(dtype).requires_grad_()
    output = pyramid(values)
    probe = torch.randn(output.shape, generator=torch.Generator().manual_seed(2))
    return [output, *torch.autograd.grad(output, (values, *pyramid.parameters()), probe.to(dtype))]


@pytest.mark.parametrize(("mode", "tolerance"), [("direct", 5e-6), ("merged", 5e-6), ("fft", 1e-6)])
@pytest.mark.parametrize("frames", [15, 240, 601])
def test_temporal_pyramid_modes_agree_in_values_and_gradients(
    mode: PyramidMode, tolerance: float, frames: int
) -> None:
    # Against double precision: the long sums of a direct convolution are themselves off by a few
    # millionths in single precision.
    exact = values_and_gradients("direct", frames, torch.float64)
    for own, expected in zip(values_and_gradients(mode, frames, torch.float32), exact, strict=True):
        assert (own - expected).abs().max() <= tolerance * expected.abs().max()
    for own, expected in zip(values_and_gradients(mode, frames, torch.float64), exact, strict=True):
        assert (own - expected).abs().max() <= 1e-12 * expected.abs().max()


@pytest.mark.parametrize("mode", ["direct", "merged", "fft"])
def test_temporal_pyramid_double_precision_stays_double(mode: PyramidMode) -> None:
    output, expected = (
        make(mode, dtype=torch.float64)(encoded(60, dtype=torch.float64)),
        make("direct", dtype=torch.float64),
    )
    assert output.dtype == torch.float64
    torch.testing.assert_close(
        output, expected(encoded(60, dtype=torch.float64)), rtol=1e-12, atol=1e-12
    )


def test_temporal_pyramid_bfloat16_keeps_its_type() -> None:
    values = encoded(60, dtype=torch.bfloat16)
    expected = make("direct", dtype=torch.bfloat16)(values).float()
    for mode in ("merged", "fft"):
        output = make(mode, dtype=torch.bfloat16)(values)
        assert output.dtype == torch.bfloat16
        torch.testing.assert_close(output.float(), expected, rtol=0.05, atol=0.05)


def test_temporal_pyramid_auto_on_cpu_is_fft() -> None:
    values = encoded(100)
    assert torch.equal(make("auto")(values), make("fft")(values))


@pytest.mark.parametrize(
    ("receptive_field", "kernels"), [(80, (12, 27, 40, 80)), (13, (2, 5, 7, 13)), (1, (1, 1, 1, 1))]
)
def test_pyramid_kernels_equal_the_published_lengths(
    receptive_field: int, kernels: tuple[int, ...]
) -> None:
    assert pyramid_kernels(receptive_field) == kernels
    layers = make("direct", receptive_field).layers()
    assert [(layer.kernel_size[0], layer.out_channels) for layer in layers] == list(
        zip(kernels, (8, 16, 32, 64), strict=True)
    )


def test_frame_encoder_sees_one_frame_at_a_time() -> None:
    encoder = FrameEncoder(5, (7, 3))
    features = torch.randn((2, 10, 5), generator=torch.Generator().manual_seed(0))
    output = encoder(features)
    assert output.shape == (2, 3, 10)
    weights = [(layer.weight, layer.bias) for layer in (encoder.first, encoder.second)]
    for frame in range(10):
        hidden = features[:, frame]
        for weight, bias in weights:
            hidden = torch.relu(functional.linear(hidden, weight, bias))
        torch.testing.assert_close(output[:, :, frame], hidden)
