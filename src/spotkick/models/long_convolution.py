"""A long 1-D convolution as a product in the frequency domain, with its own backward pass.

Autograd through `torch.fft` would take complex transforms of twice the size; both gradients are
themselves convolutions, and are computed by real transforms of the same length here.
"""

from typing import Any

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


class _FourierCorrelation(torch.autograd.Function):
    """One complex product per frequency instead of one real product per kernel tap and frame."""

    @staticmethod
    def forward(ctx: Any, values: Tensor, weight: Tensor) -> Tensor:
        frames, kernel = values.shape[-1], weight.shape[-1]
        left, right = same_padding(kernel)
        # Around a circle of this length no tap reaches round to the other end of the frames; a
        # whole kernel has room, too.
        length = fast_length(max(kernel, frames + right))
        spectrum = torch.fft.rfft(values, n=length).permute(2, 0, 1).contiguous()
        centred = functional.pad(weight, (0, length - kernel)).roll(-left, dims=-1)

        # bmm would copy what is not contiguous one frequency at a time.
        response = torch.fft.rfft(centred).permute(2, 1, 0).contiguous()
        ctx.save_for_backward(spectrum, response)
        ctx.sizes = frames, kernel, left, length
        product = torch.bmm(spectrum, response.conj().resolve_conj()).permute(1, 2, 0)
        result: Tensor = torch.fft.irfft(product, n=length)[..., :frames]
        return result

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, Tensor | None]:
        spectrum, response = ctx.saved_tensors
        frames, kernel, left, length = ctx.sizes
        grad_spectrum = torch.fft.rfft(grad, n=length).permute(2, 0, 1).contiguous()

        # Both gradients are convolutions themselves.
        to_values = torch.bmm(grad_spectrum, response.transpose(1, 2)).permute(1, 2, 0)
        to_weight = torch.bmm(
            grad_spectrum.conj().resolve_conj().transpose(1, 2), spectrum
        ).permute(1, 2, 0)
        return (
            torch.fft.irfft(to_values, n=length)[..., :frames],
            torch.fft.irfft(to_weight, n=length).roll(left, dims=-1)[..., :kernel],
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
