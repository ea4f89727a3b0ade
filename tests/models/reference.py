"""The CALF network layer by layer, as the released code's table has it, in Conv2d and sums.

Slow and literal on purpose; the layers' names are those of the authors' PyTorch state_dict.
"""

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from spotkick.models import CalfArchitecture, CalfNetwork


class Layers(NamedTuple):
    """What the reference computes, by the table's numbers; layout (batch, channels, time)."""

    mlp1: Tensor
    mlp2: Tensor
    pyramid: list[Tensor]
    concatenated: Tensor
    capsules: Tensor
    activated: Tensor
    """(batch, time, f, classes)"""
    distances: Tensor
    """(batch, time, classes)"""
    pooled: list[Tensor]
    flat: Tensor
    spots: Tensor


def pad_time(values: Tensor, kernel: int) -> Tensor:
    """Zeros for "same" length: left (k - 1) // 2, right the rest; (batch, channels, time, 1)."""
    left = (kernel - 1) // 2
    return functional.pad(values, (0, 0, left, kernel - 1 - left))


class ReferenceCalf(nn.Module):
    """Section 3.3 of the paper, the released code's sizes: features (batch, time, D) to layers."""

    def __init__(self, architecture: CalfArchitecture) -> None:
        super().__init__()
        a = architecture
        self.a = a
        r, classes, f = a.receptive_field_frames, a.num_classes, a.capsule_dim
        self.conv_1 = nn.Conv2d(1, a.hidden[0], (1, a.feature_dim))
        self.conv_2 = nn.Conv2d(a.hidden[0], a.hidden[1], (1, 1))
        kernels = [-(-r // 7), -(-r // 3), -(-r // 2), r]
        for index, (kernel, width) in enumerate(zip(kernels, a.pyramid, strict=True), start=1):
            setattr(self, f"conv_p_{index}", nn.Conv2d(a.hidden[1], width, (kernel, 1)))
        self.conv_seg = nn.Conv2d(a.hidden[1] + sum(a.pyramid), f * classes, (3, 1))
        normalised = a.chunk_frames if a.bn_axis == "time" else f * classes
        self.batch_seg_weight = nn.Parameter(torch.ones(normalised))
        self.batch_seg_bias = nn.Parameter(torch.zeros(normalised))
        self.register_buffer("batch_seg_mean", torch.zeros(normalised))
        self.register_buffer("batch_seg_var", torch.ones(normalised))
        self.conv_spot_1 = nn.Conv2d(classes * (f + 1), 32, (3, 1))
        self.conv_spot_2 = nn.Conv2d(32, 16, (3, 1))
        pooled = a.chunk_frames
        for _ in range(3):
            pooled = (pooled - 3) // 2 + 1
        self.conv_conf = nn.Conv2d(16 * pooled, 2 * a.num_spots, (1, 1))
        self.conv_class = nn.Conv2d(16 * pooled, classes * a.num_spots, (1, 1))

    def _normalise(self, values: Tensor) -> Tensor:
        """Normalise (batch, time, f * classes), statistics per time index (or capsule feature)."""
        over_time = self.a.bn_axis == "time"
        axes = (0, 2) if over_time else (0, 1)
        shape = (1, -1, 1) if over_time else (1, 1, -1)
        if self.training:
            mean = values.mean(dim=axes)
            variance = ((values - mean.reshape(shape)) ** 2).mean(dim=axes)
            count = values.numel() / len(mean)
            self.batch_seg_mean = 0.99 * self.batch_seg_mean + 0.01 * mean.detach()
            self.batch_seg_var = 0.99 * self.batch_seg_var + 0.01 * variance.detach() * count / (
                count - 1
            )
        else:
            mean, variance = self.batch_seg_mean, self.batch_seg_var
        scaled = (values - mean.reshape(shape)) / torch.sqrt(variance.reshape(shape) + 1e-3)
        return scaled * self.batch_seg_weight.reshape(shape) + self.batch_seg_bias.reshape(shape)

    def forward(self, features: Tensor) -> Layers:
        a = self.a
        batch, time, _ = features.shape
        mlp1 = torch.relu(self.conv_1(features[:, None]))  # (batch, hidden, time, 1)
        mlp2 = torch.relu(self.conv_2(mlp1))
        pyramid = []
        for index in range(1, 5):
            layer = getattr(self, f"conv_p_{index}")
            pyramid.append(torch.relu(layer(pad_time(mlp2, layer.kernel_size[0]))))
        concatenated = torch.cat([mlp2, *pyramid], dim=1)
        capsules = self.conv_seg(pad_time(concatenated, 3))

        normalised = self._normalise(capsules[..., 0].transpose(1, 2))
        activated = torch.empty((batch, time, a.capsule_dim, a.num_classes), dtype=features.dtype)
        for q in range(a.capsule_dim * a.num_classes):
            activated[:, :, q // a.num_classes, q % a.num_classes] = torch.sigmoid(
                normalised[:, :, q]
            )
        squares = ((activated - 0.5) ** 2).sum(dim=2)
        distances = 2 / a.capsule_dim**0.5 * torch.sqrt(squares)

        p = (1 - distances).transpose(1, 2)[..., None]
        hidden = torch.relu(torch.cat([capsules, p], dim=1))
        pooled = [functional.max_pool2d(hidden, (3, 1), (2, 1))]
        pooled.append(
            functional.max_pool2d(
                torch.relu(self.conv_spot_1(pad_time(pooled[0], 3))), (3, 1), (2, 1)
            )
        )
        pooled.append(
            functional.max_pool2d(
                torch.relu(self.conv_spot_2(pad_time(pooled[1], 3))), (3, 1), (2, 1)
            )
        )
        flat = pooled[2].reshape(batch, -1, 1, 1)
        where = torch.sigmoid(self.conv_conf(flat)).reshape(batch, a.num_spots, 2)
        what = torch.softmax(
            self.conv_class(flat).reshape(batch, a.num_spots, a.num_classes), dim=2
        )
        levels = [level[..., 0] for level in pyramid]
        return Layers(
            mlp1[..., 0],
            mlp2[..., 0],
            levels,
            concatenated[..., 0],
            capsules[..., 0],
            activated,
            distances,
            [level[..., 0] for level in pooled],
            flat[:, :, 0, 0],
            torch.cat([where, what], dim=2),
        )


def reference_of(network: CalfNetwork) -> ReferenceCalf:
    """A reference with copies of a network's parameters, running statistics and training mode."""
    twin = ReferenceCalf(network.architecture).to(next(network.parameters()).dtype)
    spotting, normalisation = network.spotting, network.capsule_scores.normalisation
    sources = {
        "conv_1": network.encoder.first,
        "conv_2": network.encoder.second,
        **{
            f"conv_p_{index}": layer
            for index, layer in enumerate(network.pyramid.convolutions, start=1)
        },
        "conv_seg": network.segmentation,
        "conv_spot_1": spotting.first,
        "conv_spot_2": spotting.second,
        "conv_conf": spotting.confidence_location,
        "conv_class": spotting.classification,
    }
    with torch.no_grad():
        for name, source in sources.items():
            layer = getattr(twin, name)
            if name == "conv_1":
                layer.weight.copy_(source.weight[:, None, None, :])
            else:
                layer.weight.copy_(source.weight.reshape(layer.weight.shape))
            layer.bias.copy_(source.bias)
        twin.batch_seg_weight.copy_(normalisation.weight)
        twin.batch_seg_bias.copy_(normalisation.bias)
        twin.batch_seg_mean.copy_(normalisation.running_mean)
        twin.batch_seg_var.copy_(normalisation.running_var)
    return twin.train(network.training)
