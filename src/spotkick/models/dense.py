"""The dense network: a trunk, and one logit per frame and class, optionally with a displacement.

A displacement says how far the action is from the frame, so that a score that is high on several
frames still points at one time between them. Source: Soares et al., "Temporally Precise Action
Spotting in Soccer Videos Using Dense Detection Anchors", ICIP 2022.
"""

from typing import Annotated, Final, Literal

import torch
from pydantic import Field
from torch import Tensor, nn

from spotkick.models.calf import CalfArchitecture
from spotkick.models.calf_graph import add_pyramid
from spotkick.models.onnx_builder import GraphBuilder, Shape
from spotkick.models.pyramid import FrameEncoder, PyramidMode, TemporalPyramid
from spotkick.models.spotter import NetworkOutput, Positive, SpotterNetwork
from spotkick.models.trunks import (
    GruTrunk,
    LinearTrunk,
    TcnTrunk,
    TransformerTrunk,
    Trunk,
    UnetTrunk,
)
from spotkick.onnx_runtime import INPUT

TrunkName = Literal["pyramid", "tcn", "unet", "gru", "transformer", "linear"]

Share = Annotated[float, Field(ge=0, lt=1)]
NonNegative = Annotated[float, Field(ge=0)]

DEFAULT_LAYERS: Final[dict[str, int]] = {"tcn": 6, "unet": 3, "gru": 1, "transformer": 2}
"""Layers of the trunks that have a choice, where none is stated."""

_HEAD_KERNEL: Final = {"linear": 1}
"""Frames that the heads see; 3 as in CALF, but a linear probe sees one frame."""

GRAPH_NAME: Final = "calf"
"""What the graphs of dense networks were called from the start; the same network, the same
bytes."""


class DenseArchitecture(CalfArchitecture):
    """Sizes of a dense network; those of CALF's own modules are not used.

    Attributes:
        kind: ``dense``.
        trunk: ``pyramid``, CALF's; ``tcn``, ``unet``, ``gru``, ``transformer``; ``linear``, none.
        width: channels of the layers of the trunks behind ``pyramid`` in this list.
        layers: of these trunks; 0 for `DEFAULT_LAYERS`.
        heads: of attention.
        dropout: share of a trunk's values that are set to 0 in training.
        output_bias: added to the initial bias of the logits.
        displacement_radius_frames: furthest displacement; 0 for a network without displacements.
    """

    kind: Literal["dense"] = "dense"  # type: ignore[assignment]  # its base is calf
    trunk: TrunkName = "pyramid"
    width: Positive = 64
    layers: Annotated[int, Field(ge=0)] = 0
    heads: Positive = 4
    dropout: Share = 0.0
    output_bias: float = 0.0
    displacement_radius_frames: NonNegative = 0.0


def make_trunk(sizes: DenseArchitecture) -> Trunk:
    """The trunk of an architecture, but for ``pyramid``."""
    if sizes.trunk == "linear":
        return LinearTrunk(sizes.feature_dim)
    layers = sizes.layers or DEFAULT_LAYERS[sizes.trunk]
    if sizes.trunk == "transformer":
        return TransformerTrunk(
            sizes.feature_dim,
            sizes.width,
            layers,
            sizes.dropout,
            heads=sizes.heads,
            frames=sizes.chunk_frames,
        )
    makers: dict[str, type[TcnTrunk | UnetTrunk | GruTrunk]] = {
        "tcn": TcnTrunk,
        "unet": UnetTrunk,
        "gru": GruTrunk,
    }
    return makers[sizes.trunk](sizes.feature_dim, sizes.width, layers, sizes.dropout)


class DenseNetwork(SpotterNetwork):
    """A trunk, and convolutions of three frames for logits and displacements."""

    architecture: DenseArchitecture

    def __init__(
        self, architecture: DenseArchitecture, *, pyramid_mode: PyramidMode = "auto"
    ) -> None:
        """Args: architecture, sizes; pyramid_mode, how the pyramid's convolutions are computed."""
        super().__init__()
        self.architecture = architecture

        # The pyramid's layers have the names that they have in CALF.
        if architecture.trunk == "pyramid":
            self.encoder = FrameEncoder(architecture.feature_dim, architecture.hidden)
            self.pyramid = TemporalPyramid(
                architecture.hidden[1],
                architecture.pyramid,
                architecture.receptive_field_frames,
                mode=pyramid_mode,
            )
            channels = self.pyramid.out_channels
        else:
            self.trunk = make_trunk(architecture)
            channels = self.trunk.out_channels

        kernel = _HEAD_KERNEL.get(architecture.trunk, 3)
        self.segmentation = nn.Conv1d(
            channels, architecture.num_classes, kernel, padding=kernel // 2
        )
        self._start_bias()
        if architecture.displacement_radius_frames:
            # Displacements start at 0: a peak stays where it is.
            self.displacement = nn.Conv1d(
                channels, architecture.num_classes, kernel, padding=kernel // 2
            )
            nn.init.zeros_(self.displacement.weight)

    def forward(self, features: Tensor) -> NetworkOutput:
        """Scores, logits and displacements of chunks.

        Args:
            features: (batch, chunk_frames, feature_dim).
        """
        is_pyramid = self.architecture.trunk == "pyramid"
        hidden = self.pyramid(self.encoder(features)) if is_pyramid else self.trunk(features)
        logits = self.segmentation(hidden).transpose(1, 2).float()
        no_spots = hidden.new_zeros((len(features), 0, 2 + self.architecture.num_classes))

        # As a share of the radius, so that no peak is moved further.
        displacements = None
        radius = self.architecture.displacement_radius_frames
        if radius:
            share = torch.tanh(self.displacement(hidden).float())
            displacements = radius * share.transpose(1, 2)
        return NetworkOutput(torch.sigmoid(logits), no_spots, logits, displacements)

    def _start_bias(self) -> None:
        bias = self.segmentation.bias
        if self.architecture.output_bias and bias is not None:
            with torch.no_grad():
                bias += self.architecture.output_bias


def dense_onnx_bytes(network: DenseNetwork) -> bytes:
    """Serialise a network for ONNX Runtime.

    Returns:
        A model with the input ``features`` (chunks, chunk_frames, feature_dim) and the outputs
        ``scores`` and, where the network has them, ``displacements``, both (chunks, chunk_frames,
        classes).
    """
    sizes, graph = network.architecture, GraphBuilder()
    hidden = (
        add_pyramid(graph, network.encoder, network.pyramid)
        if sizes.trunk == "pyramid"
        else network.trunk.add_to_graph(graph, INPUT)
    )
    logits = graph.convolution(hidden, network.segmentation, "segmentation")
    graph.transpose(graph.node("Sigmoid", [logits], "probability"), "scores", 0, 2, 1)
    shape: Shape = ["chunks", sizes.chunk_frames, sizes.num_classes]
    outputs = {"scores": shape}

    if sizes.displacement_radius_frames:
        raw = graph.convolution(hidden, network.displacement, "displacement")
        share = graph.node("Tanh", [raw], "displacement.share")
        radius = graph.constant("displacement.radius", sizes.displacement_radius_frames)
        frames = graph.node("Mul", [share, radius], "displacement.frames")
        graph.transpose(frames, "displacements", 0, 2, 1)
        outputs["displacements"] = shape
    return graph.to_bytes(GRAPH_NAME, ["chunks", sizes.chunk_frames, sizes.feature_dim], outputs)
