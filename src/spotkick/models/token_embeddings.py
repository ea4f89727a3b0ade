"""Embeddings of tokens from the tokens around them, before any label is seen.

Source: Levy and Goldberg, "Neural Word Embedding as Implicit Matrix Factorization", NIPS 2014
(singular value decomposition of positive pointwise mutual information), with contexts smoothed as
in their "Improving Distributional Similarity", TACL 2015.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from spotkick.errors import ConfigError
from spotkick.features.token_rows import FIRST_TOKEN_ID

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

WINDOW_TOKENS: Final = 4
_CONTEXT_SMOOTHING: Final = 0.75
_STANDARD_DEVIATION: Final = 0.3
"""Of all values, which suits the first layer behind them."""


def embed_tokens(
    periods: Sequence[npt.NDArray[np.int64]], num_ids: int, dim: int, *, seed: int = 0
) -> npt.NDArray[np.float32]:
    """Vectors that are near each other for tokens that stand between the same neighbours.

    Args:
        periods: token ids of each period, in order.
        num_ids: size of the vocabulary.
        dim: length of a vector.
        seed: of the start of the decomposition.

    Returns:
        (num_ids, dim).

    Raises:
        ConfigError: if there are too few different tokens.
    """
    from scipy.sparse.linalg import svds

    if num_ids <= dim + 1:
        raise ConfigError(
            f"vectors of {dim} values need more than {dim + 1} different words in the commentary, "
            f"found {num_ids}; fit on more matches, or without --labels"
        )

    # The start is drawn here, as the solver's own would differ from run to run.
    information = _mutual_information(periods, num_ids)
    start = np.random.default_rng(seed).standard_normal(num_ids).astype(np.float32)
    left, singular, _ = svds(information, k=dim, v0=start, solver="arpack")

    vectors = left[:, ::-1] * np.sqrt(np.maximum(singular[::-1], 0))
    vectors[:FIRST_TOKEN_ID] = 0  # padding and unknown tokens carry no meaning
    scale = _STANDARD_DEVIATION / max(float(vectors.std()), 1e-12)
    scaled: npt.NDArray[np.float32] = (vectors * scale).astype(np.float32)
    return scaled


def _mutual_information(periods: Sequence[npt.NDArray[np.int64]], num_ids: int) -> "csr_matrix":
    """(num_ids, num_ids): positive pointwise mutual information of neighbours."""
    from scipy.sparse import csr_matrix

    shape = (num_ids, num_ids)
    pairs = csr_matrix(shape, dtype=np.float32)

    # Nearer neighbours count more: one over the distance
    for distance in range(1, WINDOW_TOKENS + 1):
        first = np.concatenate([ids[:-distance] for ids in periods])
        second = np.concatenate([ids[distance:] for ids in periods])
        weights = np.full(len(first), 1 / distance, dtype=np.float32)
        pairs = pairs + csr_matrix((weights, (first, second)), shape)
    pairs = (pairs + pairs.T).tocoo()

    # Smoothed frequencies of contexts keep rare tokens from dominating
    counts = np.maximum(np.asarray(pairs.sum(axis=1), dtype=np.float64).ravel(), 1e-12)
    context = counts**_CONTEXT_SMOOTHING
    context /= context.sum()
    information = np.log(pairs.data / (counts[pairs.row] * context[pairs.col]))
    positive = np.maximum(information, 0).astype(np.float32)
    return csr_matrix((positive, (pairs.row, pairs.col)), shape)
