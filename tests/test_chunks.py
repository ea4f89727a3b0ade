"""Cutting and stitching, for every length."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spotkick.chunks import ChunkPlan, place_spots, plan_chunks, stitch
from spotkick.errors import ConfigError

CHUNK, BORDER = 240, 40
LENGTHS = (*range(1, 1001), *range(5400, 6001))


def check_plan(plan: ChunkPlan, border: int) -> None:
    """An echo of frame numbers comes back as the identity; each spot is kept once."""
    frames = np.arange(plan.num_frames)
    shown = plan.frame_index()
    assert np.array_equal(stitch(plan, shown), frames)

    writes = np.zeros(plan.num_frames, dtype=int)
    for start, begin, end in zip(
        plan.starts - plan.pad_frames, plan.keep_from, plan.keep_to, strict=True
    ):
        assert 0 <= begin <= end <= plan.chunk_frames
        writes[start + begin : start + end] += 1
    assert (writes == 1).all()

    spots = np.tile(np.arange(plan.chunk_frames), (len(plan), 1))
    placed, kept = place_spots(plan, spots)
    assert np.array_equal(np.sort(placed[kept]), frames)
    assert np.array_equal(placed[kept], shown[kept])

    # Around each frame that it keeps, a chunk sees the whole border, or all that there is.
    there = plan.starts[-1] + plan.chunk_frames
    used = plan.keep_to > plan.keep_from
    assert (plan.keep_from >= np.minimum(border, plan.starts + plan.keep_from))[used].all()
    assert (
        plan.chunk_frames - plan.keep_to >= np.minimum(border, there - plan.starts - plan.keep_to)
    )[used].all()


@pytest.mark.parametrize("pad_period", [False, True])
def test_stitch_identity_for_every_length(pad_period: bool) -> None:
    for length in LENGTHS:
        check_plan(plan_chunks(length, CHUNK, BORDER, pad_period=pad_period), BORDER)


@given(st.integers(1, 700), st.integers(1, 60), st.integers(0, 30), st.booleans())
@settings(deadline=None, max_examples=50)
def test_stitch_identity_for_every_chunk_geometry(
    length: int, stride: int, border: int, pad_period: bool
) -> None:
    check_plan(plan_chunks(length, stride + 2 * border, border, pad_period=pad_period), border)


def authors_owner(length: int) -> npt.NDArray[np.intp]:
    """First frame of the chunk that writes each frame, as in the loop of the TensorFlow code."""
    owner = np.full(length, -1, dtype=np.intp)
    start = 0
    while True:
        if start + CHUNK >= length:
            last = length - CHUNK
            owner[last + BORDER if start else 0 : length] = last
            return owner
        owner[start + (BORDER if start else 0) : start + CHUNK - BORDER] = start
        start += CHUNK - 2 * BORDER


def test_plan_chunks_owner_of_frame_as_in_authors_code() -> None:
    for length in (*range(CHUNK, 1001), *range(5400, 5600)):
        plan = plan_chunks(length, CHUNK, BORDER)
        owner = stitch(plan, np.broadcast_to(plan.starts[:, None], (len(plan), CHUNK)))
        assert np.array_equal(owner, authors_owner(length)), length


def test_plan_chunks_padded_uses_centres_alone() -> None:
    for length in (1, 80, 160, 161, 240, 500, 5400, 5555):
        plan = plan_chunks(length, CHUNK, BORDER, pad_period=True)
        position = stitch(plan, np.tile(np.arange(CHUNK), (len(plan), 1)))
        assert position.min() >= BORDER
        assert position.max() < CHUNK - BORDER


def test_frame_index_padding_repeats_end_frames() -> None:
    plan = plan_chunks(500, CHUNK, BORDER, pad_period=True)
    shown = plan.frame_index()
    assert shown[0].tolist() == [0] * 40 + list(range(200))
    assert shown[-1].tolist() == [*range(300, 500), *[499] * 40]
    short = plan_chunks(3, 10, 2).frame_index()
    assert short.tolist() == [[0, 1, 2, 2, 2, 2, 2, 2, 2, 2]]


def test_plan_chunks_count_is_minimal() -> None:
    for length in (1, 240, 241, 400, 401, 5400):
        plan = plan_chunks(length, CHUNK, BORDER)
        assert len(plan) == 1 + max(0, -(-(length - CHUNK) // 160))
        assert len(plan) == len(plan.frame_index())


def test_stitch_keeps_type_and_further_axes() -> None:
    plan = plan_chunks(300, CHUNK, BORDER)
    values = np.stack([plan.frame_index(), -plan.frame_index()], axis=-1).astype(np.float32)
    stitched = stitch(plan, values)
    assert stitched.dtype == np.float32
    assert np.array_equal(stitched, np.stack([np.arange(300), -np.arange(300)], axis=-1))
    with pytest.raises(ValueError, match="zip"):
        stitch(plan, values[:-1])


@pytest.mark.parametrize(
    ("attempt", "message"),
    [
        (lambda: plan_chunks(100, 80, 40), "leave nothing of a chunk of 80"),
        (lambda: plan_chunks(100, 80, -1), "use a longer chunk"),
        (lambda: plan_chunks(0, 240, 40), "without frames"),
    ],
)
def test_plan_chunks_impossible_sizes_are_refused(
    attempt: Callable[[], ChunkPlan], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        attempt()
