import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spotkick.errors import ConfigError
from spotkick.localization.segment_grid import SegmentGrid


@st.composite
def grids(draw: st.DrawFn) -> SegmentGrid:
    steps = draw(st.integers(1, 12))
    return SegmentGrid(steps, draw(st.integers(1, steps)))


@settings(deadline=None, max_examples=30)
@given(grids())
def test_valid_mask_holds_where_segment_ends_inside_video(grid: SegmentGrid) -> None:
    mask = grid.valid_mask()
    assert mask.shape == (grid.max_duration_steps, grid.num_steps)
    for (row, start), valid in np.ndenumerate(mask):
        assert valid == (start + row + 1 <= grid.num_steps)


@settings(deadline=None, max_examples=30)
@given(grids())
def test_cells_no_segment_leaves_video(grid: SegmentGrid) -> None:
    steps = grid.num_steps
    rows, starts = grid.cells()
    assert (rows + 1 + starts <= steps).all()
    assert len(rows) == sum(steps - row for row in range(grid.max_duration_steps))


def test_cells_are_listed_row_by_row() -> None:
    rows, starts = SegmentGrid(3, 2).cells()
    assert rows.tolist() == [0, 0, 0, 1, 1]
    assert starts.tolist() == [0, 1, 2, 0, 1]


def test_segment_grid_sizes_that_do_not_fit_is_config_error() -> None:
    with pytest.raises(
        ConfigError, match="max_duration_steps must lie between 1 and num_steps = 5"
    ):
        SegmentGrid(5, 6)
