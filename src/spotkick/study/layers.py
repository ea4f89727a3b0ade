"""Layers of a stack: the same layer of many networks, each with weights of its own.

Convolutions are matrix products. Neighbouring windows share most of their frames, so a row of the
product holds the frames of several windows, and the kernel is repeated, moved by a frame for each:
an order of magnitude less is copied than with one window per row.
"""

import math
from collections.abc import Sequence
from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional

from spotkick.models.long_convolution import same_padding

_FLOOR: Final = 1e-12
_NORMALISATION_FLOOR: Final = 1e-3
_MOMENTUM: Final = 0.01
"""Of the capsules' batch normalisation; see `spotkick.models.calf.CapsuleScores`."""

_WINDOWS_PER_ROW: Final = 8
"""Of 4, 8 and 16 the fastest on CPUs for kernels of 7 to 20 frames; see `convolve_stacked`."""


class StackedLinear(nn.Module):
    """One linear layer per network, also over a window of frames."""

    def __init__(self, networks: int, inputs: int, outputs: int, kernel: int = 1) -> None:
        """All networks start with the same weights, drawn as torch's own layers draw them."""
        super().__init__()
        self.kernel = kernel
        bound = 1 / math.sqrt(inputs * kernel)
        weight = torch.empty(1, inputs * kernel, outputs).uniform_(-bound, bound)
        bias = torch.empty(1, 1, outputs).uniform_(-bound, bound)
        self.weight = nn.Parameter(weight.repeat(networks, 1, 1))
        self.bias = nn.Parameter(bias.repeat(networks, 1, 1))

    @property
    def kernels(self) -> Tensor:
        """The weights as (networks, kernel, inputs, outputs)."""
        networks, _, outputs = self.weight.shape
        return self.weight.view(networks, -1, self.kernel, outputs).transpose(1, 2)

    def forward(self, values: Tensor) -> Tensor:
        """(networks, batch, frames, inputs) to (networks, batch, frames, outputs)."""
        if self.kernel > 1:
            return convolve_stacked(values, self.kernels) + self.bias.unsqueeze(2)
        networks, batch, frames, _ = values.shape
        flat = values.reshape(networks, batch * frames, -1)
        return torch.baddbmm(self.bias, flat, self.weight).view(networks, batch, frames, -1)


def convolve_stacked(values: Tensor, kernels: Tensor) -> Tensor:
    """Convolutions of many networks that keep the number of frames, see `same_padding`.

    Args:
        values: (networks, batch, frames, inputs).
        kernels: (networks, kernel, inputs, outputs).

    Returns:
        (networks, batch, frames, outputs).
    """
    networks, batch, frames, inputs = values.shape
    _, kernel, _, outputs = kernels.shape
    rows, length = -(-frames // _WINDOWS_PER_ROW), kernel + _WINDOWS_PER_ROW - 1

    # (networks, batch * rows, length * inputs): the frames of neighbouring windows.
    left, right = same_padding(kernel)
    missing = rows * _WINDOWS_PER_ROW - frames
    padded = functional.pad(values, (0, 0, left, right + missing))
    windows = padded.unfold(2, length, _WINDOWS_PER_ROW).transpose(3, 4)
    flat = windows.reshape(networks, batch * rows, length * inputs)

    # (networks, length * inputs, windows * outputs): the kernel of each window at its own place.
    margin = _WINDOWS_PER_ROW - 1
    moved = functional.pad(kernels, (0, 0, 0, 0, margin, margin)).unfold(1, length, 1).flip(1)
    weights = moved.permute(0, 4, 2, 1, 3).reshape(networks, length * inputs, -1)
    found = torch.bmm(flat, weights).view(networks, batch, rows * _WINDOWS_PER_ROW, outputs)
    return found[:, :, :frames]


def convolve_levels(values: Tensor, levels: Sequence[StackedLinear]) -> Tensor:
    """Several convolutions of the same values as one, their outputs behind each other.

    Shorter kernels are extended with zeros so that their centres agree; one large product is
    faster than several small ones.
    """
    left, right = same_padding(max(level.kernel for level in levels))
    kernels = []
    for level in levels:
        own_left, own_right = same_padding(level.kernel)
        padding = (0, 0, 0, 0, left - own_left, right - own_right)
        kernels.append(functional.pad(level.kernels, padding))
    bias = torch.cat([level.bias for level in levels], dim=2).unsqueeze(2)
    return convolve_stacked(values, torch.cat(kernels, dim=3)) + bias


def drop_equally(values: Tensor, share: float, axis: int, *, training: bool) -> Tensor:
    """Dropout with one mask for all networks: nothing in their differences comes from it.

    Args:
        values: of all networks.
        share: of the values that are set to 0.
        axis: of the networks.
        training: nothing is dropped otherwise.
    """
    if not training or not share:
        return values
    shape = [1 if number == axis else size for number, size in enumerate(values.shape)]
    return values * functional.dropout(values.new_ones(shape), share)


class StackedCapsules(nn.Module):
    """The scores of CALF's capsules, normalised over the time index of the chunk."""

    mean: Tensor
    variance: Tensor

    def __init__(self, networks: int, chunk_frames: int, capsule_dim: int) -> None:
        """Args: networks, how many; chunk_frames and capsule_dim, of each."""
        super().__init__()
        self.capsule_dim = capsule_dim
        shape = (networks, 1, chunk_frames, 1)
        self.weight, self.bias = nn.Parameter(torch.ones(shape)), nn.Parameter(torch.zeros(shape))
        self.register_buffer("mean", torch.zeros(shape))
        self.register_buffer("variance", torch.ones(shape))

    def forward(self, capsules: Tensor) -> Tensor:
        """Scores (networks, batch, frames, classes) of (networks, batch, frames, values)."""
        mean, variance = self.mean, self.variance
        if self.training:
            variance, mean = torch.var_mean(capsules, (1, 3), correction=0, keepdim=True)
            count = capsules.shape[1] * capsules.shape[3]
            with torch.no_grad():
                self.mean.lerp_(mean, _MOMENTUM)
                self.variance.lerp_(variance * count / (count - 1), _MOMENTUM)
        normalised = (capsules - mean) * torch.rsqrt(variance + _NORMALISATION_FLOOR)

        # (networks, batch, frames, capsule_dim, classes)
        sigmoids = torch.sigmoid(normalised * self.weight + self.bias)
        shape = (*sigmoids.shape[:3], self.capsule_dim, -1)
        offsets = sigmoids.reshape(shape) - 0.5
        distances = torch.sqrt((offsets**2).sum(dim=3) + _FLOOR)
        nearness: Tensor = 1 - (2 / self.capsule_dim**0.5 * distances).clamp(max=1)
        return nearness
