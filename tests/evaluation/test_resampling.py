"""Scores of resamples against matches that are really drawn, and intervals of known draws."""

import numpy as np
import pytest

from spotkick.evaluation.resampling import (
    corrected_interval,
    draw_matches,
    leave_one_out,
)


def test_corrected_interval_symmetric_values_are_percentiles() -> None:
    """Without bias and skewness the corrected ends are the plain percentiles."""
    drawn = np.linspace(0.3, 0.7, 4001)
    interval = corrected_interval(0.5, drawn, np.array([0.45, 0.5, 0.55]))
    assert (interval.low, interval.high) == pytest.approx((0.31, 0.69), abs=1e-4)


def test_corrected_interval_biased_draws_move_towards_value() -> None:
    """Draws that lie above the value, as those of 11-point precision do, give lower ends."""
    drawn = np.random.default_rng(0).normal(0.52, 0.02, 20_000)
    interval = corrected_interval(0.5, drawn, np.array([0.49, 0.5, 0.51]))
    plain = np.quantile(drawn, [0.025, 0.975])
    assert interval.low < plain[0] - 0.015
    assert interval.high < plain[1] - 0.015


def test_corrected_interval_equal_draws_have_no_width() -> None:
    interval = corrected_interval(1.0, np.ones(50), np.ones(12))
    assert (interval.low, interval.high) == (1.0, 1.0)


def test_leave_one_out_each_match_is_missing_once() -> None:
    assert leave_one_out(3).tolist() == [[0, 1, 1], [1, 0, 1], [1, 1, 0]]


def test_draw_matches_each_resample_has_as_many_matches() -> None:
    drawn = draw_matches(7, 20, seed=1)
    assert (drawn.sum(axis=1) == 7).all()
    assert not (drawn == draw_matches(7, 20, seed=2)).all()
