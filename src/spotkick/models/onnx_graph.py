"""The ONNX graph of a trained network: what spots without torch.

The graph is written node by node, in evaluation mode with the batch normalisation folded in: the
same network always gives the same bytes, in milliseconds, and a reader of the graph finds the
layers of the paper.
"""

from collections.abc import Sequence
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn

from spotkick.models.calf import CalfNetwork
from spotkick.models.long_convolution import same_padding

_OPSET = 17
_IR_VERSION = 9


class _GraphBuilder:
    """Collects nodes and weights; each method adds one layer and returns the name of its output."""

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

    def linear(self, values: str, layer: nn.Linear, name: str) -> str:
        product = self.node(
            "MatMul", [values, self.weight(f"{name}.weight", layer.weight.T)], f"{name}.product"
        )
        return self.node("Add", [product, self.weight(f"{name}.bias", layer.bias)], name)

    def convolution(self, values: str, layer: nn.Conv1d, name: str) -> str:
        inputs = [
            values,
            self.weight(f"{name}.weight", layer.weight),
            self.weight(f"{name}.bias", cast("Tensor", layer.bias)),
        ]
        kernel = layer.kernel_size[0]
        return self.node(
            "Conv", inputs, name, kernel_shape=[kernel], pads=list(same_padding(kernel))
        )

    def relu(self, values: str) -> str:
        return self.node("Relu", [values], f"{values}.relu")

    def pool(self, values: str) -> str:
        return self.node("MaxPool", [values], f"{values}.pool", kernel_shape=[3], strides=[2])

    def constant(self, name: str, value: float) -> str:
        return self.weight(name, np.array(value, dtype=np.float32))

    def reshape(self, values: str, shape: Sequence[int], name: str) -> str:
        return self.node(
            "Reshape", [values, self.weight(f"{name}.shape", np.array(shape, dtype=np.int64))], name
        )


def onnx_bytes(network: CalfNetwork) -> bytes:
    """Serialise a network for ONNX Runtime.

    Returns:
        A model with the input ``features`` (chunks, chunk_frames, feature_dim) and the outputs
        ``scores`` (chunks, chunk_frames, classes) and, unless the network is dense, ``spots``
        (chunks, spots, 2 + classes); the number of chunks is free.
    """
    sizes = network.architecture
    graph = _GraphBuilder()
    hidden = _trunk(graph, network)
    outputs: dict[str, list[str | int | None]] = {
        "scores": ["chunks", sizes.chunk_frames, sizes.num_classes]
    }
    if sizes.kind == "dense":
        graph.node(
            "Transpose", [graph.node("Sigmoid", [hidden], "probability")], "scores", perm=[0, 2, 1]
        )
    else:
        nearness, distance = _capsules(graph, network, hidden)
        graph.node(
            "Transpose",
            [nearness if sizes.score_sense == "nearness" else distance],
            "scores",
            perm=[0, 2, 1],
        )
        _spotting(graph, network, hidden, nearness)
        outputs["spots"] = ["chunks", sizes.num_spots, 2 + sizes.num_classes]
    model = helper.make_model(
        helper.make_graph(
            graph.nodes,
            "calf",
            [
                helper.make_tensor_value_info(
                    "features", TensorProto.FLOAT, ["chunks", sizes.chunk_frames, sizes.feature_dim]
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


def _trunk(graph: _GraphBuilder, network: CalfNetwork) -> str:
    first = graph.relu(graph.linear("features", network.encoder.first, "encoder.first"))
    second = graph.relu(graph.linear(first, network.encoder.second, "encoder.second"))
    encoded = graph.node("Transpose", [second], "encoded", perm=[0, 2, 1])
    levels = [
        graph.relu(graph.convolution(encoded, layer, f"pyramid.{index}"))
        for index, layer in enumerate(network.pyramid.layers())
    ]
    merged = graph.node("Concat", [encoded, *levels], "pyramid", axis=1)
    return graph.convolution(merged, network.segmentation, "segmentation")


def _capsules(graph: _GraphBuilder, network: CalfNetwork, hidden: str) -> tuple[str, str]:
    """Names of p = 1 - d and d, both (chunks, classes, frames)."""
    sizes, norm = network.architecture, network.capsule_scores.normalisation
    scale = norm.weight.detach() / torch.sqrt(cast("Tensor", norm.running_var) + norm.eps)
    shift = norm.bias.detach() - cast("Tensor", norm.running_mean) * scale
    shape = (1, 1, -1) if sizes.bn_axis == "time" else (1, -1, 1)
    scaled = graph.node(
        "Mul", [hidden, graph.weight("norm.scale", scale.reshape(shape))], "norm.scaled"
    )
    normalised = graph.node(
        "Add", [scaled, graph.weight("norm.shift", shift.reshape(shape))], "norm"
    )
    sigmoids = graph.node("Sigmoid", [normalised], "capsules.sigmoid")
    offsets = graph.node(
        "Sub", [sigmoids, graph.constant("capsules.target", 0.5)], "capsules.offset"
    )
    capsules = graph.reshape(offsets, [0, sizes.capsule_dim, sizes.num_classes, -1], "capsules")
    squares = graph.node("Mul", [capsules, capsules], "capsules.square")
    total = graph.node(
        "ReduceSum",
        [squares, graph.weight("capsules.axis", np.array([1]))],
        "capsules.sum",
        keepdims=0,
    )
    floored = graph.node(
        "Add",
        [total, graph.constant("capsules.floor", network.capsule_scores.floor)],
        "capsules.floored",
    )
    root = graph.node("Sqrt", [floored], "capsules.root")
    scaled_root = graph.node(
        "Mul",
        [root, graph.constant("capsules.unit", 2 / sizes.capsule_dim**0.5)],
        "capsules.distance",
    )
    one = graph.constant("one", 1.0)
    distance = graph.node("Min", [scaled_root, one], "distance")
    return graph.node("Sub", [one, distance], "nearness"), distance


def _spotting(graph: _GraphBuilder, network: CalfNetwork, hidden: str, nearness: str) -> None:
    sizes, module = network.architecture, network.spotting
    joined = graph.relu(graph.node("Concat", [hidden, nearness], "spotting.input", axis=1))
    first = graph.relu(graph.convolution(graph.pool(joined), module.first, "spotting.first"))
    second = graph.relu(graph.convolution(graph.pool(first), module.second, "spotting.second"))
    flat = graph.node("Flatten", [graph.pool(second)], "spotting.flat", axis=1)
    logits = graph.linear(flat, module.confidence_location, "confidence_location")
    positions = graph.reshape(
        graph.node("Sigmoid", [logits], "positions.flat"), [-1, sizes.num_spots, 2], "positions"
    )
    class_logits = graph.linear(flat, module.classification, "classification")
    per_spot = graph.reshape(
        class_logits, [-1, sizes.num_spots, sizes.num_classes], "classes.logits"
    )
    classes = graph.node("Softmax", [per_spot], "classes", axis=-1)
    graph.node("Concat", [positions, classes], "spots", axis=-1)
