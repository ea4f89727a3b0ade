"""Vectors of words from the words around them, before any label is seen.

Source: Levy and Goldberg, "Neural Word Embedding as Implicit Matrix Factorization", NIPS 2014
(singular value decomposition of positive pointwise mutual information), with contexts smoothed as
in their "Improving Distributional Similarity", TACL 2015.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from spotkick.commentary.tokens import FIRST_WORD
from spotkick.errors import ConfigError

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

WINDOW_WORDS: Final = 4
_SMOOTHING: Final = 0.75
_SPREAD: Final = 0.3
"""Standard deviation of all values, which suits the first layer behind them."""


def word_vectors(
    halves: Sequence[npt.NDArray[np.int64]], num_words: int, dim: int, *, seed: int = 0
) -> npt.NDArray[np.float32]:
    """Vectors that are near each other for words that stand between the same neighbours.

    Args:
        halves: numbers of the words of each half, in order.
        num_words: numbers of the vocabulary.
        dim: length of a vector.
        seed: of the start of the decomposition.

    Returns:
        (num_words, dim).

    Raises:
        ConfigError: if there are too few different words.
    """
    from scipy.sparse.linalg import svds

    if num_words <= dim + 1:
        raise ConfigError(
            f"vectors of {dim} values need more than {dim + 1} different words in the commentary, found {num_words}; "
            f"fit on more matches, or without --labels"
        )
    information = _mutual_information(halves, num_words)
    start = np.random.default_rng(seed).standard_normal(num_words).astype(np.float32)
    left, singular, _ = svds(information, k=dim, v0=start, solver="arpack")
    vectors = left[:, ::-1] * np.sqrt(np.maximum(singular[::-1], 0))
    vectors[:FIRST_WORD] = 0  # padding and unknown words say nothing
    scaled: npt.NDArray[np.float32] = (
        vectors * (_SPREAD / max(float(vectors.std()), 1e-12))
    ).astype(np.float32)
    return scaled


def _mutual_information(halves: Sequence[npt.NDArray[np.int64]], num_words: int) -> "csr_matrix":
    """(num_words, num_words): positive pointwise mutual information of neighbours; nearer ones count more."""
    from scipy.sparse import csr_matrix

    shape = (num_words, num_words)
    pairs = csr_matrix(shape, dtype=np.float32)
    for distance in range(1, WINDOW_WORDS + 1):
        first = np.concatenate([half[:-distance] for half in halves])
        second = np.concatenate([half[distance:] for half in halves])
        pairs = pairs + csr_matrix(
            (np.full(len(first), 1 / distance, dtype=np.float32), (first, second)), shape
        )
    pairs = (pairs + pairs.T).tocoo()
    counts = np.maximum(np.asarray(pairs.sum(axis=1), dtype=np.float64).ravel(), 1e-12)
    context = counts**_SMOOTHING
    context /= context.sum()
    information = np.log(pairs.data / (counts[pairs.row] * context[pairs.col]))
    return csr_matrix(
        (np.maximum(information, 0).astype(np.float32), (pairs.row, pairs.col)), shape
    )
