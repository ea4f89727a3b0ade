"""A U-Net over time: convolutions on ever coarser frames, and back with short cuts.

Source: Ronneberger et al., "U-Net", MICCAI 2015; over time and with sums for short cuts as in
Soares et al., "Temporally Precise Action Spotting in Soccer Videos Using Dense Detection Anchors",
ICIP 2022, whose convolutions are wider and have residual units.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from spotkick.models.onnx_builder import GraphBuilder
from spotkick.models.trunks.base import Trunk, as_convolution

_HALVED = {"kernel_shape": [2], "strides": [2], "ceil_mode": 1}
"""Max pooling of pairs of frames; a single last frame stays."""


class UnetTrunk(Trunk):
    """A projection, convolutions before each halving, at the bottom, and behind each sum."""

    def __init__(self, feature_dim: int, width: int, layers: int, dropout: float) -> None:
        """Make the layers.

        Args:
            feature_dim: length of a feature vector.
            width: channels of each layer.
            layers: how often the frames are halved.
            dropout: share of the values at the bottom that are set to 0 in training.
        """
        super().__init__()
        self.out_channels = width
        self.project = nn.Linear(feature_dim, width)
        self.down, self.up = (
            nn.ModuleList(nn.Conv1d(width, width, 3, padding=1) for _ in range(layers))
            for _ in range(2)
        )
        self.bottom = nn.Conv1d(width, width, 3, padding=1)
        self.dropout = nn.Dropout(dropout)

    def forward(self, features: Tensor) -> Tensor:
        """See `Trunk.forward`."""
        hidden: Tensor = torch.relu(self.project(features)).transpose(1, 2)
        skipped = []
        for layer in self.down:
            hidden = torch.relu(layer(hidden))
            skipped.append(hidden)
            hidden = functional.max_pool1d(hidden, 2, ceil_mode=True)

        # Back to the frames, coarsest first.
        hidden = self.dropout(torch.relu(self.bottom(hidden)))
        for layer, fine in zip(self.up, reversed(skipped), strict=True):
            doubled = hidden.repeat_interleave(2, dim=2)[..., : fine.shape[2]]
            hidden = torch.relu(layer(doubled + fine))
        return hidden

    def add_to_graph(self, graph: GraphBuilder, features: str) -> str:
        """See `Trunk.add_to_graph`."""
        projected = graph.relu(graph.linear(features, self.project, "trunk.project"))
        hidden = graph.transpose(projected, "trunk.input", 0, 2, 1)
        skipped = []
        for index, layer in enumerate(map(as_convolution, self.down)):
            hidden = graph.relu(graph.convolution(hidden, layer, f"trunk.down.{index}"))
            skipped.append(hidden)
            hidden = graph.node("MaxPool", [hidden], f"trunk.halved.{index}", **_HALVED)

        hidden = graph.relu(graph.convolution(hidden, self.bottom, "trunk.bottom"))
        ups = zip(map(as_convolution, self.up), reversed(skipped), strict=True)
        for index, (layer, fine) in enumerate(ups):
            summed = _add_doubled(graph, hidden, fine, f"trunk.up.{index}")
            hidden = graph.relu(graph.convolution(summed, layer, f"trunk.up.{index}"))
        return hidden


def _add_doubled(graph: GraphBuilder, coarse: str, fine: str, name: str) -> str:
    """Each coarse frame twice, cut to the length of the fine ones, plus these."""
    axis = graph.integers(f"{name}.axis", [3])
    pair = graph.node("Unsqueeze", [coarse, axis], f"{name}.column")
    pairs = graph.node("Concat", [pair, pair], f"{name}.pairs", axis=3)
    doubled = graph.reshape(pairs, [0, 0, -1], f"{name}.doubled")

    # An odd number of frames has one too many now.
    shape = graph.node("Shape", [fine], f"{name}.shape", start=2, end=3)
    begin, time = graph.integers(f"{name}.begin", [0]), graph.integers(f"{name}.time", [2])
    cut = graph.node("Slice", [doubled, begin, shape, time], f"{name}.cut")
    return graph.node("Add", [cut, fine], f"{name}.sum")
