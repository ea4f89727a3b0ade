"""The ONNX graph of a token network, for spotting without torch."""

from typing import Final, NamedTuple, cast

import numpy as np
import torch
from onnx import TensorProto
from torch import Tensor

from spotkick.features.token_rows import NEIGHBOURS, PADDING_ID, count_slots
from spotkick.models.onnx_builder import GraphBuilder
from spotkick.models.tokens import ContextLayer, TokenMember, TokenNetwork
from spotkick.onnx_runtime import INPUT

_LAST: Final = np.iinfo(np.int64).max


class _Rows(NamedTuple):
    """What all members read; R rows are those of all chunks.

    Attributes:
        ids: (R, tokens) int64, neighbours included.
        present: (R, 1, tokens) 1 where there is a token.
        own: (R, 1, slots) 1 where there is an own token.
        number: (R, 1) float, own tokens.
        shape: (2,) chunks, and frames of each.
    """

    ids: str
    present: str
    own: str
    number: str
    shape: str


def token_onnx_bytes(network: TokenNetwork) -> bytes:
    """Serialise a network for ONNX Runtime.

    Returns:
        A model with the input ``features`` (chunks, frames, feature_dim) and the output ``scores``
        (chunks, frames, classes); the number of chunks and their length are free.
    """
    sizes = network.architecture
    graph = GraphBuilder(half_matrices=sizes.stored_as == "float16")
    rows = _add_rows(graph, sizes.feature_dim)

    # (chunks, frames, classes) mean of the logits of all members
    logits = [
        _add_member(graph, cast("TokenMember", member), rows, f"{index}.")
        for index, member in enumerate(network.members)
    ]
    graph.node("Sigmoid", [graph.node("Mean", logits, "logits")], "scores")
    return graph.to_bytes(
        "tokens",
        ["chunks", "frames", sizes.feature_dim],
        {"scores": ["chunks", "frames", sizes.num_classes]},
    )


def _add_rows(graph: GraphBuilder, width: int) -> _Rows:
    """Ids, counts and masks from the features."""
    whole = graph.node("Cast", [INPUT], "whole", to=TensorProto.INT64)
    rows = graph.reshape(whole, [-1, width], "rows")
    ids = _slice(graph, rows, "ids", axis=1, start=1, end=_LAST)
    count = _slice(graph, rows, "count", axis=1, start=0, end=1)

    slots = graph.integers("slots", np.arange(count_slots(width))[None])
    is_own = graph.node("Less", [slots, count], "own.bool")
    is_token = graph.node("Greater", [ids, graph.integers("padding", [PADDING_ID])], "token.bool")
    return _Rows(
        ids,
        present=_to_mask(graph, is_token, "present"),
        own=_to_mask(graph, is_own, "own"),
        number=graph.node("Cast", [count], "number", to=TensorProto.FLOAT),
        shape=_slice(graph, graph.node("Shape", [INPUT], "sizes"), "shape", axis=0, start=0, end=2),
    )


def _add_member(graph: GraphBuilder, member: TokenMember, rows: _Rows, name: str) -> str:
    """Logits (chunks, frames, classes) of one network."""
    sizes = member.architecture
    tokens = _add_tokens(graph, member, rows, name)

    # (R, units) maximum and mean of the own tokens, which are not negative
    maximum = graph.node("ReduceMax", [tokens], f"{name}maximum", axes=[2], keepdims=0)
    axis = graph.integers(f"{name}axis", [2])
    total = graph.node("ReduceSum", [tokens, axis], f"{name}total", keepdims=0)
    one = graph.constant(f"{name}one", 1.0)
    divisor = graph.node("Add", [rows.number, one], f"{name}divisor")
    mean = graph.node("Div", [total, divisor], f"{name}mean")
    has_any = graph.node("Min", [rows.number, one], f"{name}any")
    pooled = graph.node("Concat", [maximum, mean, has_any], f"{name}pooled", axis=1)

    # (chunks, units, frames)
    mixed = graph.relu(graph.linear(pooled, member.mix, f"{name}mix"))
    units = graph.integers(f"{name}units", [sizes.units])
    shape = graph.node("Concat", [rows.shape, units], f"{name}shape", axis=0)
    chunks = graph.node("Reshape", [mixed, shape], f"{name}chunks")
    bins = graph.transpose(chunks, f"{name}bins", 0, 2, 1)
    for index, layer in enumerate(member.context):
        bins = _add_context(graph, cast("ContextLayer", layer), bins, f"{name}context{index}")
    last = graph.transpose(bins, f"{name}last", 0, 2, 1)
    return graph.linear(last, member.output, f"{name}output")


def _add_tokens(graph: GraphBuilder, member: TokenMember, rows: _Rows, name: str) -> str:
    """(R, units, slots): own tokens behind the convolutions, 0 in empty slots."""
    weight = graph.weight(f"{name}embedding", member.embedding.weight)
    embedded = graph.node("Gather", [weight, rows.ids], f"{name}embedded")
    tokens = graph.transpose(embedded, f"{name}tokens", 0, 2, 1)
    tokens = graph.node("Mul", [tokens, rows.present], f"{name}tokens.present")

    first = graph.relu(graph.convolution(tokens, member.first, f"{name}first"))
    first = graph.node("Mul", [first, rows.present], f"{name}first.present")
    second = graph.relu(graph.convolution(first, member.second, f"{name}second"))
    read = graph.node("Add", [first, second], f"{name}read")
    own = _slice(graph, read, f"{name}read.own", axis=2, start=NEIGHBOURS, end=-NEIGHBOURS)
    return graph.node("Mul", [own, rows.own], f"{name}own")


def _add_context(graph: GraphBuilder, layer: ContextLayer, bins: str, name: str) -> str:
    """A residual convolution; its normalisation is one product and one sum."""
    convolved = graph.convolution(bins, layer.convolution, name)
    norm = layer.norm
    scale = norm.weight.detach() / torch.sqrt(cast("Tensor", norm.running_var) + norm.eps)
    shift = norm.bias.detach() - cast("Tensor", norm.running_mean) * scale

    scaled = graph.node(
        "Mul", [convolved, graph.weight(f"{name}.scale", scale[:, None])], f"{name}.scaled"
    )
    shifted = graph.node(
        "Add", [scaled, graph.weight(f"{name}.shift", shift[:, None])], f"{name}.normed"
    )
    return graph.node("Add", [bins, graph.relu(shifted)], f"{name}.sum")


def _slice(graph: GraphBuilder, values: str, name: str, *, axis: int, start: int, end: int) -> str:
    limits = [
        graph.integers(f"{name}.{key}", [value])
        for key, value in (("start", start), ("end", end), ("axis", axis))
    ]
    return graph.node("Slice", [values, *limits], name)


def _to_mask(graph: GraphBuilder, condition: str, name: str) -> str:
    """(R, 1, columns) of 0 and 1."""
    numbers = graph.node("Cast", [condition], f"{name}.number", to=TensorProto.FLOAT)
    return graph.node("Unsqueeze", [numbers, graph.integers(f"{name}.axis", [1])], name)
