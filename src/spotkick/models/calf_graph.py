"""The ONNX graph of a CALF network, for spotting without torch; batch normalisation folded in."""

from typing import cast

import numpy as np
import torch
from torch import Tensor

from spotkick.models.calf import POOL_FRAMES, POOL_STRIDE, CalfNetwork
from spotkick.models.onnx_builder import GraphBuilder, Shape
from spotkick.models.pyramid import FrameEncoder, TemporalPyramid
from spotkick.onnx_runtime import INPUT


def calf_onnx_bytes(network: CalfNetwork) -> bytes:
    """Serialise a network for ONNX Runtime.

    Returns:
        A model with the input ``features`` (chunks, chunk_frames, feature_dim) and the outputs
        ``scores`` (chunks, chunk_frames, classes) and ``spots`` (chunks, spots, 2 + classes); the
        number of chunks is free.
    """
    sizes, graph = network.architecture, GraphBuilder()
    trunk = add_pyramid(graph, network.encoder, network.pyramid)
    hidden = graph.convolution(trunk, network.segmentation, "segmentation")
    outputs: dict[str, Shape] = {
        "scores": ["chunks", sizes.chunk_frames, sizes.num_classes],
        "spots": ["chunks", sizes.num_spots, 2 + sizes.num_classes],
    }

    nearness, distance = _add_capsules(graph, network, hidden)
    score = nearness if sizes.score_sense == "nearness" else distance
    graph.transpose(score, "scores", 0, 2, 1)
    _add_spotting(graph, network, hidden, nearness)
    return graph.to_bytes("calf", ["chunks", sizes.chunk_frames, sizes.feature_dim], outputs)


def add_pyramid(graph: GraphBuilder, encoder: FrameEncoder, pyramid: TemporalPyramid) -> str:
    """The trunk of CALF: channels (chunks, channels, frames) of the features."""
    first = graph.relu(graph.linear(INPUT, encoder.first, "encoder.first"))
    second = graph.relu(graph.linear(first, encoder.second, "encoder.second"))
    encoded = graph.transpose(second, "encoded", 0, 2, 1)

    levels = [
        graph.relu(graph.convolution(encoded, layer, f"pyramid.{index}"))
        for index, layer in enumerate(pyramid.layers())
    ]
    return graph.node("Concat", [encoded, *levels], "pyramid", axis=1)


def _add_capsules(graph: GraphBuilder, network: CalfNetwork, hidden: str) -> tuple[str, str]:
    """Names of p = 1 - d and d, both (chunks, classes, frames)."""
    sizes, norm = network.architecture, network.capsule_scores.normalisation

    # Batch normalisation as one product and one sum.
    scale = norm.weight.detach() / torch.sqrt(cast("Tensor", norm.running_var) + norm.eps)
    shift = norm.bias.detach() - cast("Tensor", norm.running_mean) * scale
    shape = (1, 1, -1) if sizes.bn_axis == "time" else (1, -1, 1)
    scaled = graph.node(
        "Mul", [hidden, graph.weight("norm.scale", scale.reshape(shape))], "norm.scaled"
    )
    normalised = graph.node(
        "Add", [scaled, graph.weight("norm.shift", shift.reshape(shape))], "norm"
    )

    # Squared distance of each capsule to (1/2, ..., 1/2).
    sigmoids = graph.node("Sigmoid", [normalised], "capsules.sigmoid")
    offsets = graph.node(
        "Sub", [sigmoids, graph.constant("capsules.target", 0.5)], "capsules.offset"
    )
    capsules = graph.reshape(offsets, [0, sizes.capsule_dim, sizes.num_classes, -1], "capsules")
    squares = graph.node("Mul", [capsules, capsules], "capsules.square")
    axis = graph.weight("capsules.axis", np.array([1]))
    total = graph.node("ReduceSum", [squares, axis], "capsules.sum", keepdims=0)

    # The distance in units of the longest one.
    floor = graph.constant("capsules.floor", network.capsule_scores.floor)
    root = graph.node(
        "Sqrt", [graph.node("Add", [total, floor], "capsules.floored")], "capsules.root"
    )
    unit = graph.constant("capsules.unit", 2 / sizes.capsule_dim**0.5)
    scaled_root = graph.node("Mul", [root, unit], "capsules.distance")
    one = graph.constant("one", 1.0)
    distance = graph.node("Min", [scaled_root, one], "distance")
    return graph.node("Sub", [one, distance], "nearness"), distance


def _add_spotting(graph: GraphBuilder, network: CalfNetwork, hidden: str, nearness: str) -> None:
    """Spots (chunks, spots, 2 + classes)."""
    sizes, module = network.architecture, network.spotting

    def pool(values: str) -> str:
        return graph.pool(values, kernel_frames=POOL_FRAMES, stride=POOL_STRIDE)

    joined = graph.relu(graph.node("Concat", [hidden, nearness], "spotting.input", axis=1))
    first = graph.relu(graph.convolution(pool(joined), module.first, "spotting.first"))
    second = graph.relu(graph.convolution(pool(first), module.second, "spotting.second"))
    flat = graph.node("Flatten", [pool(second)], "spotting.flat", axis=1)

    # Confidence and location.
    logits = graph.linear(flat, module.confidence_location, "confidence_location")
    positions = graph.reshape(
        graph.node("Sigmoid", [logits], "positions.flat"), [-1, sizes.num_spots, 2], "positions"
    )

    # Class probabilities.
    class_logits = graph.linear(flat, module.classification, "classification")
    per_spot = graph.reshape(
        class_logits, [-1, sizes.num_spots, sizes.num_classes], "classes.logits"
    )
    classes = graph.node("Softmax", [per_spot], "classes", axis=-1)
    graph.node("Concat", [positions, classes], "spots", axis=-1)
