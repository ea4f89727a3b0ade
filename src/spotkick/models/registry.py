"""Kinds of networks: one entry for each, found by the name that a checkpoint or ``model.kind`` has.

A further network is one module that defines its settings, its sizes, the module itself and its ONNX
graph, and one line in `_BUILT_IN` (or a call of `register_network` from outside). Entries are
imported when they are first asked for. docs/add-network.md is the recipe.
"""

import importlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final, NamedTuple

import numpy.typing as npt
from torch import nn

from spotkick.configuration import FrozenConfig, suggestion
from spotkick.errors import ConfigError


class DataSizes(NamedTuple):
    """Sizes that the data decide.

    Attributes:
        feature_dim: length of a feature vector.
        num_classes: number of classes.
        frame_rate: feature frames per second.
        num_ids: size of the vocabulary where the features are token ids; else 0.
    """

    feature_dim: int
    num_classes: int
    frame_rate: Fraction
    num_ids: int = 0


@dataclass(frozen=True, slots=True)
class NetworkKind:
    """One kind of network.

    Attributes:
        name: in checkpoints and ``model.kind``.
        purpose: ``spotting``: the ONNX graph has the outputs ``scores`` and, if there are any,
            ``spots`` and ``displacements`` (see `spotkick.prediction.ChunkOutput`).
            ``localization``: ``boundaries`` and ``confidences`` (see
            `spotkick.localization.proposals.LocalizerOutput`).
        config: the ``[model]`` table, sizes in seconds.
        architecture: sizes in frames, as a checkpoint stores them.
        choose_sizes: from the table and the sizes of the data to the architecture.
        build: makes the network; its attribute ``architecture`` holds the sizes.
        onnx_bytes: serialises a network in evaluation mode, with the input ``features``.
        start: gives a new network weights that the features of the training set decide, without
            their labels: called with the network, the features of each period, and the seed.
        join: makes one network of several whose logits are averaged; called with the networks, the
            type of their weights in files, ``float32`` or ``float16``, and the length of a chunk in
            frames, 0 for that of training.
    """

    name: str
    purpose: str
    config: type[FrozenConfig]
    architecture: type[FrozenConfig]
    choose_sizes: Callable[[Any, DataSizes], Any]
    build: Callable[[Any], nn.Module]
    onnx_bytes: Callable[[Any], bytes]
    start: Callable[[Any, Sequence[npt.NDArray[Any]], int], None] | None = None
    join: Callable[[Sequence[Any], str, int], nn.Module] | None = None


_BUILT_IN: Final = {
    "calf": "spotkick.models.calf_kind:CALF",
    "dense": "spotkick.models.dense_kind:DENSE",
    "tokens": "spotkick.models.tokens_kind:TOKENS",
    "bmn": "spotkick.localization.kind:BMN",
}
"""Kind -> module and name of its entry."""

_loaded: Final[dict[str, NetworkKind]] = {}


def register_network(kind: NetworkKind) -> None:
    """Add a kind of network that spotkick does not come with.

    Raises:
        ConfigError: if the name is taken.
    """
    if kind.name in _BUILT_IN or kind.name in _loaded:
        raise ConfigError(f"a network of the kind '{kind.name}' is there already; use another name")
    _loaded[kind.name] = kind


def network_kind(name: str) -> NetworkKind:
    """The entry of a kind of network.

    Raises:
        ConfigError: if there is none of that name.
    """
    if name not in _loaded:
        if name not in _BUILT_IN:
            raise ConfigError(f"no network of the kind '{name}', {suggestion(name, known_kinds())}")
        module, _, entry = _BUILT_IN[name].partition(":")
        _loaded[name] = getattr(importlib.import_module(module), entry)
    return _loaded[name]


def known_kinds() -> tuple[str, ...]:
    """Names of all kinds."""
    return tuple(dict.fromkeys((*_BUILT_IN, *_loaded)))
