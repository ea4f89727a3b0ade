"""What token networks are trained on: Gaussian targets, weights of classes, batches of crops."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from spotkick.commentary.token_model import SLOTS
from spotkick.commentary.tokenizer import TokenSequence
from spotkick.features.token_rows import BIN_MS, pack_rows

_MIN_FREQUENCY: Final = 1e-4
"""Rarer classes are taken to be as rare as this, so that a single action does not rule a
network."""


@dataclass(frozen=True, slots=True, eq=False)
class LabelledPeriod:
    """A period to learn from.

    Attributes:
        match: the match.
        tokens: what is said.
        targets: (bins, classes) float32 of `gaussian_targets`.
    """

    match: str
    tokens: TokenSequence
    targets: npt.NDArray[np.float32]


class TokenBatch(NamedTuple):
    """Crops of periods.

    Attributes:
        rows: (batch, bins, width) int64, see `spotkick.features.token_rows`.
        targets: (batch, bins, classes).
    """

    rows: Tensor
    targets: Tensor


def gaussian_targets(
    positions_ms: Sequence[npt.NDArray[np.int64]], num_bins: int, *, sigma_s: float
) -> npt.NDArray[np.float32]:
    """A Gaussian around each action, exp(-d^2 / (2 sigma^2)) of the distance to the nearest one.

    `spotkick.losses.per_frame.gaussian_cross_entropy` has targets of the same form, made in torch
    from the distances of each batch. Here they are made once per period, in numpy, and cropped.

    Args:
        positions_ms: positions of the actions of each class.
        num_bins: bins of the period.
        sigma_s: standard deviation in seconds.

    Returns:
        (num_bins, classes) from 0 to 1; the maximum where Gaussians overlap.
    """
    centres_ms = BIN_MS * (np.arange(num_bins) + 0.5)
    targets = np.zeros((num_bins, len(positions_ms)), dtype=np.float32)
    for column, positions in enumerate(positions_ms):
        if len(positions):
            nearest_ms = np.abs(centres_ms[:, None] - positions).min(axis=1)
            targets[:, column] = np.exp(-0.5 * (nearest_ms / (1000 * sigma_s)) ** 2)
    return targets


def class_frequencies(targets: Sequence[npt.NDArray[np.float32]]) -> npt.NDArray[np.float64]:
    """How often each class happens: (classes,) means over all bins, at least `_MIN_FREQUENCY`.

    Args:
        targets: (bins, classes) of each period.
    """
    means: npt.NDArray[np.float64] = np.mean(np.concatenate(targets), axis=0, dtype=np.float64)
    return means.clip(_MIN_FREQUENCY, 1 - _MIN_FREQUENCY)


def class_weights(targets: Sequence[npt.NDArray[np.float32]]) -> npt.NDArray[np.float32]:
    """Weights of the classes in the loss.

    The loss of a class that happens every minute is so much greater than that of one that happens
    twice a match that the rare one would hardly be learned. Each class is divided by the square
    root of the loss of a constant prediction of its frequency, which is the entropy of the class.

    Args:
        targets: (bins, classes) of each period.

    Returns:
        (classes,); the weighted losses of the constant prediction add up to what they are without
        weights.
    """
    frequency = class_frequencies(targets)
    entropy = -frequency * np.log(frequency) - (1 - frequency) * np.log(1 - frequency)
    weights = 1 / np.sqrt(entropy)
    scaled: npt.NDArray[np.float32] = (weights * entropy.sum() / (weights @ entropy)).astype(
        np.float32
    )
    return scaled


def gather_crops(
    periods: Sequence[LabelledPeriod], crop_bins: int, generator: np.random.Generator
) -> TokenBatch:
    """One crop of each period, at a random place; short periods are filled up with empty bins.

    Args:
        periods: one crop each.
        crop_bins: length of a crop.
        generator: draws the places.
    """
    crops = []
    for period in periods:
        first = int(generator.integers(max(1, len(period.targets) - crop_bins + 1)))
        begin, end = np.searchsorted(period.tokens.bins, (first, first + crop_bins))
        ids, bins = period.tokens.ids[begin:end], period.tokens.bins[begin:end] - first
        crops.append((ids, bins, period.targets[first : first + crop_bins]))

    # (batch, bins, ...) filled up with bins in which nothing is said
    rows = [pack_rows(ids, bins, crop_bins, slots=SLOTS) for ids, bins, _ in crops]
    targets = np.zeros((len(crops), crop_bins, crops[0][2].shape[1]), dtype=np.float32)
    for place, (_, _, own) in enumerate(crops):
        targets[place, : len(own)] = own
    return TokenBatch(torch.from_numpy(np.stack(rows)).long(), torch.from_numpy(targets))
