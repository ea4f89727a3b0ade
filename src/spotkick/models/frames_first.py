"""Layers on (frames, batch, channels), the order in which a CPU computes them fastest.

Neighbouring frames are neighbouring rows: a temporal convolution is a matrix product per tap
without a copy of its input, pooling compares whole rows, and both gradients are as plain.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Final

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

POOL_FRAMES: Final = 3
"""Length of the windows here."""


def convolve_frames(
    values: Tensor, weight: Tensor, bias: Tensor | None, dilation: int = 1
) -> Tensor:
    """What `torch.nn.functional.conv1d` gives with ``padding="same"``, for an odd kernel.

    Args:
        values: (frames, batch, in_channels).
        weight: (out_channels, in_channels, kernel_frames).
        bias: (out_channels,), or None.
        dilation: frames from tap to tap.

    Returns:
        (frames, batch, out_channels).
    """
    result: Tensor = _Convolution.apply(values, weight, bias, dilation)  # type: ignore[no-untyped-call]  # torch leaves apply untyped
    return result


def runs_frames_first(features: Tensor) -> bool:
    """Whether a network computes in this order: on a CPU, in single or double precision."""
    is_exact = features.dtype in (torch.float32, torch.float64)
    return features.device.type == "cpu" and is_exact and not torch.is_autocast_enabled("cpu")


def drop_values(values: Tensor, share: float, order: Sequence[int] | None = None) -> Tensor:
    """Dropout in training, with the values that `torch.nn.functional.dropout` draws on a CPU.

    Torch compares numbers of double precision one by one; here they are drawn at once, in half the
    time. (On processors of Intel torch draws others.)

    Args:
        values: of any shape.
        share: that becomes zero.
        order: axes of ``values`` in the order in which they are drawn; theirs when None.
    """
    if not share:
        return values
    axes = range(values.ndim) if order is None else order
    drawn = torch.rand([values.shape[axis] for axis in axes], dtype=torch.float64)
    factors = (drawn < 1 - share).to(values.dtype).div_(1 - share)
    return values * factors.permute([axes.index(axis) for axis in range(values.ndim)]).contiguous()


def pool_positive(values: Tensor) -> Tensor:
    """The largest of three frames and zero, every second frame: ReLU and max pooling at once.

    Args:
        values: (frames, batch, channels), at least three frames.

    Returns:
        ((frames - 1) // 2, batch, channels).
    """
    result: Tensor = _PositivePool.apply(values)  # type: ignore[no-untyped-call]  # torch leaves apply untyped
    return result


class _Convolution(torch.autograd.Function):
    """One product for each tap, added to the rows whose neighbour it sees."""

    @staticmethod
    def forward(
        ctx: Any, values: Tensor, weight: Tensor, bias: Tensor | None, dilation: int
    ) -> Tensor:
        frames, batch, width = values.shape
        rows = values.reshape(frames * batch, width)
        # (taps, out_channels, in_channels)
        taps, centre = weight.permute(2, 0, 1).contiguous(), weight.shape[2] // 2
        middle = taps[centre].T
        result = rows @ middle if bias is None else torch.addmm(bias, rows, middle)
        for tap, own, seen in _overlaps(len(taps), dilation * batch):
            result[own].addmm_(rows[seen], taps[tap].T)
        ctx.save_for_backward(rows, taps)
        ctx.sizes = frames, batch, bias is not None, dilation
        return result.reshape(frames, batch, len(weight))

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, Tensor, Tensor | None, None]:
        rows, taps = ctx.saved_tensors
        frames, batch, has_bias, dilation = ctx.sizes
        grad_rows, centre = grad.reshape(frames * batch, taps.shape[1]), len(taps) // 2
        to_values, to_taps = grad_rows @ taps[centre], torch.zeros_like(taps)
        torch.mm(grad_rows.T, rows, out=to_taps[centre])
        for tap, own, seen in _overlaps(len(taps), dilation * batch):
            to_values[seen].addmm_(grad_rows[own], taps[tap])
            torch.mm(grad_rows[own].T, rows[seen], out=to_taps[tap])
        return (
            to_values.reshape(frames, batch, rows.shape[1]),
            to_taps.permute(1, 2, 0),
            grad_rows.sum(dim=0) if has_bias else None,
            None,
        )


def _overlaps(taps: int, tap_rows: int) -> Iterator[tuple[int, slice, slice]]:
    """For each tap but the middle one: rows that it adds to, and the rows that it sees."""
    for tap in range(taps):
        rows = (tap - taps // 2) * tap_rows
        if rows > 0:
            yield tap, slice(None, -rows), slice(rows, None)
        elif rows < 0:
            yield tap, slice(-rows, None), slice(None, rows)


class _PositivePool(torch.autograd.Function):
    """The gradient goes to the first frame that is the largest, as in torch's pooling."""

    @staticmethod
    def forward(ctx: Any, values: Tensor) -> Tensor:
        count = (len(values) - POOL_FRAMES) // 2 + 1
        first, middle, last = (values[place::2][:count] for place in range(POOL_FRAMES))
        result = torch.maximum(first, middle)
        torch.maximum(result, last, out=result)
        ctx.save_for_backward(values, result.relu_())
        return result

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> Tensor:
        values, result = ctx.saved_tensors
        count = len(result)
        to_values = torch.zeros_like(values)

        # Each window's gradient is handed on until a frame takes it.
        left = grad * (result > 0)
        for place in range(POOL_FRAMES):
            taken = left * (values[place::2][:count] == result)
            to_values[place::2][:count] += taken
            left -= taken
        return to_values
