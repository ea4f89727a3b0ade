import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spotkick.errors import InputError
from spotkick.localization.targets import (
    boundary_overlap,
    boundary_shifts,
    check_segments,
    temporal_iou_map,
)

SLICING = np.array([[-4.0, -2, 2, 4]] * 2)


@st.composite
def segment_sets(draw: st.DrawFn) -> npt.NDArray[np.float64]:
    pairs = draw(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), max_size=4))
    return np.array([sorted(pair) for pair in pairs], dtype=np.float64).reshape(-1, 2)


def interval_overlap(first: tuple[float, float], second: tuple[float, float]) -> float:
    return max(0.0, min(first[1], second[1]) - max(first[0], second[0]))


@settings(deadline=None, max_examples=50)
@given(segment_sets(), st.integers(1, 12))
def test_boundary_overlap_equals_definition(
    segments: npt.NDArray[np.float64], num_steps: int
) -> None:
    result = boundary_overlap(segments, num_steps)
    for side in (0, 1):
        for step in range(num_steps):
            cell = ((step - 0.5) / num_steps, (step + 0.5) / num_steps)
            regions = [
                (time - 1.5 / num_steps, time + 1.5 / num_steps) for time in segments[:, side]
            ]
            expected = max(
                (interval_overlap(cell, region) * num_steps for region in regions), default=0
            )
            assert result[step, side] == pytest.approx(expected, abs=1e-5)


@settings(deadline=None, max_examples=50)
@given(segment_sets(), st.integers(1, 10), st.data())
def test_temporal_iou_map_equals_definition(
    segments: npt.NDArray[np.float64], num_steps: int, data: st.DataObject
) -> None:
    longest = data.draw(st.integers(1, num_steps))
    result = temporal_iou_map(segments, num_steps, longest)
    for row in range(longest):
        for start in range(num_steps):
            candidate = (start / num_steps, (start + row + 1) / num_steps)
            expected = 0.0
            for first, last in segments:
                inside = interval_overlap(candidate, (first, last))
                expected = max(
                    expected, inside / (candidate[1] - candidate[0] + last - first - inside)
                )
            expected = expected if start + row + 1 <= num_steps else 0
            assert result[row, start] == pytest.approx(expected, abs=1e-5)


def test_temporal_iou_map_segment_on_grid_has_overlap_one() -> None:
    result = temporal_iou_map(np.array([[0.2, 0.5]]), 10, 10)
    assert result[2, 2] == pytest.approx(1)
    assert (result == result.max()).sum() == 1


def test_boundary_shifts_are_zero_at_boundaries() -> None:
    shifts = boundary_shifts(np.array([[0.1, 0.32], [0.6, 1.0]]), 10, SLICING)
    assert np.flatnonzero(shifts[:, 0] == 0).tolist() == [1, 6]
    assert np.flatnonzero(shifts[:, 1] == 0).tolist() == [
        3,
        9,
    ]  # the end of the video is marked on its last step
    assert shifts[:3, 0].tolist() == [-1, 0, 1]


def test_boundary_shifts_without_instances_are_far_before() -> None:
    assert (boundary_shifts(np.zeros((0, 2)), 5, SLICING) == -4).all()
    assert not boundary_overlap(np.zeros((0, 2)), 5).any()
    assert not temporal_iou_map(np.zeros((0, 2)), 5, 5).any()


def test_check_segments_cuts_to_video_and_checks() -> None:
    assert check_segments(np.array([[-0.5, 1.5]])).tolist() == [[0, 1]]
    with pytest.raises(
        InputError,
        match="video: a segment must have finite times and must not end before it starts",
    ):
        check_segments(np.array([[0.5, 0.4]]), "video")
    with pytest.raises(InputError, match=r"must have the shape \(instances, 2\), got \(3,\)"):
        check_segments(np.zeros(3))
