"""The token network in numpy: tokens of a period in, logits of each class in each bin out.

`spotkick.models.tokens` is the same network for training; `spotkick.commentary.network` exports its
weights to the arrays that are read here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from spotkick.commentary.tokenizer import TokenSequence
from spotkick.errors import InputError
from spotkick.features.token_rows import BIN_MS, TOKEN_KERNELS

Array = npt.NDArray[np.float32]

CONTEXT_KERNEL: Final = 3
CONTEXT_DILATIONS: Final = (1, 2, 4, 8, 16)
"""Dilations of the convolutions over bins, in bins."""

CONTEXT_S: Final = sum(CONTEXT_DILATIONS) * BIN_MS // 1000
"""Receptive field of a bin over what is said, before and after its own time, in seconds."""


@dataclass(frozen=True, slots=True, eq=False)
class TokenNetwork:
    """Weights of a trained token network.

    Attributes:
        embedding: (token ids, embedding_dim); row 0, padding, is not used.
        token_layers: weights (out, in, kernel) and biases of the convolutions over tokens.
        mix: weights (units, 2 * units + 1) and biases of the layer between tokens and bins.
        context_layers: weights and biases of the dilated convolutions over bins, normalisation
            included.
        output: weights (classes, units) and biases.
    """

    embedding: Array
    token_layers: tuple[tuple[Array, Array], ...]
    mix: tuple[Array, Array]
    context_layers: tuple[tuple[Array, Array], ...]
    output: tuple[Array, Array]

    @property
    def num_classes(self) -> int:
        """Number of classes."""
        return len(self.output[1])

    def logits(self, tokens: TokenSequence, num_bins: int) -> Array:
        """(num_bins, classes): logits that an action of the class happens in the bin."""
        pooled = _pool_tokens(self._read_tokens(tokens.ids), tokens.bins, num_bins)
        bins = _relu(pooled @ self.mix[0].T + self.mix[1])
        for dilation, (weights, bias) in zip(CONTEXT_DILATIONS, self.context_layers, strict=True):
            bins = bins + _relu(_convolve(bins, weights, bias, dilation))
        result: Array = bins @ self.output[0].T + self.output[1]
        return result

    def _read_tokens(self, ids: npt.NDArray[np.int64]) -> Array:
        (first, first_bias), (second, second_bias) = self.token_layers
        tokens = _relu(_convolve(self.embedding[ids], first, first_bias))
        return tokens + _relu(_convolve(tokens, second, second_bias))

    def arrays(self) -> dict[str, Array]:
        """All weights by name."""
        pairs = {"mix": self.mix, "output": self.output}
        pairs |= {_token_key(number): layer for number, layer in enumerate(self.token_layers)}
        pairs |= {_context_key(number): layer for number, layer in enumerate(self.context_layers)}
        named = {
            f"{name}.{part}": array
            for name, pair in pairs.items()
            for part, array in zip(("weight", "bias"), pair, strict=True)
        }
        return {"embedding": self.embedding, **named}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Any], where: str) -> "TokenNetwork":
        """Read back what `arrays` gave.

        Raises:
            InputError: naming ``where``, if an array is missing or of another type or shape than
                its neighbours need.
        """
        try:
            network = cls(
                arrays["embedding"],
                tuple(_layer(arrays, _token_key(number)) for number in range(len(TOKEN_KERNELS))),
                mix=_layer(arrays, "mix"),
                context_layers=tuple(
                    _layer(arrays, _context_key(number)) for number in range(len(CONTEXT_DILATIONS))
                ),
                output=_layer(arrays, "output"),
            )
        except KeyError as error:
            raise InputError(
                f"{where}: not a token network: array {error} is missing; fit the features again"
            ) from error

        # Each array must be as wide as its neighbours.
        for name, shape in network.shapes().items():
            array = arrays[name]
            if array.dtype != np.float32 or array.shape != shape:
                raise InputError(
                    f"{where}: array '{name}' of a token network must be float32 of shape {shape}, "
                    f"found {array.dtype} {array.shape}; fit the features again"
                )
        return network

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """The shape that each array must have, given the embedding and the biases of both ends."""
        num_ids, dim = self.embedding.shape if self.embedding.ndim == 2 else (0, 0)
        units, classes = self.mix[1].size, self.output[1].size
        shapes: dict[str, tuple[int, ...]] = {
            "embedding": (num_ids, dim),
            "mix.weight": (units, 2 * units + 1),
            "output.weight": (classes, units),
            "output.bias": (classes,),
            "mix.bias": (units,),
        }

        # Convolutions over tokens, the first one on the embedding, then those over bins
        for number, kernel in enumerate(TOKEN_KERNELS):
            shapes[f"{_token_key(number)}.weight"] = (units, units if number else dim, kernel)
            shapes[f"{_token_key(number)}.bias"] = (units,)
        for number in range(len(CONTEXT_DILATIONS)):
            shapes[f"{_context_key(number)}.weight"] = (units, units, CONTEXT_KERNEL)
            shapes[f"{_context_key(number)}.bias"] = (units,)
        return shapes


def _token_key(number: int) -> str:
    """Name of a convolution over tokens in files; the files of the first version call it a word."""
    return f"word{number}"


def _context_key(number: int) -> str:
    return f"context{number}"


def _layer(arrays: Mapping[str, Any], name: str) -> tuple[Array, Array]:
    return arrays[f"{name}.weight"], arrays[f"{name}.bias"]


def _relu(values: Array) -> Array:
    return np.maximum(values, 0)


def _convolve(values: Array, weights: Array, bias: Array, dilation: int = 1) -> Array:
    """(length, in) to (length, out); zeros lie beyond both ends."""
    kernel = weights.shape[2]
    reach = dilation * (kernel // 2)
    padded = np.pad(values, ((reach, reach), (0, 0)))
    result = np.tile(bias, (len(values), 1))
    for tap in range(kernel):
        result += padded[tap * dilation : tap * dilation + len(values)] @ weights[:, :, tap].T
    return result


def _pool_tokens(tokens: Array, bins: npt.NDArray[np.int64], num_bins: int) -> Array:
    """Max pooling, sum divided by one more than the number of tokens, and whether there are tokens.

    Args:
        tokens: (tokens, units), no value negative.
        bins: (tokens,) never falling; tokens behind the last bin count for it.
        num_bins: number of bins.

    Returns:
        (num_bins, 2 * units + 1).
    """
    units = tokens.shape[1]
    pooled = np.zeros((num_bins, 2 * units + 1), dtype=np.float32)
    if not len(tokens):
        return pooled

    present, starts, counts = np.unique(
        np.minimum(bins, num_bins - 1), return_index=True, return_counts=True
    )
    divisors = (counts[:, None] + 1).astype(np.float32)
    pooled[present, :units] = np.maximum.reduceat(tokens, starts)
    pooled[present, units:-1] = np.add.reduceat(tokens, starts) / divisors
    pooled[present, -1] = 1
    return pooled
