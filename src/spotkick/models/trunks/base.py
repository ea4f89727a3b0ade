"""What every trunk is, and the one that does nothing."""

from typing import cast

from torch import Tensor, nn

from spotkick.models.onnx_builder import GraphBuilder


class Trunk(nn.Module):
    """From features to channels; its layers for ONNX Runtime stand beside the forward pass.

    Attributes:
        out_channels: width of the output.
    """

    out_channels: int

    def forward(self, features: Tensor) -> Tensor:
        """Channels (batch, out_channels, frames) of features (batch, frames, dim)."""
        raise NotImplementedError

    def add_to_graph(self, graph: GraphBuilder, features: str) -> str:
        """Add the same layers, in evaluation mode, to an ONNX graph.

        Args:
            graph: the graph.
            features: name of the features (chunks, frames, dim).

        Returns:
            The name of the channels (chunks, out_channels, frames).
        """
        raise NotImplementedError


def as_convolution(layer: object) -> nn.Conv1d:
    """A layer out of a module list, which forgets the types of its items."""
    return cast("nn.Conv1d", layer)


class LinearTrunk(Trunk):
    """The features themselves: a head behind it is a linear probe of each frame.

    What a linear probe reaches is in the features already; a network has to gain on it.
    """

    def __init__(self, feature_dim: int) -> None:
        """Args: feature_dim, length of a feature vector."""
        super().__init__()
        self.out_channels = feature_dim

    def forward(self, features: Tensor) -> Tensor:
        """See `Trunk.forward`."""
        return features.transpose(1, 2)

    def add_to_graph(self, graph: GraphBuilder, features: str) -> str:
        """See `Trunk.add_to_graph`."""
        return graph.transpose(features, "trunk", 0, 2, 1)
