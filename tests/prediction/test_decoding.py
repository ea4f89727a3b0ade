from fractions import Fraction

import numpy as np

from spotkick.actions import ActionClasses
from spotkick.checkpoint import DecodingConfig
from spotkick.prediction.decoding import smooth_scores

CLASSES = ActionClasses(("a", "b"))


def test_smooth_scores_named_class_is_convolved_with_a_gaussian() -> None:
    scores = np.zeros((41, 2), dtype=np.float32)
    scores[20] = 1
    decoding = DecodingConfig(smooth_by_class_s={"b": 4.0, "other": 1.0})
    smoothed = smooth_scores(scores, CLASSES, decoding, Fraction(1, 2))
    np.testing.assert_array_equal(smoothed[:, 0], scores[:, 0])

    # Two frames of two seconds are a standard deviation.
    distance = np.abs(np.arange(41) - 20)
    expected = np.exp(-0.5 * (distance / 2) ** 2) * (distance <= 8)
    np.testing.assert_allclose(smoothed[:, 1], expected / expected.sum(), atol=1e-7)


def test_smooth_scores_period_shorter_than_the_window_keeps_its_length() -> None:
    scores = np.ones((3, 2), dtype=np.float32)
    decoding = DecodingConfig(smooth_by_class_s={"a": 20.0})
    smoothed = smooth_scores(scores, CLASSES, decoding, Fraction(1, 2))
    assert smoothed.shape == (3, 2)
    assert (smoothed[:, 0] < 0.2).all()


def test_smooth_scores_nothing_named_gives_the_same_array() -> None:
    scores = np.ones((3, 2), dtype=np.float32)
    assert smooth_scores(scores, CLASSES, DecodingConfig(), Fraction(2)) is scores
