import json
from pathlib import Path

import numpy as np
import pytest

from spotkick.errors import InputError
from spotkick.study.peaks import Peaks
from spotkick.study.results import read_result, write_result
from spotkick.study.scoring import LEVELS

LEVELS_OF_PEAKS = np.array([[[[0, 1, LEVELS]]]])
"""(networks, periods, classes, peaks)"""

POSITIONS_MS = np.array([[[[700, 12_480, 3_129_961]]]], dtype=np.int32)


def test_read_result_written_result_has_the_same_milliseconds(tmp_path: Path) -> None:
    confidences = ((LEVELS_OF_PEAKS - 0.5).clip(min=0) / LEVELS).astype(np.float32)
    write_result(tmp_path / "a-0.npz", {"seed": 0}, Peaks(POSITIONS_MS, confidences))
    description, peaks = read_result(tmp_path / "a-0.npz")
    assert description == {"seed": 0}
    np.testing.assert_allclose(peaks.confidences, confidences)
    # where there is no peak there is no position
    assert peaks.positions_ms.tolist() == [[[[0, 12_480, 3_129_961]]]]


def test_read_result_early_version_has_tenths_of_a_second(tmp_path: Path) -> None:
    np.savez_compressed(
        tmp_path / "a-0.npz",
        description=np.array(json.dumps({"seed": 1})),
        tenths=(POSITIONS_MS // 100).astype(np.uint16),
        levels=LEVELS_OF_PEAKS.astype(np.uint8),
    )
    description, peaks = read_result(tmp_path / "a-0.npz")
    assert description == {"seed": 1}
    assert peaks.positions_ms.tolist() == [[[[700, 12_400, 3_129_900]]]]


def test_read_result_damaged_file_is_input_error(tmp_path: Path) -> None:
    (tmp_path / "a-0.npz").write_bytes(b"cut off")
    with pytest.raises(InputError, match="run the plan again"):
        read_result(tmp_path / "a-0.npz")
