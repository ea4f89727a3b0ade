"""The ONNX graph of a BMN: what proposes without torch.

Like `spotkick.models.onnx_graph`, written node by node, so that the same network gives the same
bytes. ONNX Runtime has no sparse
product: the file holds the sampling mask sparse, and the graph makes it dense when it is opened (64
MB at the paper's sizes).
"""

from collections.abc import Sequence
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn

from spotkick.localization.boundary_matching import SegmentGrid, sampling_matrix
from spotkick.localization.network import BmnArchitecture, BmnNetwork

_OPSET = 17
_IR_VERSION = 9


class _Graph:
    """Nodes and weights of a graph under construction; each method adds a layer and returns the name of its output."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.weights: list[onnx.TensorProto] = []

    def weight(self, name: str, values: Tensor | npt.NDArray[Any]) -> str:
        array = values.detach().cpu().numpy() if isinstance(values, Tensor) else values
        self.weights.append(numpy_helper.from_array(np.ascontiguousarray(array), name))
        return name

    def node(self, kind: str, inputs: Sequence[str], output: str, **attributes: Any) -> str:
        self.nodes.append(helper.make_node(kind, list(inputs), [output], name=output, **attributes))
        return output

    def relu(self, values: str) -> str:
        return self.node("Relu", [values], f"{values}.relu")

    def convolution(self, values: str, layer: nn.Conv1d | nn.Conv2d, name: str) -> str:
        inputs = [
            values,
            self.weight(f"{name}.weight", layer.weight),
            self.weight(f"{name}.bias", cast("Tensor", layer.bias)),
        ]
        pads = [size // 2 for size in layer.kernel_size] * 2
        return self.node(
            "Conv",
            inputs,
            name,
            kernel_shape=list(layer.kernel_size),
            pads=pads,
            group=layer.groups,
        )

    def linear(self, values: str, layer: nn.Linear, name: str) -> str:
        product = self.node(
            "MatMul", [values, self.weight(f"{name}.weight", layer.weight.T)], f"{name}.product"
        )
        return self.node("Add", [product, self.weight(f"{name}.bias", layer.bias)], name)

    def integers(self, name: str, values: Sequence[int] | npt.NDArray[np.intp]) -> str:
        return self.weight(name, np.asarray(values, dtype=np.int64))


def bmn_onnx_bytes(network: BmnNetwork) -> bytes:
    """Serialise a network for ONNX Runtime.

    Returns:
        A model with the input ``features`` (videos, num_steps, feature_dim) and the outputs
        ``boundaries`` (videos, num_steps, 2) and ``confidences`` (videos, 2, durations, num_steps);
        the number of videos is free.
    """
    sizes, graph = network.architecture, _Graph()
    steps, durations = sizes.num_steps, sizes.max_duration_steps
    channels_first = graph.node("Transpose", ["features"], "channels_first", perm=[0, 2, 1])
    first = graph.relu(
        graph.convolution(channels_first, cast("nn.Conv1d", network.base[0]), "base.0")
    )
    base = graph.relu(graph.convolution(first, cast("nn.Conv1d", network.base[2]), "base.1"))
    branches = [
        _branch(graph, base, branch, name)
        for branch, name in ((network.start, "start"), (network.end, "end"))
    ]
    logits = graph.node("Concat", branches, "boundary_logits", axis=1)
    graph.node(
        "Sigmoid",
        [graph.node("Transpose", [logits], "boundary_logits_last", perm=[0, 2, 1])],
        "boundaries",
    )
    _proposals(graph, network, base)
    outputs: dict[str, list[str | int | None]] = {
        "boundaries": ["videos", steps, 2],
        "confidences": ["videos", 2, durations, steps],
    }
    model = helper.make_model(
        helper.make_graph(
            graph.nodes,
            "bmn",
            [
                helper.make_tensor_value_info(
                    "features", TensorProto.FLOAT, ["videos", steps, sizes.feature_dim]
                )
            ],
            [
                helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
                for name, shape in outputs.items()
            ],
            graph.weights,
        ),
        producer_name="spotkick",
        opset_imports=[helper.make_opsetid("", _OPSET)],
        ir_version=_IR_VERSION,
    )
    onnx.checker.check_model(model, full_check=True)
    serialised: bytes = model.SerializeToString(deterministic=True)
    return serialised


def _branch(graph: _Graph, base: str, branch: nn.Sequential, name: str) -> str:
    hidden = graph.relu(graph.convolution(base, cast("nn.Conv1d", branch[0]), f"{name}.0"))
    return graph.convolution(hidden, cast("nn.Conv1d", branch[2]), f"{name}.1")


def _proposals(graph: _Graph, network: BmnNetwork, base: str) -> None:
    sizes, module = network.architecture, network.proposals
    hidden = graph.relu(graph.convolution(base, module.first, "proposals.first"))
    kernel = module.over_samples.weight.flatten(2)  # (out, in, points)
    by_point = kernel.permute(0, 2, 1).reshape(-1, kernel.shape[1], 1)
    mapped = graph.node(
        "Conv", [hidden, graph.weight("over_samples.weight", by_point)], "mapped", kernel_shape=[1]
    )
    shape = graph.integers("mapped.shape", [0, kernel.shape[0], sizes.points * sizes.num_steps])
    by_channel = graph.node("Reshape", [mapped, shape], "mapped.by_channel")
    summed = graph.node(
        "MatMul", [by_channel, _dense_mask(graph, sizes)], "segments.sum"
    )  # (videos, out, segments + 1)
    bias = graph.weight("over_samples.bias", cast("Tensor", module.over_samples.bias)[:, None])
    wide = graph.relu(graph.node("Add", [summed, bias], "segments.wide"))
    last = graph.node("Transpose", [wide], "segments.last", perm=[0, 2, 1])
    narrow = graph.relu(graph.linear(last, module.narrow, "narrow"))
    cells = graph.node(
        "Gather", [narrow, graph.integers("cells", _cells(sizes))], "cells.values", axis=1
    )
    first = graph.node("Transpose", [cells], "cells.first", perm=[0, 2, 1])
    size = graph.integers(
        "map.shape", [0, sizes.map_channels, sizes.max_duration_steps, sizes.num_steps]
    )
    values = graph.node("Reshape", [first, size], "map")
    for index, name in ((0, "map.0"), (2, "map.1")):
        values = graph.relu(
            graph.convolution(values, cast("nn.Conv2d", module.over_map[index]), name)
        )
    graph.node(
        "Sigmoid",
        [graph.convolution(values, cast("nn.Conv2d", module.over_map[4]), "map.2")],
        "confidences",
    )


def _dense_mask(graph: _Graph, sizes: BmnArchitecture) -> str:
    """(points * steps, segments + 1); the last column is 0 and stands for the cells that are no segment."""
    grid = SegmentGrid(sizes.num_steps, sizes.max_duration_steps)
    entries = sampling_matrix(
        grid,
        points=sizes.points,
        samples_per_point=sizes.samples_per_point,
        context_ratio=sizes.context_ratio,
    )
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


def _cells(sizes: BmnArchitecture) -> npt.NDArray[np.intp]:
    """Which segment each cell of the map shows; the number of segments where it shows none."""
    rows, starts = SegmentGrid(sizes.num_steps, sizes.max_duration_steps).cells()
    shown = np.full((sizes.max_duration_steps, sizes.num_steps), len(rows), dtype=np.intp)
    shown[rows, starts] = np.arange(len(rows))
    return shown.flatten()
