"""Dilated temporal convolutions: the frames seen double with each layer, at the cost of one.

Source: Farha and Gall, "MS-TCN: Multi-Stage Temporal Convolutional Network for Action
Segmentation", CVPR 2019: one stage of it, with symmetric padding and no normalisation.
"""

import torch
from torch import Tensor, nn

from spotkick.models.onnx_builder import GraphBuilder
from spotkick.models.trunks.base import Trunk, as_convolution


class TcnBlock(nn.Module):
    """x + point(relu(dilated(x)))."""

    def __init__(self, width: int, dilation: int, dropout: float) -> None:
        """Args: width, channels; dilation, frames between taps; dropout, share set to 0."""
        super().__init__()
        self.dilated = nn.Conv1d(width, width, 3, padding=dilation, dilation=dilation)
        self.point = nn.Conv1d(width, width, 1)
        self.dropout = nn.Dropout(dropout)

    def forward(self, hidden: Tensor) -> Tensor:
        """(batch, width, frames) to the same shape."""
        added: Tensor = self.dropout(self.point(torch.relu(self.dilated(hidden))))
        return hidden + added


class TcnTrunk(Trunk):
    """A projection, and residual blocks with the dilations 1, 2, 4, ..."""

    def __init__(self, feature_dim: int, width: int, layers: int, dropout: float) -> None:
        """Make the layers.

        Args:
            feature_dim: length of a feature vector.
            width: channels of each layer.
            layers: blocks; the last one has the dilation 2 ** (layers - 1), and the output sees
                2 ** layers - 1 frames to either side.
            dropout: share of the values that are set to 0 in training.
        """
        super().__init__()
        self.out_channels = width
        self.project = nn.Linear(feature_dim, width)
        self.blocks = nn.ModuleList(TcnBlock(width, 2**layer, dropout) for layer in range(layers))

    def forward(self, features: Tensor) -> Tensor:
        """See `Trunk.forward`."""
        hidden: Tensor = self.project(features).transpose(1, 2)
        for block in self.blocks:
            hidden = block(hidden)
        return torch.relu(hidden)

    def add_to_graph(self, graph: GraphBuilder, features: str) -> str:
        """See `Trunk.add_to_graph`."""
        projected = graph.linear(features, self.project, "trunk.project")
        hidden = graph.transpose(projected, "trunk.input", 0, 2, 1)
        for index, block in enumerate(self.blocks):
            name = f"trunk.{index}"
            dilated, point = as_convolution(block.dilated), as_convolution(block.point)
            wide = graph.relu(graph.convolution(hidden, dilated, f"{name}.dilated"))
            added = graph.convolution(wide, point, f"{name}.point")
            hidden = graph.node("Add", [hidden, added], name)
        return graph.relu(hidden)
