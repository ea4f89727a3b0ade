"""Word networks without torch: words of a half in, evidence for each class in each cell out.

`spotkick.commentary.network` holds the same network for training, and exports it to the arrays that
are read here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from spotkick.commentary.tokens import CELL_MS, WordSequence
from spotkick.errors import InputError

Array = npt.NDArray[np.float32]

WORD_KERNELS: Final = (5, 3)
"""Words that the two convolutions over words see."""

CONTEXT_KERNEL: Final = 3
CONTEXT_DILATIONS: Final = (1, 2, 4, 8, 16)
"""Convolutions over cells: each sees its own cell and one on each side, so many cells away."""

CONTEXT_S: Final = sum(CONTEXT_DILATIONS) * CELL_MS // 1000
"""How far before and after its own time a cell sees what is said, in seconds."""


@dataclass(frozen=True, slots=True, eq=False)
class WordNetwork:
    """Weights of a trained word network.

    Attributes:
        embedding: (numbers, embedding_dim); row 0, padding, is not used.
        word_layers: weights (out, in, kernel) and biases of the convolutions over words.
        mix: weights (hidden, 2 * hidden + 1) and biases of the layer between words and cells.
        context_layers: weights and biases of the dilated convolutions over cells, normalisation
            included.
        output: weights (classes, hidden) and biases.
    """

    embedding: Array
    word_layers: tuple[tuple[Array, Array], ...]
    mix: tuple[Array, Array]
    context_layers: tuple[tuple[Array, Array], ...]
    output: tuple[Array, Array]

    @property
    def num_classes(self) -> int:
        """Number of classes."""
        return len(self.output[1])

    def log_odds(self, words: WordSequence, num_cells: int) -> Array:
        """(num_cells, classes): log-odds that an action of the class happens in the cell."""
        cells = _relu(
            _pool_words(self._read(words.ids), words.cells, num_cells) @ self.mix[0].T + self.mix[1]
        )
        for dilation, (weights, bias) in zip(CONTEXT_DILATIONS, self.context_layers, strict=True):
            cells = cells + _relu(_convolve(cells, weights, bias, dilation))
        result: Array = cells @ self.output[0].T + self.output[1]
        return result

    def _read(self, ids: npt.NDArray[np.int64]) -> Array:
        (first, first_bias), (second, second_bias) = self.word_layers
        words = _relu(_convolve(self.embedding[ids], first, first_bias))
        return words + _relu(_convolve(words, second, second_bias))

    def arrays(self) -> dict[str, Array]:
        """All weights by name."""
        pairs = {"mix": self.mix, "output": self.output}
        pairs |= {f"word{number}": layer for number, layer in enumerate(self.word_layers)}
        pairs |= {f"context{number}": layer for number, layer in enumerate(self.context_layers)}
        named = {
            f"{name}.{part}": array
            for name, pair in pairs.items()
            for part, array in zip(_PARTS, pair, strict=True)
        }
        return {"embedding": self.embedding, **named}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Any], where: str) -> "WordNetwork":
        """Read back what `arrays` gave.

        Raises:
            InputError: naming ``where``, if an array is missing or of another type or shape than
                its neighbours need.
        """
        try:
            network = cls(
                arrays["embedding"],
                tuple(_pair(arrays, f"word{number}") for number in range(len(WORD_KERNELS))),
                _pair(arrays, "mix"),
                tuple(
                    _pair(arrays, f"context{number}") for number in range(len(CONTEXT_DILATIONS))
                ),
                _pair(arrays, "output"),
            )
        except KeyError as error:
            raise InputError(
                f"{where}: not a word network: array {error} is missing; fit the features again"
            ) from error
        for name, shape in network.shapes().items():
            array = arrays[name]
            if array.dtype != np.float32 or array.shape != shape:
                raise InputError(
                    f"{where}: array '{name}' of a word network must be float32 of shape {shape}, found "
                    f"{array.dtype} {array.shape}; fit the features again"
                )
        return network

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """The shape that each array must have, given those of the embedding and of the biases of both ends."""
        numbers, dim = self.embedding.shape if self.embedding.ndim == 2 else (0, 0)
        hidden, classes = self.mix[1].size, self.output[1].size
        shapes: dict[str, tuple[int, ...]] = {
            "embedding": (numbers, dim),
            "mix.weight": (hidden, 2 * hidden + 1),
            "output.weight": (classes, hidden),
            "output.bias": (classes,),
            "mix.bias": (hidden,),
        }
        for number, kernel in enumerate(WORD_KERNELS):
            shapes[f"word{number}.weight"] = (hidden, hidden if number else dim, kernel)
            shapes[f"word{number}.bias"] = (hidden,)
        for number in range(len(CONTEXT_DILATIONS)):
            shapes[f"context{number}.weight"] = (hidden, hidden, CONTEXT_KERNEL)
            shapes[f"context{number}.bias"] = (hidden,)
        return shapes


_PARTS: Final = ("weight", "bias")


def _pair(arrays: Mapping[str, Any], name: str) -> tuple[Array, Array]:
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


def _pool_words(words: Array, cells: npt.NDArray[np.int64], num_cells: int) -> Array:
    """Greatest value, sum divided by one more than the number of words, and whether there are words, for each cell.

    Args:
        words: (words, hidden), no value negative.
        cells: (words,) never falling; words behind the last cell count for it.
        num_cells: number of cells.
    """
    hidden = words.shape[1]
    pooled = np.zeros((num_cells, 2 * hidden + 1), dtype=np.float32)
    if len(words):
        present, starts, counts = np.unique(
            np.minimum(cells, num_cells - 1), return_index=True, return_counts=True
        )
        pooled[present, :hidden] = np.maximum.reduceat(words, starts)
        pooled[present, hidden:-1] = np.add.reduceat(words, starts) / (counts[:, None] + 1).astype(
            np.float32
        )
        pooled[present, -1] = 1
    return pooled
