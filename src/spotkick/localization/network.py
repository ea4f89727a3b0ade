"""BMN, the boundary-matching network: probabilities of boundaries, confidences of segments.

Source: Lin, Liu, Li, Ding, Wen: "BMN: Boundary-Matching Network for Temporal Action Proposal
Generation", ICCV 2019. Layers as in the public PyTorch code (JJBOY/BMN-Boundary-Matching-Network),
which the CALF paper is believed to build on. docs/localization.md lists each size with its source.
"""

from typing import Annotated, Literal, NamedTuple, cast

import torch
from pydantic import Field
from torch import Tensor, nn

from spotkick.configuration import FrozenConfig
from spotkick.errors import ConfigError
from spotkick.localization.boundary_matching import BoundaryMatching
from spotkick.localization.segment_grid import SegmentGrid

Positive = Annotated[int, Field(ge=1)]


class BmnArchitecture(FrozenConfig):
    """Sizes of a BMN; the defaults are those for ActivityNet-1.3.

    Attributes:
        kind: of network.
        feature_dim: length of a feature vector.
        num_steps: steps of the rescaled time axis, T.
        max_duration_steps: longest candidate segment in steps, D.
        base_channels: width of the layers along time.
        groups: groups of the first convolutions along time; feature_dim and base_channels must be
            multiples of it.
        segment_channels: width of the layer that sees all samples of a segment.
        map_channels: width of the layers on the map of segments.
        points: sampling points per segment, N.
        samples_per_point: positions averaged for each point.
        context_ratio: part of a segment's length that is sampled before and after it.
    """

    kind: Literal["bmn"] = "bmn"
    feature_dim: Positive = 400
    num_steps: Positive = 100
    max_duration_steps: Positive = 100
    base_channels: Positive = 256
    groups: Positive = 4
    segment_channels: Positive = 512
    map_channels: Positive = 128
    points: Positive = 32
    samples_per_point: Positive = 3
    context_ratio: Annotated[float, Field(ge=0)] = 0.5


class BmnOutput(NamedTuple):
    """The output of a network for a batch of videos.

    Attributes:
        boundaries: (batch, steps, 2), probabilities that a segment starts, and that one ends, at
            the beginning of a step.
        confidences: (batch, 2, durations, starts), estimates of the temporal IoU with an instance:
            first regressed, then classified.
        boundary_logits: (batch, steps, 2), whose sigmoid the boundaries are.
    """

    boundaries: Tensor
    confidences: Tensor
    boundary_logits: Tensor


class BoundaryBranch(nn.Sequential):
    """Temporal evaluation of one kind of boundary.

    Takes (batch, base_channels, steps) to logits (batch, 1, steps).
    """

    def __init__(self, architecture: BmnArchitecture) -> None:
        """Args: architecture, sizes."""
        channels = architecture.base_channels
        super().__init__(
            nn.Conv1d(channels, channels, 3, padding=1, groups=architecture.groups),
            nn.ReLU(),
            nn.Conv1d(channels, 1, 1),
        )


class ProposalEvaluation(nn.Module):
    """The proposal evaluation module: base features to the two confidence maps."""

    def __init__(self, architecture: BmnArchitecture) -> None:
        """Args: architecture, sizes.

        Raises:
            ConfigError: if the longest segment is longer than the axis.
        """
        super().__init__()
        channels, wide = architecture.base_channels, architecture.segment_channels
        narrow = architecture.map_channels

        # From steps to segments
        self.first = nn.Conv1d(channels, channels, 3, padding=1)
        self.matching = BoundaryMatching(
            SegmentGrid(architecture.num_steps, architecture.max_duration_steps),
            points=architecture.points,
            samples_per_point=architecture.samples_per_point,
            context_ratio=architecture.context_ratio,
        )
        self.over_samples = nn.Conv3d(channels, wide, (architecture.points, 1, 1))
        self.narrow = nn.Linear(wide, narrow)

        # On the map of segments
        self.over_map = nn.Sequential(
            nn.Conv2d(narrow, narrow, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(narrow, narrow, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(narrow, 2, 1),
            nn.Sigmoid(),
        )

    def forward(self, base: Tensor) -> Tensor:
        """Confidences (batch, 2, durations, starts) of base features (batch, channels, steps)."""
        hidden = torch.relu(self.first(base))
        kernel, bias = self.over_samples.weight, cast("Tensor", self.over_samples.bias)
        # Cells that are no segment have no samples, so their value is what the layers make of their
        # biases alone.
        rows = torch.relu(self.matching.convolve(hidden, kernel.flatten(2)) + bias)
        segments = torch.relu(self.narrow(rows))
        fill_value = torch.relu(self.narrow(torch.relu(bias)))
        confidences: Tensor = self.over_map(self.matching.scatter(segments, fill_value))
        return confidences


class BmnNetwork(nn.Module):
    """Base module, temporal evaluation module and proposal evaluation module."""

    def __init__(self, architecture: BmnArchitecture) -> None:
        """Args: architecture, sizes.

        Raises:
            ConfigError: if the sizes do not fit each other.
        """
        super().__init__()
        if (
            architecture.feature_dim % architecture.groups
            or architecture.base_channels % architecture.groups
        ):
            raise ConfigError(
                "feature_dim and base_channels must be multiples of groups = "
                f"{architecture.groups}, got {architecture.feature_dim} and "
                f"{architecture.base_channels}; use groups = 1"
            )

        # All three modules read the same base features.
        self.architecture = architecture
        channels, groups = architecture.base_channels, architecture.groups
        self.base = nn.Sequential(
            nn.Conv1d(architecture.feature_dim, channels, 3, padding=1, groups=groups),
            nn.ReLU(),
            nn.Conv1d(channels, channels, 3, padding=1, groups=groups),
            nn.ReLU(),
        )
        self.start = BoundaryBranch(architecture)
        self.end = BoundaryBranch(architecture)
        self.proposals = ProposalEvaluation(architecture)

    def forward(self, features: Tensor) -> BmnOutput:
        """Evaluate videos.

        Args:
            features: (batch, num_steps, feature_dim).
        """
        base = self.base(features.transpose(1, 2))
        logits = torch.cat([self.start(base), self.end(base)], dim=1).transpose(1, 2)
        return BmnOutput(torch.sigmoid(logits), self.proposals(base), logits)
