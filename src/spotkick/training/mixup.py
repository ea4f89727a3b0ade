"""Mixup: a network is shown weighted sums of two chunks, and learns from the labels of both.

Source: Zhang et al., "mixup", ICLR 2018, with a weight per chunk as in the code of Soares et al.,
"Temporally Precise Action Spotting in Soccer Videos Using Dense Detection Anchors", ICIP 2022.
``balanced`` partners: Xarles et al., "ASTRA: An Action Spotting TRAnsformer for Soccer Videos",
MMSports 2023, which draws the second chunk with equal probability for each class; theirs comes from
a queue of earlier chunks, this one from the batch.
"""

from typing import Final, NamedTuple

import numpy as np
import torch
from torch import Tensor

from spotkick.errors import ConfigError
from spotkick.training.config import MixupPartners

_PRESENT_FRAMES: Final = 0.5
"""A frame no further than this from an action holds it."""


class MixupDraws(NamedTuple):
    """Random numbers of a batch, drawn on the host.

    Attributes:
        shares: (chunks,) float32, weight of each chunk itself.
        places: (chunks,) float32 in [0, 1), which decide on its partner.
    """

    shares: Tensor
    places: Tensor


class Mixture(NamedTuple):
    """Which chunks of a batch are mixed.

    Attributes:
        partners: (chunks,) index of the second chunk.
        shares: (chunks,) weight of the first one.
    """

    partners: Tensor
    shares: Tensor


def draw_mixup(chunks: int, alpha: float, random: np.random.Generator) -> MixupDraws:
    """Random numbers of a batch: weights from Beta(alpha, alpha)."""
    shares = random.beta(alpha, alpha, size=chunks).astype(np.float32)
    return MixupDraws(torch.from_numpy(shares), torch.from_numpy(random.random(chunks, np.float32)))


def choose_partners(shifts: Tensor, draws: MixupDraws, partners: MixupPartners) -> Mixture:
    """Choose the second chunk of each pair, without waiting for the device.

    Args:
        shifts: (chunks, frames, classes) time shifts in frames.
        draws: on the same device.
        partners: see `MixupPartners`.
    """
    if partners == "any":
        weights = shifts.new_ones(len(shifts))
    else:
        # (chunks, classes): each class of the batch has the weight 1, shared by its chunks.
        is_present = (shifts.abs() <= _PRESENT_FRAMES).any(dim=1).to(shifts.dtype)
        per_class = is_present / is_present.sum(dim=0).clamp(min=1)
        # A batch without actions has equal weights.
        weights = per_class.sum(dim=1) + torch.finfo(shifts.dtype).tiny

    bounds = weights.cumsum(0)
    chosen = torch.searchsorted(bounds / bounds[-1], draws.places, right=True)
    return Mixture(chosen.clamp(max=len(shifts) - 1), draws.shares)


def mix_features(features: Tensor, mixture: Mixture) -> Tensor:
    """Weighted sums of the chunks: (chunks, frames, dim).

    Raises:
        ConfigError: if the features are whole numbers, such as token ids, which have no such sum.
    """
    if not features.is_floating_point():
        raise ConfigError(
            f"training.mixup_alpha needs features that are real numbers, got {features.dtype}; "
            "set it to 0"
        )
    shares = mixture.shares[:, None, None]
    return shares * features + (1 - shares) * features[mixture.partners]
