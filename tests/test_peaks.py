"""Peaks of the scores that were not spotted."""

from fractions import Fraction

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from spotkick.peaks import local_peaks, unspotted_peaks

RATE = Fraction(2)


def curve(**peaks: float) -> npt.NDArray[np.float32]:
    values = np.zeros(600, dtype=np.float32)
    for name, height in peaks.items():
        values[int(name[1:])] = height
    return values


def test_find_peaks_near_spot_or_higher_peak_are_left_out() -> None:
    values = curve(f100=0.9, f130=0.8, f200=0.7, f400=0.6, f500=0.4)
    assert unspotted_peaks(values, RATE, [100.5]) == [(100, 50.0), (400, 200.0)]
    assert unspotted_peaks(values, RATE, [100.5], apart_s=10, threshold=0.3) == [
        (100, 50),
        (130, 65),
        (400, 200),
        (500, 250),
    ]


def test_find_peaks_exact_distance_is_near() -> None:
    assert unspotted_peaks(curve(f100=0.9), RATE, [70.0]) == []
    assert unspotted_peaks(curve(f100=0.9), RATE, [70.001]) == [(100, 50.0)]


@pytest.mark.parametrize(
    ("values", "frames"),
    [([], []), ([0.7], [0]), ([0.2, 0.9, 0.9, 0.9, 0.1], [2]), ([0.9, 0.1, 0.8], [0, 2])],
)
def test_local_maxima_ends_and_flat_tops(values: list[float], frames: list[int]) -> None:
    assert local_peaks(np.array(values), 0.5).tolist() == frames


@given(
    hnp.arrays(
        np.float32, st.integers(1, 40), elements=st.sampled_from([0.0, 0.25, 0.5, 0.75, 1.0])
    ),
    st.floats(0, 9),
)
def test_find_peaks_random_scores_lie_apart(
    values: npt.NDArray[np.float32], apart_s: float
) -> None:
    found = unspotted_peaks(values, RATE, [3.0], apart_s=apart_s)
    assert all(values[frame] >= 0.5 and at_s == frame / 2 for frame, at_s in found)
    times = [3.0, *(at_s for _, at_s in found)]
    assert all(abs(one - other) > apart_s for i, one in enumerate(times) for other in times[:i])
    heights = [values[frame] for frame, _ in found]
    assert heights == sorted(heights, reverse=True)
