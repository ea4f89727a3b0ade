"""A long 1-D convolution as a product in the frequency domain, with its own backward pass.

Autograd through `torch.fft` would take complex transforms of twice the size; both gradients are
themselves convolutions, and are computed by real transforms of the same length here.
"""

from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn import functional


def same_padding(kernel_frames: int) -> tuple[int, int]:
    """Zeros before and after, so that a convolution keeps its length.

    Source: both released codes agree on this split.

    Example:
        >>> same_padding(80)
        (39, 40)
    """
    left = (kernel_frames - 1) // 2
    return left, kernel_frames - 1 - left


def convolve_by_fft(values: Tensor, weight: Tensor) -> Tensor:
    """What `torch.nn.functional.conv1d` gives with `same_padding`, by the convolution theorem.

    Args:
        values: (batch, in_channels, frames), float32 or float64.
        weight: (out_channels, in_channels, kernel_frames).

    Returns:
        (batch, out_channels, frames).
    """
    result: Tensor = _FourierCorrelation.apply(values, weight)  # type: ignore[no-untyped-call]  # torch leaves apply untyped
    return result


def widen_frames(values: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """Values beside the ReLU of `convolve_by_fft` of them, frames first.

    Args:
        values: (frames, batch, in_channels), float32 or float64.
        weight: (out_channels, in_channels, kernel_frames).
        bias: (out_channels,).

    Returns:
        (frames, batch, in_channels + out_channels).
    """
    result: Tensor = _FramesBesideLevels.apply(values, weight, bias)  # type: ignore[no-untyped-call]  # torch leaves apply untyped
    return result


class _FourierCorrelation(torch.autograd.Function):
    """One complex product per frequency instead of one real product per kernel tap and frame."""

    @staticmethod
    def forward(ctx: Any, values: Tensor, weight: Tensor) -> Tensor:
        spectra, sizes = _compute_spectra(values, weight)
        ctx.save_for_backward(*spectra)
        ctx.sizes = sizes
        return _correlate_spectra(spectra, sizes)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, Tensor]:
        return _backpropagate_spectra(_Spectra(*ctx.saved_tensors), ctx.sizes, grad)


class _Sizes(NamedTuple):
    """Frames, kernel, zeros before the frames, and length of the circle."""

    frames: int
    kernel: int
    left: int
    length: int


class _Spectra(NamedTuple):
    """Of the values (frequencies, batch, in), and of the weight (frequencies, in, out)."""

    values: Tensor
    weight: Tensor


def _compute_spectra(values: Tensor, weight: Tensor) -> tuple[_Spectra, _Sizes]:
    """Spectra of values (batch, in, frames) behind their zeros, and of weight (out, in, kernel)."""
    frames, kernel = values.shape[-1], weight.shape[-1]
    left, right = same_padding(kernel)
    # Around a circle of this length a tap that reaches round to the start finds zeros; a whole
    # kernel has room, too.
    length = fast_length(max(kernel, frames + right))

    # bmm would copy what is not contiguous one frequency at a time.
    padded = functional.pad(values, (left, 0))
    spectrum = torch.fft.rfft(padded, n=length).permute(2, 0, 1).contiguous()
    response = torch.fft.rfft(weight, n=length).permute(2, 1, 0).contiguous()
    return _Spectra(spectrum, response), _Sizes(frames, kernel, left, length)


def _correlate_spectra(spectra: _Spectra, sizes: _Sizes) -> Tensor:
    """(batch, out, frames) from spectra."""
    product = torch.bmm(spectra.values, spectra.weight.conj().resolve_conj()).permute(1, 2, 0)
    result: Tensor = torch.fft.irfft(product, n=sizes.length)[..., : sizes.frames]
    return result


def _backpropagate_spectra(spectra: _Spectra, sizes: _Sizes, grad: Tensor) -> tuple[Tensor, Tensor]:
    """Gradients of values and weight, which are convolutions themselves."""
    frames, kernel, left, length = sizes
    grad_spectrum = torch.fft.rfft(grad, n=length).permute(2, 0, 1).contiguous()
    to_values = torch.bmm(grad_spectrum, spectra.weight.transpose(1, 2)).permute(1, 2, 0)
    to_weight = torch.bmm(
        grad_spectrum.conj().resolve_conj().transpose(1, 2), spectra.values
    ).permute(1, 2, 0)
    return (
        torch.fft.irfft(to_values, n=length)[..., left : left + frames],
        torch.fft.irfft(to_weight, n=length)[..., :kernel],
    )


class _FramesBesideLevels(torch.autograd.Function):
    """Values beside the ReLU of their correlation, frames first, written where they stay."""

    @staticmethod
    def forward(ctx: Any, values: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        frames, batch, width = values.shape

        # Transposed once, into its place.
        spectra, sizes = _compute_spectra(values.permute(1, 2, 0), weight)
        result = values.new_empty((frames, batch, width + len(weight)))
        result[..., :width] = values
        levels = result[..., width:]
        levels.copy_(_correlate_spectra(spectra, sizes).permute(2, 0, 1))
        levels.add_(bias).relu_()
        ctx.save_for_backward(*spectra, result)
        ctx.sizes = sizes
        return result

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        *spectra, result = ctx.saved_tensors
        width = spectra[0].shape[2]
        to_levels = grad[..., width:] * (result[..., width:] > 0)
        to_values, to_weight = _backpropagate_spectra(
            _Spectra(*spectra), ctx.sizes, to_levels.permute(1, 2, 0).contiguous()
        )
        return (
            to_values.permute(2, 0, 1) + grad[..., :width],
            to_weight,
            to_levels.sum(dim=(0, 1)),
        )


def fast_length(minimum: int) -> int:
    """Smallest length >= minimum with the prime factors 2, 3 and 5, where transforms are fast.

    Example:
        >>> fast_length(319)
        320
    """
    length = minimum
    while True:
        rest = length
        for prime in (2, 3, 5):
            while rest % prime == 0:
                rest //= prime
        if rest == 1:
            return length
        length += 1
