"""Rows of token ids: the tokens of each bin of two seconds, with a few of their neighbours.

A row can be read alone by the convolutions over tokens of `spotkick.models.tokens`, which reach
`NEIGHBOURS` tokens to each side: it holds the number of its own tokens, then the tokens before
them, its own ones, and the tokens behind them, filled up with zeros.
"""

from fractions import Fraction
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from spotkick.errors import InputError

PADDING_ID: Final = 0
UNKNOWN_ID: Final = 1
FIRST_TOKEN_ID: Final = 2
"""Ids from here on are those of known tokens."""

BIN_MS: Final = 2_000
BIN_RATE: Final = Fraction(1000, BIN_MS)
"""Rows per second."""

TOKEN_KERNELS: Final = (5, 3)
"""Kernel sizes of the two convolutions over tokens."""

NEIGHBOURS: Final = sum(kernel // 2 for kernel in TOKEN_KERNELS)
"""Tokens on each side that a token's convolutions reach."""

FIRST_SLOT: Final = 1 + NEIGHBOURS
"""Column of the first own token; column 0 holds their number."""

MAX_IDS: Final = 1 << 15
"""Rows are stored as int16."""

Ids = npt.NDArray[np.integer[Any]]


def row_width(slots: int) -> int:
    """Values of a row with room for ``slots`` own tokens.

    Example:
        >>> row_width(18)
        25
    """
    return FIRST_SLOT + slots + NEIGHBOURS


def count_slots(width: int) -> int:
    """Room for own tokens in a row of ``width`` values; the inverse of `row_width`."""
    return width - FIRST_SLOT - NEIGHBOURS


def pack_rows(ids: Ids, bins: Ids, num_bins: int, *, slots: int) -> npt.NDArray[np.int16]:
    """Rows of a period.

    Args:
        ids: (tokens,) in the order in which they are said.
        bins: (tokens,) the bin of each, never falling; tokens behind the last bin count for it.
        num_bins: rows.
        slots: the most tokens of a bin that are kept; what is said beyond that in two seconds is
            dropped, and the others become neighbours.

    Returns:
        (num_bins, `row_width` of slots).
    """
    bins = np.minimum(bins, num_bins - 1)
    starts = np.searchsorted(bins, np.arange(num_bins))
    place = np.arange(len(ids)) - starts[bins]  # of each token in its bin
    ids, bins = ids[place < slots], bins[place < slots]

    # (bins, columns): which token stands in each column, and whether there is one
    counts = np.bincount(bins, minlength=num_bins)
    starts = np.cumsum(counts) - counts
    offsets = np.arange(row_width(slots) - 1) - NEIGHBOURS
    index = starts[:, None] + offsets
    exists = (index >= 0) & (index < len(ids)) & (offsets < counts[:, None] + NEIGHBOURS)

    rows = np.zeros((num_bins, row_width(slots)), dtype=np.int16)
    rows[:, 0] = counts
    if len(ids):
        rows[:, 1:] = np.where(exists, ids[index.clip(0, len(ids) - 1)], PADDING_ID)
    return rows


def unpack_ids(rows: Ids) -> npt.NDArray[np.int64]:
    """(tokens,): the own tokens of all rows, in the order in which they are said."""
    own = np.arange(count_slots(rows.shape[1])) < rows[:, :1]
    slots = rows[:, FIRST_SLOT : rows.shape[1] - NEIGHBOURS]
    return slots[own].astype(np.int64)


def check_rows(rows: npt.NDArray[Any], num_ids: int, where: str) -> None:
    """Refuse values that are no token ids: one without an embedding would fail in the network.

    Args:
        rows: of a period.
        num_ids: size of the vocabulary.
        where: names the rows in the message.

    Raises:
        InputError: naming the first row that holds something else.
    """
    limits = np.full(rows.shape[1], num_ids - 1)
    limits[0] = count_slots(rows.shape[1])
    bad = ((rows < 0) | (rows > limits)).any(axis=1)
    if bad.any():
        raise InputError(
            f"{where}: row {int(np.argmax(bad))} holds no token ids of this vocabulary of "
            f"{num_ids}; make the features again with 'spotkick features --source CHECKPOINT'"
        )
