"""What word networks learn from: targets of cells, weights of classes, and batches of pieces of halves."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from spotkick.commentary.tokens import CELL_MS, WordSequence

_RAREST: Final = 1e-4
"""Rarer classes are taken to be as rare as this, so that a single action does not rule a
network."""


@dataclass(frozen=True, slots=True, eq=False)
class LabelledWords:
    """A half to learn from.

    Attributes:
        match: the match.
        words: what is said.
        targets: (cells, classes) float32 of `cell_targets`.
    """

    match: str
    words: WordSequence
    targets: npt.NDArray[np.float32]


class WordBatch(NamedTuple):
    """Pieces of halves: (batch, words) int64 numbers and cells, (batch, cells, classes) targets."""

    ids: Tensor
    cells: Tensor
    targets: Tensor


def cell_targets(
    positions_ms: Sequence[npt.NDArray[np.int64]], num_cells: int, *, spread_s: float
) -> npt.NDArray[np.float32]:
    """A bell around each action.

    Args:
        positions_ms: positions of the actions of each class.
        num_cells: cells of the half.
        spread_s: standard deviation.

    Returns:
        (num_cells, classes) from 0 to 1; where bells overlap, the greater value.
    """
    centres_ms = CELL_MS * (np.arange(num_cells) + 0.5)
    targets = np.zeros((num_cells, len(positions_ms)), dtype=np.float32)
    for column, positions in enumerate(positions_ms):
        if len(positions):
            nearest_ms = np.abs(centres_ms[:, None] - positions).min(axis=1)
            targets[:, column] = np.exp(-0.5 * (nearest_ms / (1000 * spread_s)) ** 2)
    return targets


def class_shares(targets: Sequence[npt.NDArray[np.float32]]) -> npt.NDArray[np.float64]:
    """How often each class happens: (classes,) means over all cells, at least `_RAREST`.

    Args:
        targets: (cells, classes) of each half.
    """
    share: npt.NDArray[np.float64] = np.mean(np.concatenate(targets), axis=0, dtype=np.float64)
    return share.clip(_RAREST, 1 - _RAREST)


def class_weights(targets: Sequence[npt.NDArray[np.float32]]) -> npt.NDArray[np.float32]:
    """Weights of the classes in the loss.

    The loss of a class that happens every minute is so much greater than that of one that happens
    twice a match that the rare one would hardly be learned. Each class is divided by the square
    root of the loss of somebody who knows its frequency and no more.

    Args:
        targets: (cells, classes) of each half.

    Returns:
        (classes,); the weighted losses of that somebody add up to what they are without weights.
    """
    share = class_shares(targets)
    entropy = -share * np.log(share) - (1 - share) * np.log(1 - share)
    weights = 1 / np.sqrt(entropy)
    scaled: npt.NDArray[np.float32] = (weights * entropy.sum() / (weights @ entropy)).astype(
        np.float32
    )
    return scaled


def gather_crops(
    halves: Sequence[LabelledWords], crop_cells: int, generator: np.random.Generator
) -> WordBatch:
    """A piece of each half, at a random place; shorter halves are filled up with silence and no action.

    Args:
        halves: one piece each.
        crop_cells: length of a piece.
        generator: draws the places.
    """
    pieces = []
    for half in halves:
        first = int(generator.integers(max(1, len(half.targets) - crop_cells + 1)))
        begin, end = np.searchsorted(half.words.cells, (first, first + crop_cells))
        pieces.append(
            (
                half.words.ids[begin:end],
                half.words.cells[begin:end] - first,
                half.targets[first : first + crop_cells],
            )
        )
    longest = max(1, *(len(ids) for ids, _, _ in pieces))
    ids = np.zeros((len(pieces), longest), dtype=np.int64)
    cells = np.full((len(pieces), longest), crop_cells, dtype=np.int64)
    targets = np.zeros((len(pieces), crop_cells, pieces[0][2].shape[1]), dtype=np.float32)
    for row, (own_ids, own_cells, own_targets) in enumerate(pieces):
        ids[row, : len(own_ids)], cells[row, : len(own_cells)] = own_ids, own_cells
        targets[row, : len(own_targets)] = own_targets
    return WordBatch(torch.from_numpy(ids), torch.from_numpy(cells), torch.from_numpy(targets))
