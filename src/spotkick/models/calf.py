"""The CALF network: features of a chunk in, segmentation scores and spots out.

Source: CALF paper, section 3.3, with the layer details of the authors' released code.
"""

from typing import Final, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from spotkick.errors import ConfigError
from spotkick.models.capsule_distances import measure_distances
from spotkick.models.frames_first import convolve_frames, pool_positive, runs_frames_first
from spotkick.models.pyramid import FrameEncoder, PyramidMode, TemporalPyramid
from spotkick.models.spotter import (
    NetworkOutput,
    Positive,
    SpotterArchitecture,
    SpotterNetwork,
)

POOL_FRAMES: Final = 3
POOL_STRIDE: Final = 2

_SQUARE_ROOT_FLOOR: Final = 1e-12
"""Keeps the gradient of the distance finite where a capsule sits exactly on its target."""


class CalfArchitecture(SpotterArchitecture):
    """Sizes of a CALF network; the defaults are the paper's for SoccerNet-v1.

    Attributes:
        kind: ``calf``: segmentation and spotting modules.
        feature_dim: length of a feature vector.
        num_classes: number of classes.
        chunk_frames: frames of a chunk.
        num_spots: spots predicted per chunk.
        capsule_dim: features per class in the segmentation module, f.
        receptive_field_frames: longest temporal kernel, r.
        hidden: widths of the two layers that see single frames (the TensorFlow code has feature_dim
            // 4 and // 16).
        pyramid: widths of the temporal convolutions, shortest kernel first.
        bn_axis: ``time`` normalises each time index of the chunk on its own, as the released code
            does, and ties the network to its chunk length; ``capsule`` normalises each capsule
            feature, so that segmentation works for any length (the spotting module, whose last
            layers see the whole chunk, does not).
        score_sense: ``nearness``: p = 1 - distance to the capsule target, the paper's;
            ``distance``: p = distance, what the authors' PyTorch checkpoints were trained for.
    """

    kind: Literal["calf"] = "calf"
    capsule_dim: Positive = 16
    hidden: tuple[Positive, Positive] = (128, 32)
    pyramid: tuple[Positive, Positive, Positive, Positive] = (8, 16, 32, 64)
    bn_axis: Literal["time", "capsule"] = "time"
    score_sense: Literal["nearness", "distance"] = "nearness"


class CapsuleScores(nn.Module):
    """Per class, the distance of a capsule of sigmoids to the point (1/2, ..., 1/2)."""

    def __init__(self, architecture: CalfArchitecture) -> None:
        """Args: architecture, sizes."""
        super().__init__()
        self.capsule_dim, self.num_classes = architecture.capsule_dim, architecture.num_classes
        self.floor = _SQUARE_ROOT_FLOOR

        # Each time index, or each capsule feature, has a mean and a variance of its own.
        self.over_time = architecture.bn_axis == "time"
        channels = self.capsule_dim * self.num_classes
        normalised = architecture.chunk_frames if self.over_time else channels
        self.normalisation = nn.BatchNorm1d(normalised, eps=1e-3, momentum=0.01)

    def forward(self, capsules: Tensor) -> Tensor:
        """Distances (batch, frames, classes) in [0, 1].

        Args:
            capsules: (batch, capsule_dim * classes, frames).
        """
        if self.over_time:
            normalised = self.normalisation(capsules.transpose(1, 2))
        else:
            normalised = self.normalisation(capsules).transpose(1, 2)

        return self._measure_distances(normalised)

    def of_frames(self, capsules: Tensor) -> Tensor:
        """The same from and in frames first: (frames, batch, channels) to (frames, batch, classes).

        Args:
            capsules: (frames, batch, capsule_dim * classes).
        """
        if self.over_time:
            # One row per frame: its mean is that over the batch and the channels.
            normalised = self.normalisation(capsules.reshape(1, len(capsules), -1))
        else:
            normalised = self.normalisation(capsules.flatten(0, 1))
        return self._measure_distances(normalised.reshape(capsules.shape))

    def _measure_distances(self, normalised: Tensor) -> Tensor:
        """Distances (..., classes) of (..., capsule_dim * classes), in units of the longest."""
        # (batch, frames, capsule_dim, classes)
        shape = (*normalised.shape[:2], self.capsule_dim, self.num_classes)
        return measure_distances(normalised.float().reshape(shape), self.floor)


class SpottingModule(nn.Module):
    """From capsules and scores to rows of confidence, location and class probabilities."""

    def __init__(self, architecture: CalfArchitecture) -> None:
        """Args: architecture, sizes.

        Raises:
            ConfigError: if the chunk is too short for three poolings.
        """
        super().__init__()
        self.num_spots, self.num_classes = architecture.num_spots, architecture.num_classes

        # Each pooling halves the frames.
        frames = architecture.chunk_frames
        for _ in range(3):
            frames = (frames - POOL_FRAMES) // POOL_STRIDE + 1
        if frames < 1:
            raise ConfigError(
                "chunk_frames must be at least 15 for the spotting module, got "
                f"{architecture.chunk_frames}; "
                "raise model.chunk_s"
            )

        self.first = nn.Conv1d(self.num_classes * (architecture.capsule_dim + 1), 32, 3, padding=1)
        self.second = nn.Conv1d(32, 16, 3, padding=1)
        self.confidence_location = nn.Linear(16 * frames, 2 * self.num_spots)
        self.classification = nn.Linear(16 * frames, self.num_classes * self.num_spots)

    def forward(self, capsules: Tensor, scores: Tensor) -> Tensor:
        """Spots (batch, num_spots, 2 + classes).

        Args:
            capsules: (batch, channels, frames).
            scores: (batch, frames, classes).
        """
        hidden = torch.relu(torch.cat([capsules, scores.transpose(1, 2).to(capsules.dtype)], dim=1))
        hidden = torch.relu(self.first(_pool_frames(hidden)))
        hidden = torch.relu(self.second(_pool_frames(hidden)))
        return self._read_spots(_pool_frames(hidden).flatten(1))

    def of_frames(self, capsules: Tensor, scores: Tensor) -> Tensor:
        """The same from frames first.

        Args:
            capsules: (frames, batch, channels).
            scores: (frames, batch, classes).
        """
        hidden = torch.cat([pool_positive(capsules), pool_positive(scores)], dim=2)
        for layer in (self.first, self.second):
            hidden = pool_positive(convolve_frames(hidden, layer.weight, layer.bias))

        # Channel by channel, as the linear layers have it: (batch, channels * frames)
        return self._read_spots(hidden.permute(1, 2, 0).flatten(1))

    def _read_spots(self, flat: Tensor) -> Tensor:
        # (batch, spots, 2) and (batch, spots, classes)
        positions = torch.sigmoid(self.confidence_location(flat).float())
        positions = positions.reshape(-1, self.num_spots, 2)
        logits = self.classification(flat).float()
        classes = torch.softmax(logits.reshape(-1, self.num_spots, self.num_classes), dim=-1)
        return torch.cat([positions, classes], dim=-1)


def _pool_frames(hidden: Tensor) -> Tensor:
    return functional.max_pool1d(hidden, POOL_FRAMES, POOL_STRIDE)


class CalfNetwork(SpotterNetwork):
    """Frame encoder, temporal pyramid, segmentation and spotting modules."""

    architecture: CalfArchitecture

    def __init__(
        self, architecture: CalfArchitecture, *, pyramid_mode: PyramidMode = "auto"
    ) -> None:
        """Args: architecture, sizes; pyramid_mode, how the temporal convolutions are computed.

        Raises:
            ConfigError: if the sizes do not fit each other.
        """
        super().__init__()
        self.architecture = architecture

        self.encoder = FrameEncoder(architecture.feature_dim, architecture.hidden)
        self.pyramid = TemporalPyramid(
            architecture.hidden[1],
            architecture.pyramid,
            architecture.receptive_field_frames,
            mode=pyramid_mode,
        )

        # A capsule per class.
        capsules = architecture.capsule_dim * architecture.num_classes
        self.segmentation = nn.Conv1d(self.pyramid.out_channels, capsules, 3, padding=1)
        self.capsule_scores = CapsuleScores(architecture)
        self.spotting = SpottingModule(architecture)

    def forward(self, features: Tensor) -> NetworkOutput:
        """Scores and spots of chunks.

        Args:
            features: (batch, chunk_frames, feature_dim).
        """
        # p = 1 - d, the only place where the sense is chosen.
        if runs_frames_first(features):
            distances, spots = self._run_frames_first(features)
        else:
            hidden = self.segmentation(self.pyramid(self.encoder(features)))
            distances = self.capsule_scores(hidden)
            spots = self.spotting(hidden, 1 - distances)
        is_nearness = self.architecture.score_sense == "nearness"
        return NetworkOutput(1 - distances if is_nearness else distances, spots)

    def _run_frames_first(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """Distances and spots, computed in the order in which a CPU is fastest."""
        # (frames, batch, channels)
        encoded = self.encoder.encode(features).transpose(0, 1).contiguous()
        trunk = self.pyramid.of_frames(encoded)
        hidden = convolve_frames(trunk, self.segmentation.weight, self.segmentation.bias)
        distances = self.capsule_scores.of_frames(hidden)
        return distances.transpose(0, 1), self.spotting.of_frames(hidden, 1 - distances)
