from fractions import Fraction

import numpy as np
import pytest

from spotkick.doctor.rates import find_rate, find_rate_of_labels


@pytest.mark.parametrize(
    "rate", [Fraction(25, 2), Fraction(5), Fraction(25), Fraction(30000, 1001)]
)
@pytest.mark.parametrize("length_s", [600, 2760])
def test_find_rate_of_labels_features_that_go_on_long_after_the_last_label(
    rate: Fraction, length_s: int
) -> None:
    times = np.sort(np.random.default_rng(1).uniform(0, length_s, length_s // 20))
    frames = int(length_s * rate)
    found = find_rate_of_labels(times.tolist(), frames, Fraction(2))
    assert found is not None
    assert abs(frames / found - length_s) < 0.06 * length_s


def test_find_rate_of_labels_right_rate_is_no_finding() -> None:
    times = np.random.default_rng(2).uniform(0, 600, 30).tolist()
    assert find_rate_of_labels(times, 1200, Fraction(2)) is None
    assert find_rate_of_labels(times[:3], 12_000, Fraction(2)) is None  # too few to say
    assert find_rate_of_labels([5, 6, 7, 300, 301], 1200, Fraction(2)) is None  # a sparse match


def test_find_rate_takes_the_nearest_known_rate() -> None:
    assert find_rate(67_500, 2700, Fraction(2)) == 25
    assert find_rate(5400, 2700, Fraction(2)) is None
    assert find_rate(0, 2700, Fraction(2)) is None
