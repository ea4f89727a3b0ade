"""The ONNX graph of a BMN: what proposes without torch.

ONNX Runtime has no sparse product: the file holds the sampling mask sparse, and the graph makes it
dense when it is opened (64 MB at the paper's sizes).
"""

from typing import cast

import numpy as np
import numpy.typing as npt
from onnx import TensorProto, helper
from torch import Tensor, nn

from spotkick.localization.boundary_matching import sampling_matrix
from spotkick.localization.network import BmnArchitecture, BmnNetwork
from spotkick.localization.segment_grid import SegmentGrid
from spotkick.models.onnx_builder import GraphBuilder, Shape
from spotkick.onnx_runtime import INPUT


def bmn_onnx_bytes(network: BmnNetwork) -> bytes:
    """Serialise a network for ONNX Runtime.

    Returns:
        A model with the input ``features`` (videos, num_steps, feature_dim) and the outputs
        ``boundaries`` (videos, num_steps, 2) and ``confidences`` (videos, 2, durations, num_steps);
        the number of videos is free.
    """
    sizes, graph = network.architecture, GraphBuilder()
    steps, durations = sizes.num_steps, sizes.max_duration_steps

    # Base features (videos, channels, steps).
    channels_first = graph.transpose(INPUT, "channels_first", 0, 2, 1)
    first = graph.relu(
        graph.convolution(channels_first, cast("nn.Conv1d", network.base[0]), "base.0")
    )
    base = graph.relu(graph.convolution(first, cast("nn.Conv1d", network.base[2]), "base.1"))

    # Start and end probabilities.
    branches = [
        _add_branch(graph, base, branch, name)
        for branch, name in ((network.start, "start"), (network.end, "end"))
    ]
    logits = graph.node("Concat", branches, "boundary_logits", axis=1)
    graph.node("Sigmoid", [graph.transpose(logits, "boundary_logits_last", 0, 2, 1)], "boundaries")

    _add_proposals(graph, network, base)
    outputs: dict[str, Shape] = {
        "boundaries": ["videos", steps, 2],
        "confidences": ["videos", 2, durations, steps],
    }
    return graph.to_bytes("bmn", ["videos", steps, sizes.feature_dim], outputs)


def _add_branch(graph: GraphBuilder, base: str, branch: nn.Sequential, name: str) -> str:
    hidden = graph.relu(graph.convolution(base, cast("nn.Conv1d", branch[0]), f"{name}.0"))
    return graph.convolution(hidden, cast("nn.Conv1d", branch[2]), f"{name}.1")


def _add_proposals(graph: GraphBuilder, network: BmnNetwork, base: str) -> None:
    """Confidences (videos, 2, durations, starts)."""
    sizes, module = network.architecture, network.proposals

    # The kernel over sampling points, applied before sampling: (videos, out, points * steps).
    hidden = graph.relu(graph.convolution(base, module.first, "proposals.first"))
    kernel = module.over_samples.weight.flatten(2)  # (out, in, points)
    by_point = kernel.permute(0, 2, 1).reshape(-1, kernel.shape[1], 1)
    mapped = graph.node(
        "Conv", [hidden, graph.weight("over_samples.weight", by_point)], "mapped", kernel_shape=[1]
    )
    shape = graph.integers("mapped.shape", [0, kernel.shape[0], sizes.points * sizes.num_steps])
    by_channel = graph.node("Reshape", [mapped, shape], "mapped.by_channel")

    # (videos, out, segments + 1)
    summed = graph.node("MatMul", [by_channel, _dense_mask(graph, sizes)], "segments.sum")
    bias = graph.weight("over_samples.bias", cast("Tensor", module.over_samples.bias)[:, None])
    wide = graph.relu(graph.node("Add", [summed, bias], "segments.wide"))
    last = graph.transpose(wide, "segments.last", 0, 2, 1)
    narrow = graph.relu(graph.linear(last, module.narrow, "narrow"))

    # Each cell of the map takes its segment: (videos, map_channels, durations, starts).
    cells = graph.node(
        "Gather",
        [narrow, graph.integers("cells", _segment_of_cells(sizes))],
        "cells.values",
        axis=1,
    )
    first = graph.transpose(cells, "cells.first", 0, 2, 1)
    size = graph.integers(
        "map.shape", [0, sizes.map_channels, sizes.max_duration_steps, sizes.num_steps]
    )
    values = graph.node("Reshape", [first, size], "map")

    # The layers on the map.
    for index, name in ((0, "map.0"), (2, "map.1")):
        values = graph.relu(
            graph.convolution(values, cast("nn.Conv2d", module.over_map[index]), name)
        )
    last_layer = cast("nn.Conv2d", module.over_map[4])
    graph.node("Sigmoid", [graph.convolution(values, last_layer, "map.2")], "confidences")


def _dense_mask(graph: GraphBuilder, sizes: BmnArchitecture) -> str:
    """(points * steps, segments + 1); the last column is 0, for cells that are no segment."""
    grid = SegmentGrid(sizes.num_steps, sizes.max_duration_steps)
    entries = sampling_matrix(
        grid,
        points=sizes.points,
        samples_per_point=sizes.samples_per_point,
        context_ratio=sizes.context_ratio,
    )

    # Zeros, into which the entries are scattered.
    columns = len(grid.cells()[0]) + 1
    shape = graph.integers("mask.shape", [sizes.points * sizes.num_steps, columns])
    zeros = graph.node(
        "ConstantOfShape",
        [shape],
        "mask.zeros",
        value=helper.make_tensor("zero", TensorProto.FLOAT, [1], [0.0]),
    )
    places = np.stack([entries.point * sizes.num_steps + entries.step, entries.segment], axis=1)
    weight = graph.weight("mask.values", entries.weight.astype(np.float32))
    return graph.node("ScatterND", [zeros, graph.integers("mask.places", places), weight], "mask")


def _segment_of_cells(sizes: BmnArchitecture) -> npt.NDArray[np.intp]:
    """Which segment each cell of the map shows; the number of segments where it shows none."""
    rows, starts = SegmentGrid(sizes.num_steps, sizes.max_duration_steps).cells()
    shown = np.full((sizes.max_duration_steps, sizes.num_steps), len(rows), dtype=np.intp)
    shown[rows, starts] = np.arange(len(rows))
    return shown.flatten()
