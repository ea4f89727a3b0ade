from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spotkick.errors import InputError
from spotkick.features.tracks import write_track
from spotkick.localization.features import (
    find_video_features,
    read_video_features,
    rescale_features,
)


def write_csv(path: Path, rows: list[list[float]]) -> Path:
    header = ",".join(f"f{index}" for index in range(len(rows[0])))
    path.write_text(header + "\n" + "".join(",".join(map(str, row)) + "\n" for row in rows))
    return path


def test_read_video_features_csv_and_npy_are_equal(tmp_path: Path) -> None:
    rows = [[0.5, 1.0, -2.0], [3.0, 4.5, 1e-3]]
    write_track(np.array(rows, dtype=np.float32), tmp_path / "b.npy")
    from_csv, from_npy = (
        read_video_features(write_csv(tmp_path / "a.csv", rows)),
        read_video_features(tmp_path / "b.npy"),
    )
    np.testing.assert_array_equal(from_csv, from_npy)
    assert from_csv.dtype == np.float32


@pytest.mark.parametrize("content", ["", "f0,f1\n", "f0,f1\n1,2\n3\n", "f0,f1\n1,x\n"])
def test_read_video_features_malformed_table_is_input_error(tmp_path: Path, content: str) -> None:
    (tmp_path / "a.csv").write_text(content)
    with pytest.raises(InputError, match=r"a\.csv: not a table of features"):
        read_video_features(tmp_path / "a.csv")


def test_read_video_features_infinite_value_is_input_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="frame 1 holds NaN or infinity"):
        read_video_features(write_csv(tmp_path / "a.csv", [[1.0, 2.0], [float("nan"), 0.0]]))


def test_find_video_features_finds_file_by_video_name(tmp_path: Path) -> None:
    write_csv(tmp_path / "v_abc.csv", [[1.0]])
    assert find_video_features(tmp_path, "abc").name == "v_abc.csv"
    write_track(np.ones((2, 1), dtype=np.float32), tmp_path / "abc.npy")
    assert find_video_features(tmp_path, "abc").name == "abc.npy"
    with pytest.raises(InputError, match="no features of video 'other'"):
        find_video_features(tmp_path, "other")
    with pytest.raises(InputError, match="cannot be the name of a feature file"):
        find_video_features(tmp_path, "../abc")


def literal_rescale(values: np.ndarray, num_steps: int) -> np.ndarray:
    """The pooling of the public script, for videos with at least as many frames as steps."""
    centres = np.arange(len(values)) + 0.5
    rows = []
    for step in range(num_steps):
        first = max(centres[0], step / num_steps * len(values))
        last = min(centres[-1], (step + 1) / num_steps * len(values))
        times = [first + (last - first) * index / 2 for index in range(3)]
        rows.append(
            np.mean(
                [[np.interp(time, centres, column) for column in values.T] for time in times],
                axis=0,
            )
        )
    return np.array(rows)


@settings(deadline=None, max_examples=30)
@given(st.integers(1, 9), st.integers(1, 12))
def test_rescale_features_stays_within_range_of_values(num_steps: int, frames: int) -> None:
    values = np.random.default_rng(frames).normal(size=(frames, 2))
    result = rescale_features(values, num_steps)
    assert result.shape == (num_steps, 2)
    assert result.min() >= values.min() - 1e-6
    assert result.max() <= values.max() + 1e-6


def test_rescale_features_inner_steps_equal_public_script() -> None:
    values = np.random.default_rng(0).normal(size=(37, 3))
    np.testing.assert_allclose(
        rescale_features(values, 10)[1:-1], literal_rescale(values, 10)[1:-1], atol=1e-6
    )


def test_rescale_features_ramp_stays_ramp() -> None:
    ramp = np.arange(400, dtype=np.float64)[:, None]
    np.testing.assert_allclose(
        rescale_features(ramp, 100)[1:-1, 0], np.arange(1, 99) * 4 + 1.5, atol=1e-4
    )


def test_rescale_features_wanted_length_is_left_alone() -> None:
    values = np.random.default_rng(0).normal(size=(10, 3)).astype(np.float32)
    np.testing.assert_array_equal(rescale_features(values, 10), values)


def test_rescale_features_no_frames_is_input_error() -> None:
    with pytest.raises(InputError, match=r"must have the shape \(frames, dim\), got \(0, 3\)"):
        rescale_features(np.zeros((0, 3)), 10)
