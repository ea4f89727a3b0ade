"""A transformer encoder: each frame attends to all frames of its chunk.

Source: Vaswani et al., "Attention Is All You Need", NeurIPS 2017, with normalisation before each
part; over the features of a chunk as in Soares et al., "Action Spotting using Dense Detection
Anchors Revisited", 2022, and Xarles et al., "ASTRA", MMSports 2023.
"""

import math
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from spotkick.models.onnx_builder import GraphBuilder
from spotkick.models.trunks.base import Trunk

_WIDENING = 2
"""Width of the layer between the two of each perceptron, in widths."""


class TransformerBlock(nn.Module):
    """x + attend(norm(x)), then x + perceptron(norm(x))."""

    def __init__(self, width: int, heads: int, dropout: float) -> None:
        """Args: width, channels; heads, of attention; dropout, share set to 0."""
        super().__init__()
        self.heads = heads
        self.first_norm, self.second_norm = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attention_input = nn.Linear(width, 3 * width)
        self.attention_output = nn.Linear(width, width)
        self.widen = nn.Linear(width, _WIDENING * width)
        self.narrow = nn.Linear(_WIDENING * width, width)
        self.dropout = nn.Dropout(dropout)

    def forward(self, hidden: Tensor) -> Tensor:
        """(batch, frames, width) to the same shape."""
        batch, frames, width = hidden.shape

        # (3, batch, heads, frames, width of a head)
        joined = self.attention_input(self.first_norm(hidden))
        parts = joined.reshape(batch, frames, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        attended = functional.scaled_dot_product_attention(*parts.unbind())
        merged = attended.transpose(1, 2).reshape(batch, frames, width)
        hidden = hidden + self.dropout(self.attention_output(merged))

        widened = torch.relu(self.widen(self.second_norm(hidden)))
        added: Tensor = self.dropout(self.narrow(widened))
        return hidden + added

    def _add_part(self, graph: GraphBuilder, hidden: str, index: int, name: str) -> str:
        """Queries, keys or values (chunks, heads, frames, width of a head)."""
        weight = self.attention_input.weight.chunk(3)[index]
        bias = self.attention_input.bias.chunk(3)[index]
        product = graph.node(
            "MatMul", [hidden, graph.weight(f"{name}.weight", weight.T)], f"{name}.product"
        )
        joined = graph.node("Add", [product, graph.weight(f"{name}.bias", bias)], f"{name}.joined")
        per_head = [0, 0, self.heads, len(bias) // self.heads]
        return graph.transpose(graph.reshape(joined, per_head, f"{name}.split"), name, 0, 2, 1, 3)

    def add_to_graph(self, graph: GraphBuilder, hidden: str, name: str) -> str:
        """The same for ONNX Runtime."""
        width = self.attention_output.in_features
        per_head = width // self.heads
        normed = _add_norm(graph, hidden, self.first_norm, f"{name}.first_norm")
        query, key, value = (
            self._add_part(graph, normed, index, f"{name}.{part}")
            for index, part in enumerate(("query", "key", "value"))
        )

        # Weights of all frames for each frame.
        turned = graph.transpose(key, f"{name}.key.turned", 0, 1, 3, 2)
        product = graph.node("MatMul", [query, turned], f"{name}.product")
        scale = graph.constant(f"{name}.scale", 1 / math.sqrt(per_head))
        scaled = graph.node("Mul", [product, scale], f"{name}.scaled")
        weights = graph.node("Softmax", [scaled], f"{name}.weights", axis=-1)
        attended = graph.node("MatMul", [weights, value], f"{name}.attended")

        by_frame = graph.transpose(attended, f"{name}.by_frame", 0, 2, 1, 3)
        merged = graph.reshape(by_frame, [0, 0, width], f"{name}.merged")
        output = graph.linear(merged, self.attention_output, f"{name}.attention_output")
        hidden = graph.node("Add", [hidden, output], f"{name}.with_attention")

        normed = _add_norm(graph, hidden, self.second_norm, f"{name}.second_norm")
        widened = graph.relu(graph.linear(normed, self.widen, f"{name}.widen"))
        narrowed = graph.linear(widened, self.narrow, f"{name}.narrow")
        return graph.node("Add", [hidden, narrowed], name)


class TransformerTrunk(Trunk):
    """A projection, sines of the place in the chunk, and blocks of attention."""

    places: Tensor

    def __init__(
        self, feature_dim: int, width: int, layers: int, dropout: float, *, heads: int, frames: int
    ) -> None:
        """Make the layers.

        Args:
            feature_dim: length of a feature vector.
            width: channels, a multiple of ``heads``.
            layers: blocks.
            dropout: share of the values that are set to 0 in training.
            heads: of attention.
            frames: of a chunk.
        """
        super().__init__()
        self.out_channels = width
        self.project = nn.Linear(feature_dim, width)
        self.blocks = nn.ModuleList(TransformerBlock(width, heads, dropout) for _ in range(layers))
        self.norm = nn.LayerNorm(width)
        self.register_buffer("places", place_encoding(frames, width), persistent=False)

    def forward(self, features: Tensor) -> Tensor:
        """See `Trunk.forward`."""
        hidden: Tensor = self.project(features) + self.places
        for block in self.blocks:
            hidden = block(hidden)
        normed: Tensor = self.norm(hidden)
        return normed.transpose(1, 2)

    def add_to_graph(self, graph: GraphBuilder, features: str) -> str:
        """See `Trunk.add_to_graph`."""
        projected = graph.linear(features, self.project, "trunk.project")
        places = graph.weight("trunk.places", self.places)
        hidden = graph.node("Add", [projected, places], "trunk.input")
        for index, block in enumerate(self.blocks):
            hidden = cast("TransformerBlock", block).add_to_graph(graph, hidden, f"trunk.{index}")
        normed = _add_norm(graph, hidden, self.norm, "trunk.norm")
        return graph.transpose(normed, "trunk", 0, 2, 1)


def place_encoding(frames: int, width: int) -> Tensor:
    """(frames, width): sines and cosines of the place, of wavelengths from 2 pi to 20,000 pi."""
    places = torch.arange(frames, dtype=torch.float64)[:, None]
    rates = torch.exp(torch.arange(0, width, 2, dtype=torch.float64) * -(math.log(10_000) / width))
    encoding = torch.empty((frames, width), dtype=torch.float64)
    encoding[:, 0::2] = torch.sin(places * rates)
    encoding[:, 1::2] = torch.cos(places * rates[: width // 2])
    return encoding.float()


def _add_norm(graph: GraphBuilder, values: str, layer: nn.LayerNorm, name: str) -> str:
    inputs = [
        values,
        graph.weight(f"{name}.weight", layer.weight),
        graph.weight(f"{name}.bias", layer.bias),
    ]
    return graph.node("LayerNormalization", inputs, name, axis=-1, epsilon=layer.eps)
