"""Spots as rows and back."""

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spotkick.encoding.spots import border_mask, decode_spots, encode_spots


@st.composite
def batches(draw: st.DrawFn) -> npt.NDArray[np.bool_]:
    """(batch, frames, classes) with a few actions, several on one frame too."""
    shape = draw(st.tuples(st.integers(1, 3), st.integers(1, 400), st.integers(1, 5)))
    marked = np.zeros(shape, dtype=np.bool_)
    cells = st.tuples(*(st.integers(0, size - 1) for size in shape))
    for cell in draw(st.lists(cells, max_size=20)):
        marked[cell] = True
    return marked


def rows_of_chunk(
    marked: npt.NDArray[np.bool_], num_spots: int, mask: npt.NDArray[np.bool_]
) -> tuple[npt.NDArray[np.float32], int]:
    """The encoding of one chunk as section 3.2 of the paper says it, action by action."""
    num_frames, num_classes = marked.shape
    found = [
        (frame, label)
        for frame in range(num_frames)
        for label in range(num_classes)
        if marked[frame, label] and mask[frame]
    ]
    rows = np.zeros((num_spots, 2 + num_classes), dtype=np.float32)
    for row, (frame, label) in enumerate(found[:num_spots]):
        rows[row, 0], rows[row, 1], rows[row, 2 + label] = 1, frame / num_frames, 1
    return rows, max(0, len(found) - num_spots)


@given(batches(), st.integers(0, 8), st.integers(0, 220))
@settings(deadline=None, max_examples=50)
def test_encode_spots_rows_are_ordered_by_time_then_class(
    marked: npt.NDArray[np.bool_], num_spots: int, border: int
) -> None:
    before = marked.copy()
    mask = border_mask(marked.shape[1], border)
    rows, dropped = encode_spots(marked, num_spots, mask)
    for chunk, (own_rows, own_dropped) in enumerate(zip(rows, dropped, strict=True)):
        expected_rows, expected_dropped = rows_of_chunk(marked[chunk], num_spots, mask)
        assert np.array_equal(own_rows, expected_rows)
        assert own_dropped == expected_dropped
    assert rows.dtype == np.float32
    assert np.array_equal(marked, before)


@given(batches())
@settings(deadline=None, max_examples=50)
def test_decode_spots_gives_every_action_back(marked: npt.NDArray[np.bool_]) -> None:
    rows, dropped = encode_spots(marked, 20)
    assert not dropped.any()
    spots = decode_spots(rows, marked.shape[1])
    is_action = spots.confidences > 0
    chunks = np.nonzero(is_action)[0]
    found = list(
        zip(
            chunks.tolist(),
            spots.frames[is_action].tolist(),
            spots.classes[is_action].tolist(),
            strict=True,
        )
    )
    assert found == [tuple(cell) for cell in np.argwhere(marked).tolist()]


@pytest.mark.parametrize("num_frames", [1, 2, 15, 240, 241, 999, 6000, 65_537])
def test_decode_spots_every_frame_survives_float32(num_frames: int) -> None:
    rows = np.zeros((1, num_frames, 3), dtype=np.float32)
    rows[0, :, 1] = np.arange(num_frames) / num_frames
    assert np.array_equal(decode_spots(rows, num_frames).frames[0], np.arange(num_frames))


def test_decode_spots_locations_stay_inside_the_chunk() -> None:
    rows = np.array(
        [[[0.25, 0.0, 0.1, 0.9], [0.5, 1.0, 0.8, 0.2], [1.0, 0.4979, 0.5, 0.5]]], dtype=np.float32
    )
    spots = decode_spots(rows, 240)
    assert spots.frames.tolist() == [[0, 239, 119]]
    assert spots.classes.tolist() == [[1, 0, 0]]
    assert spots.confidences.tolist() == [[0.25, 0.5, 1.0]]


def test_encode_spots_dropped_actions_are_counted_per_chunk() -> None:
    marked = np.zeros((3, 10, 2), dtype=np.bool_)
    marked[0, 2:7, 1] = True
    marked[2, 5] = True
    rows, dropped = encode_spots(marked, 2)
    assert dropped.tolist() == [3, 0, 0]
    assert rows[0, :, 1] == pytest.approx([0.2, 0.3])
    assert rows[1].sum() == 0
    assert rows[2].tolist() == [[1, 0.5, 1, 0], [1, 0.5, 0, 1]]


def test_encode_spots_border_actions_are_left_out() -> None:
    marked = np.ones((1, 10, 1), dtype=np.bool_)
    rows, dropped = encode_spots(marked, 10, border_mask(10, 4))
    assert rows[0, :, 0].sum() == 2
    assert dropped.tolist() == [0]


@pytest.mark.parametrize("num_frames", [1, 7, 10])
def test_border_mask_keeps_the_centre(num_frames: int) -> None:
    for border in range(2 * num_frames + 2):
        kept = [border <= frame < num_frames - border for frame in range(num_frames)]
        assert border_mask(num_frames, border).tolist() == kept


def test_border_mask_covers_half_of_the_receptive_field() -> None:
    mask = border_mask(240, 40)
    assert np.flatnonzero(mask).tolist() == list(range(40, 200))
