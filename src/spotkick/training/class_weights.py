"""Weights of the classes in the segmentation loss, from how often each class happens.

The loss of a class that happens every minute is so much greater than that of one that happens twice
a match that the rare one would hardly be learned.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from spotkick.losses.per_frame import PER_FRAME_LOSSES
from spotkick.training.config import LossConfig
from spotkick.training.labelled_periods import LabelledPeriod

_MIN_FREQUENCY: Final = 1e-4
"""Rarer classes are taken to be as rare as this, so that a single action does not rule a
network."""


def class_weights(
    periods: Sequence[LabelledPeriod],
    loss: LossConfig,
    slicing_frames: npt.NDArray[np.floating],
    frame_rate: float,
) -> npt.NDArray[np.float32]:
    """Weights of the classes, (classes,).

    Args:
        periods: of the training set.
        loss: what is minimised, and how classes are weighted.
        slicing_frames: (classes, 4) K1..K4.
        frame_rate: feature frames per second.
    """
    if loss.class_weights == "none":
        return np.ones(len(slicing_frames), dtype=np.float32)
    return entropy_weights(class_frequencies(periods, loss, slicing_frames, frame_rate))


def class_frequencies(
    periods: Sequence[LabelledPeriod],
    loss: LossConfig,
    slicing_frames: npt.NDArray[np.floating],
    frame_rate: float,
) -> npt.NDArray[np.float64]:
    """Mean target of each class, (classes,): the share of frames whose score should be high."""
    total, frames = np.zeros(len(slicing_frames)), 0
    for period in periods:
        total += _targets(period.shifts, loss, slicing_frames, frame_rate).sum(axis=0)
        frames += len(period)
    means: npt.NDArray[np.float64] = total / max(frames, 1)
    return means


def entropy_weights(frequencies: npt.NDArray[np.float64]) -> npt.NDArray[np.float32]:
    """Each class divided by the square root of the entropy of its frequency.

    That is the loss of a constant prediction. The weighted losses of the constant prediction add up
    to what they are without weights.

    Args:
        frequencies: (classes,) in [0, 1].
    """
    frequency = frequencies.clip(_MIN_FREQUENCY, 1 - _MIN_FREQUENCY)
    entropy = -frequency * np.log(frequency) - (1 - frequency) * np.log(1 - frequency)
    weights = 1 / np.sqrt(entropy)
    scaled: npt.NDArray[np.float64] = weights * entropy.sum() / (weights @ entropy)
    return scaled.astype(np.float32)


def _targets(
    shifts: npt.NDArray[np.float32],
    loss: LossConfig,
    slicing_frames: npt.NDArray[np.floating],
    frame_rate: float,
) -> npt.NDArray[np.floating]:
    """(frames, classes) from 0 to 1: how high the loss wants a score."""
    if loss.segmentation == "gaussian":
        distance_s = np.abs(shifts) / frame_rate
        gaussian: npt.NDArray[np.floating] = np.exp(-0.5 * (distance_s / loss.target_sigma_s) ** 2)
        return gaussian
    if loss.segmentation in PER_FRAME_LOSSES:
        return (np.abs(shifts) / frame_rate <= loss.target_radius_s).astype(np.float32)
    return ((shifts >= 0) & (shifts < slicing_frames[:, 2])).astype(np.float32)
