from pathlib import Path

import numpy as np
import pytest

from spotkick.live.feature_file import FeatureFile


def rows_of(first: int, count: int) -> np.ndarray:
    return np.arange(first, first + count, dtype=np.float32)[:, None] * np.ones(3, np.float32)


def test_feature_file_reopened_has_the_newest_rows(tmp_path: Path) -> None:
    file = FeatureFile(tmp_path, "net", 3, kept=10)
    for start in range(0, 95, 5):
        file.write(start, rows_of(start, 5))
    again = FeatureFile(tmp_path, "net", 3, kept=10)
    assert again.end == 95
    assert 10 <= len(again.read()) <= 25
    np.testing.assert_array_equal(again.read(), rows_of(again.first, 95 - again.first))
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize("cut", [1, 11])
def test_feature_file_row_that_was_cut_off_is_dropped(tmp_path: Path, cut: int) -> None:
    file = FeatureFile(tmp_path, "net", 3, kept=10)
    file.write(0, rows_of(0, 4))
    file.path.write_bytes(file.path.read_bytes()[:-cut])
    again = FeatureFile(tmp_path, "net", 3, kept=10)
    assert again.end == 3
    again.write(3, rows_of(3, 2))
    np.testing.assert_array_equal(again.read(), rows_of(0, 5))


def test_feature_file_rows_written_again_replace_those_behind(tmp_path: Path) -> None:
    file = FeatureFile(tmp_path, "net", 3, kept=10)
    file.write(0, rows_of(0, 6))
    file.write(4, rows_of(100, 3))
    np.testing.assert_array_equal(file.read(), np.concatenate([rows_of(0, 4), rows_of(100, 3)]))
    assert file.end == 7
