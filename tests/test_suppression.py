"""Suppression against a literal loop, and its window semantics."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spotkick.suppression import suppress

spots = st.lists(st.tuples(st.integers(0, 300), st.integers(1, 1000)), max_size=30)


def literal_fixed(frames: list[int], confidences: list[float], window: float) -> list[float]:
    """Take the most confident one left, drop those in [t - w/2, t + int(w/2)), and so on."""
    left = dict(enumerate(zip(frames, confidences, strict=True)))
    kept = [0.0] * len(frames)
    while left:
        best = min(left, key=lambda index: (-left[index][1], left[index][0], index))
        frame, confidence = left.pop(best)
        kept[best] = confidence
        left = {
            i: spot
            for i, spot in left.items()
            if not frame - window / 2 <= spot[0] < frame + int(window / 2)
        }
    return kept


@settings(deadline=None, max_examples=50)
@given(spots, st.sampled_from([1.0, 2.0, 5.0, 10.0, 39.0, 40.0, 80.0]))
def test_suppress_fixed_equals_literal_loop(found: list[tuple[int, int]], window: float) -> None:
    frames, confidences = [frame for frame, _ in found], [value / 1000 for _, value in found]
    result = suppress(np.array(frames, dtype=np.int64), np.array(confidences), window)
    assert result.tolist() == literal_fixed(frames, confidences, window)


def test_suppress_right_end_of_window_is_open() -> None:
    frames, confidences = np.array([80, 100, 120]), np.array([0.5, 0.9, 0.5])
    assert suppress(frames, confidences, 40).tolist() == [0.0, 0.9, 0.5]


def test_suppress_none_changes_nothing() -> None:
    assert suppress(np.array([1, 1]), np.array([0.5, 0.5]), 40, "none").tolist() == [0.5, 0.5]


def test_suppress_equal_confidences_keep_the_earlier() -> None:
    assert suppress(np.array([10, 5]), np.array([0.5, 0.5]), 40).tolist() == [0.0, 0.5]


def test_suppress_soft_linear_follows_formula() -> None:
    result = suppress(np.array([100, 110, 130]), np.array([0.9, 0.8, 0.7]), 40, "soft-linear")
    # 110 is 10 frames from the best: factor 0.5; 130 is 30 away from it (untouched) and 20 from 110
    # (factor 1).
    assert result == pytest.approx([0.9, 0.4, 0.7])


def test_suppress_soft_gauss_follows_formula() -> None:
    result = suppress(np.array([100, 110]), np.array([0.9, 0.8]), 40, "soft-gauss")
    assert result == pytest.approx([0.9, 0.8 * (1 - np.exp(-0.5))])


@settings(deadline=None, max_examples=50)
@given(spots, st.sampled_from(["soft-linear", "soft-gauss"]))
def test_suppress_soft_only_lowers_and_keeps_the_best(
    found: list[tuple[int, int]], method: str
) -> None:
    frames, confidences = (
        np.array([f for f, _ in found], dtype=np.int64),
        np.array([v / 1000 for _, v in found]),
    )
    result = suppress(frames, confidences, 40, method)
    assert (result <= confidences + 1e-12).all()
    if len(found):
        assert result.max() == confidences.max()
