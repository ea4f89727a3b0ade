"""A bidirectional recurrent network: each frame with all that came before and all that follows.

Source: Hong et al., "Spotting Temporally Precise, Fine-Grained Events in Video" (E2E-Spot), ECCV
2022, whose temporal part is one bidirectional layer of gated recurrent units.
"""

import numpy as np
import torch
from torch import Tensor, nn

from spotkick.models.onnx_builder import GraphBuilder
from spotkick.models.trunks.base import Trunk


class GruTrunk(Trunk):
    """A projection, and layers of gated recurrent units in both directions."""

    def __init__(self, feature_dim: int, width: int, layers: int, dropout: float) -> None:
        """Make the layers.

        Args:
            feature_dim: length of a feature vector.
            width: channels of the projection and of each direction.
            layers: recurrent layers.
            dropout: share of the projection that is set to 0 in training.
        """
        super().__init__()
        self.out_channels = 2 * width
        self.project = nn.Linear(feature_dim, width)
        self.dropout = nn.Dropout(dropout)
        self.recurrent = nn.GRU(
            width, width, num_layers=layers, batch_first=True, bidirectional=True
        )

    def forward(self, features: Tensor) -> Tensor:
        """See `Trunk.forward`."""
        projected = self.dropout(torch.relu(self.project(features)))
        hidden: Tensor = self.recurrent(projected)[0]
        return hidden.transpose(1, 2)

    def add_to_graph(self, graph: GraphBuilder, features: str) -> str:
        """See `Trunk.add_to_graph`."""
        projected = graph.relu(graph.linear(features, self.project, "trunk.project"))
        hidden = graph.transpose(projected, "trunk.input", 1, 0, 2)

        # (frames, directions, chunks, width) to (frames, chunks, directions * width)
        for layer in range(self.recurrent.num_layers):
            name = f"trunk.{layer}"
            both = self._add_layer(graph, hidden, layer, name)
            by_chunk = graph.transpose(both, f"{name}.by_chunk", 0, 2, 1, 3)
            hidden = graph.reshape(by_chunk, [0, 0, -1], f"{name}.joined")
        return graph.transpose(hidden, "trunk", 1, 2, 0)

    def _add_layer(self, graph: GraphBuilder, values: str, layer: int, name: str) -> str:
        """One layer; ONNX has the gates in the order z, r, h, torch in the order r, z, h."""
        weights = dict(self.recurrent.named_parameters())
        width = self.recurrent.hidden_size

        def stack(kind: str) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
            directions = []
            for suffix in ("", "_reverse"):
                array = weights[f"{kind}_l{layer}{suffix}"].detach().cpu().numpy()
                reset, update, new = np.split(array, [width, 2 * width])
                directions.append(np.concatenate([update, reset, new]))
            return np.stack(directions)

        biases = np.concatenate([stack("bias_ih"), stack("bias_hh")], axis=1)
        inputs = [
            values,
            graph.weight(f"{name}.input", stack("weight_ih")),
            graph.weight(f"{name}.hidden", stack("weight_hh")),
            graph.weight(f"{name}.bias", biases),
        ]
        return graph.node(
            "GRU",
            inputs,
            name,
            hidden_size=width,
            direction="bidirectional",
            linear_before_reset=1,
        )
