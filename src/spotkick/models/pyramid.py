"""The trunk of CALF: a two-layer perceptron per frame, then a pyramid of temporal convolutions.

The pyramid's kernels are up to 80 frames long and cost most of a training step on CPU. Three ways
give the same numbers: one convolution per kernel, one merged convolution with all kernels padded to
the longest, and a product in the frequency domain.
"""

from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from spotkick.models.long_convolution import convolve_by_fft, same_padding, widen_frames

PyramidMode = Literal["auto", "direct", "merged", "fft"]
"""``auto`` takes ``fft`` on CPU and CUDA and ``direct`` elsewhere (see
benchmarks/training_step.py and benchmarks/gpu.py)."""


def pyramid_kernels(receptive_field_frames: int) -> tuple[int, int, int, int]:
    """Kernel lengths: a seventh, a third, a half and the whole of the receptive field, rounded up.

    Example:
        >>> pyramid_kernels(80)
        (12, 27, 40, 80)
    """
    seventh, third, half = (-(-receptive_field_frames // divisor) for divisor in (7, 3, 2))
    return seventh, third, half, receptive_field_frames


class FrameEncoder(nn.Module):
    """Two fully connected layers that see one frame each: (B, T, D) -> (B, hidden[-1], T)."""

    def __init__(self, feature_dim: int, hidden: Sequence[int]) -> None:
        """Args: feature_dim, length of a feature vector; hidden, the two layers' widths."""
        super().__init__()
        self.first = nn.Linear(feature_dim, hidden[0])
        self.second = nn.Linear(hidden[0], hidden[1])

    def forward(self, features: Tensor) -> Tensor:
        """Encode (batch, frames, feature_dim) as (batch, hidden[1], frames)."""
        return self.encode(features).transpose(1, 2)

    def encode(self, features: Tensor) -> Tensor:
        """Encode (..., feature_dim) as (..., hidden[1])."""
        return torch.relu(self.second(torch.relu(self.first(features))))


class TemporalPyramid(nn.Module):
    """Parallel temporal convolutions of four lengths, concatenated behind their input.

    Source: CALF paper, section 3.3; widths and kernels of the released code.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: Sequence[int],
        receptive_field_frames: int,
        mode: PyramidMode = "auto",
    ) -> None:
        """Make the convolutions.

        Args:
            in_channels: width of the input.
            out_channels: width per kernel, shortest first.
            receptive_field_frames: length of the longest kernel.
            mode: see `PyramidMode`.
        """
        super().__init__()
        self.mode: PyramidMode = mode
        kernels = pyramid_kernels(receptive_field_frames)
        self.convolutions = nn.ModuleList(
            nn.Conv1d(in_channels, width, kernel)
            for width, kernel in zip(out_channels, kernels, strict=True)
        )
        self.out_channels = in_channels + sum(out_channels)

    def forward(self, encoded: Tensor) -> Tensor:
        """Widen (batch, in_channels, frames) to (batch, out_channels, frames)."""
        mode = self.mode
        if mode == "auto":
            mode = "fft" if encoded.device.type in ("cpu", "cuda") else "direct"

        # One convolution per kernel, the plain way.
        if mode == "direct":
            levels = [
                functional.conv1d(
                    functional.pad(encoded, same_padding(layer.kernel_size[0])),
                    layer.weight,
                    layer.bias,
                )
                for layer in self.layers()
            ]
            return torch.cat([encoded, *(torch.relu(level) for level in levels)], dim=1)

        # All kernels as one, padded to the longest.
        weight, bias = self._merged_kernels()
        if mode == "fft":
            exact = torch.promote_types(encoded.dtype, torch.float32)
            levels_at_once = convolve_by_fft(encoded.to(exact), weight.to(exact)).to(encoded.dtype)
        else:
            levels_at_once = functional.conv1d(
                functional.pad(encoded, same_padding(weight.shape[-1])), weight
            )
        return torch.cat([encoded, torch.relu(levels_at_once + bias[:, None])], dim=1)

    def of_frames(self, encoded: Tensor) -> Tensor:
        """The same from and in frames first: (frames, batch, channels).

        Args:
            encoded: (frames, batch, in_channels).
        """
        if self.mode in ("auto", "fft"):
            return widen_frames(encoded, *self._merged_kernels())
        widened: Tensor = self(encoded.permute(1, 2, 0))
        return widened.permute(2, 0, 1)

    def layers(self) -> list[nn.Conv1d]:
        """The convolutions, shortest kernel first."""
        return [layer for layer in self.convolutions if isinstance(layer, nn.Conv1d)]

    def _merged_kernels(self) -> tuple[Tensor, Tensor]:
        """All kernels as one, the shorter ones padded with zeros so that their centres agree."""
        layers = self.layers()
        longest = layers[-1].kernel_size[0]
        left, right = same_padding(longest)
        weights = []
        for layer in layers:
            own_left, own_right = same_padding(layer.kernel_size[0])
            weights.append(functional.pad(layer.weight, (left - own_left, right - own_right)))
        biases = [layer.bias for layer in layers if layer.bias is not None]
        return torch.cat(weights), torch.cat(biases)
