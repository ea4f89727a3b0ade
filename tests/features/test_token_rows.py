import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spotkick.errors import InputError
from spotkick.features.token_rows import (
    FIRST_SLOT,
    NEIGHBOURS,
    check_rows,
    count_slots,
    pack_rows,
    row_width,
    unpack_ids,
)


def reference_rows(ids: list[int], bins: list[int], num_bins: int, slots: int) -> np.ndarray:
    """Token by token, with lists."""
    own: list[list[int]] = [[] for _ in range(num_bins)]
    for token, place in zip(ids, bins, strict=True):
        target = own[min(place, num_bins - 1)]
        if len(target) < slots:
            target.append(token)
    rows = []
    for index, tokens in enumerate(own):
        before = [token for earlier in own[:index] for token in earlier][-NEIGHBOURS:]
        after = [token for later in own[index + 1 :] for token in later][:NEIGHBOURS]
        row = [len(tokens), *[0] * (NEIGHBOURS - len(before)), *before, *tokens, *after]
        rows.append(row + [0] * (row_width(slots) - len(row)))
    return np.array(rows)


@given(
    st.lists(st.tuples(st.integers(0, 7), st.integers(1, 99)), max_size=30),
    st.integers(1, 7),
    st.integers(1, 5),
)
def test_pack_rows_any_tokens_equals_reference(
    pairs: list[tuple[int, int]], num_bins: int, slots: int
) -> None:
    bins, ids = [bin_ for bin_, _ in sorted(pairs)], [token for _, token in sorted(pairs)]
    rows = pack_rows(
        np.array(ids, dtype=np.int64), np.array(bins, dtype=np.int64), num_bins, slots=slots
    )
    expected = reference_rows(ids, bins, num_bins, slots)
    np.testing.assert_array_equal(rows, expected)
    assert rows.dtype == np.int16
    own = [row[FIRST_SLOT : FIRST_SLOT + row[0]] for row in expected]
    np.testing.assert_array_equal(unpack_ids(rows), np.concatenate(own))


def test_pack_rows_largest_id_is_kept() -> None:
    rows = pack_rows(np.array([32767]), np.array([0]), 1, slots=2)
    assert rows.tolist() == [[1, 0, 0, 0, 32767, 0, 0, 0, 0]]
    assert count_slots(rows.shape[1]) == 2


@pytest.mark.parametrize("value", [-1, 9])
def test_check_rows_unknown_id_is_input_error(value: int) -> None:
    rows = pack_rows(np.array([3, 8]), np.array([0, 1]), 3, slots=2)
    check_rows(rows, 9, "here")
    rows[1, FIRST_SLOT] = value
    with pytest.raises(InputError, match="here: row 1 holds no token ids"):
        check_rows(rows, 9, "here")


def test_check_rows_too_many_own_tokens_is_input_error() -> None:
    rows = np.zeros((1, row_width(2)), dtype=np.int16)
    rows[0, 0] = 3
    with pytest.raises(InputError, match="row 0"):
        check_rows(rows, 9, "here")
