"""Weights of classes from their frequencies, by hand."""

import numpy as np
import pytest

from spotkick.training.class_weights import class_frequencies, class_weights, entropy_weights
from spotkick.training.config import LossConfig
from support.small_training import RATE, SLICING, make_periods

BOUNDS = SLICING.frames(RATE)


def test_entropy_weights_constant_prediction_keeps_its_total_loss() -> None:
    frequencies = np.array([0.2, 0.01, 0.001])
    weights = entropy_weights(frequencies)
    entropy = -(frequencies * np.log(frequencies) + (1 - frequencies) * np.log(1 - frequencies))
    assert weights @ entropy == pytest.approx(entropy.sum(), rel=1e-5)
    assert weights / weights[0] == pytest.approx(np.sqrt(entropy[0] / entropy), rel=1e-5)


def test_entropy_weights_class_that_never_happens_is_finite() -> None:
    weights = entropy_weights(np.array([0.1, 0.0]))
    assert np.isfinite(weights).all()
    assert weights[1] == pytest.approx(entropy_weights(np.array([0.1, 1e-4]))[1])


@pytest.mark.parametrize(
    ("loss", "frames"),
    [
        ({"segmentation": "bce", "target_radius_s": 1.0}, 5.0),
        ({"segmentation": "focal"}, 1.0),
        # sum of exp(-(d / rate)^2 / 2) over whole frames: sigma sqrt(2 pi) rate
        ({"segmentation": "gaussian", "target_sigma_s": 1.0}, np.sqrt(2 * np.pi) * 2),
        ({"segmentation": "paper"}, 4.0),  # from the action to K3 = 2 s
    ],
    ids=str,
)
def test_class_frequencies_are_mean_targets(loss: dict[str, object], frames: float) -> None:
    found = class_frequencies(make_periods(), LossConfig.parse(loss), BOUNDS, float(RATE))
    assert found == pytest.approx(np.full(2, frames / 80), rel=1e-3)  # one action in 80 frames


def test_class_weights_none_are_ones() -> None:
    assert class_weights([], LossConfig(), BOUNDS, 2.0).tolist() == [1, 1]
