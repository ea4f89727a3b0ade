from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from spotkick.errors import CheckpointError, InputError
from spotkick.features.tracks import (
    FeatureSource,
    FeatureTrack,
    feature_name,
    find_source,
    fingerprint,
    read_track,
    write_source,
    write_track,
)
from spotkick.files import write_json

SOURCE = FeatureSource("probe", 3, Fraction(25, 2), "commentary", "abc")


@pytest.fixture
def values() -> np.ndarray:
    return np.arange(12, dtype=np.float32).reshape(4, 3)


@pytest.mark.parametrize("dtype", [np.float16, np.float32])
def test_write_track_round_trip_keeps_type(tmp_path: Path, values: np.ndarray, dtype: type) -> None:
    write_track(values.astype(dtype), tmp_path / "game" / "1_probe.npy")
    track = read_track(tmp_path / "game" / "1_probe.npy")
    assert track.values.dtype == dtype
    np.testing.assert_array_equal(track.values, values)
    assert isinstance(track.values, np.memmap)
    assert (track.source.name, track.source.dim, track.source.frame_rate) == ("probe", 3, 2)
    assert (len(track), track.duration_s) == (4, 2.0)
    assert [path.name for path in (tmp_path / "game").iterdir()] == ["1_probe.npy"]


def test_rows_beyond_the_ends_repeat_vectors_and_hold_no_tokens(values: np.ndarray) -> None:
    frames = np.array([[-2, 0], [3, 9]])
    vectors = FeatureTrack(values, SOURCE).rows(frames)
    np.testing.assert_array_equal(vectors, values[[[0, 0], [3, 3]]])
    tokens = FeatureTrack(values, FeatureSource("tokens", 3, num_ids=20)).rows(frames)
    np.testing.assert_array_equal(tokens[[0, 1], [1, 0]], values[[0, 3]])
    assert not tokens[[0, 1], [0, 1]].any()


def test_read_track_token_ids_are_whole_numbers_of_a_stated_source(tmp_path: Path) -> None:
    ids = np.full((3, 8), 6000, dtype=np.int16)
    ids[:, 0] = 1
    source = FeatureSource("tokens", 8, Fraction(1, 2), "tokens", "abc", num_ids=6250)
    write_source(source, tmp_path)
    write_track(ids, tmp_path / "1_tokens.npy")
    track = read_track(tmp_path / "1_tokens.npy")
    track.require_finite()
    np.testing.assert_array_equal(track.values, ids)
    assert track.source == source

    write_track(ids.astype(np.float16), tmp_path / "2_tokens.npy")
    with pytest.raises(InputError, match="must be int16 of shape"):
        read_track(tmp_path / "2_tokens.npy")
    write_track(ids + 250, tmp_path / "2_tokens.npy")
    with pytest.raises(InputError, match="row 0 holds no token ids of this vocabulary of 6250"):
        read_track(tmp_path / "2_tokens.npy").require_finite()


def test_release_keeps_values(tmp_path: Path, values: np.ndarray) -> None:
    write_track(values, tmp_path / "1_probe.npy")
    track = read_track(tmp_path / "1_probe.npy")
    before = np.array(track.values)
    track.release()
    np.testing.assert_array_equal(track.values, before)
    FeatureTrack(values, SOURCE).release()  # an array in memory has nothing to give back


def test_read_track_periods_may_differ_in_length(tmp_path: Path) -> None:
    for period, frames in ((1, 5400), (2, 5761)):
        write_track(np.zeros((frames, 2), dtype=np.float16), tmp_path / f"{period}_x.npy")
    assert [len(read_track(tmp_path / f"{period}_x.npy")) for period in (1, 2)] == [5400, 5761]


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.zeros(6, dtype=np.float32), r"shape \(frames, dim\), found float32 of shape \(6,\)"),
        (np.zeros((2, 3, 4), dtype=np.float32), r"shape \(2, 3, 4\)"),
        (np.zeros((2, 3), dtype=np.int16), "float16 or float32.*found int16"),
        (np.zeros((2, 3), dtype=np.float64), r"found float64.*values\.astype\(np\.float32\)"),
        (np.zeros((0, 3), dtype=np.float32), "no frames"),
        (np.zeros((3, 0), dtype=np.float32), "no frames or no values"),
    ],
)
def test_read_track_wrong_shape_or_type_is_input_error(
    tmp_path: Path, array: np.ndarray, message: str
) -> None:
    np.save(tmp_path / "1_x.npy", array)
    with pytest.raises(InputError, match=message):
        read_track(tmp_path / "1_x.npy")


def test_read_track_python_objects_are_never_unpickled(tmp_path: Path) -> None:
    class Payload:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return (Path.touch, (tmp_path / "executed",))  # what an attacker would write

    np.save(tmp_path / "1_x.npy", np.array([[Payload()]], dtype=object), allow_pickle=True)
    with pytest.raises(InputError, match="holds Python objects"):
        read_track(tmp_path / "1_x.npy")
    assert not (tmp_path / "executed").exists()


@pytest.mark.parametrize("keep_bytes", [0, 5, 60, 128, 150])
def test_read_track_truncated_file_is_input_error(
    tmp_path: Path, values: np.ndarray, keep_bytes: int
) -> None:
    path = tmp_path / "1_x.npy"
    write_track(values, path)
    assert path.stat().st_size > 150
    path.write_bytes(path.read_bytes()[:keep_bytes])
    with pytest.raises(InputError, match=r"1_x\.npy: not a readable \.npy feature file"):
        read_track(path)


def test_read_track_archive_is_input_error(tmp_path: Path, values: np.ndarray) -> None:
    with (tmp_path / "1_x.npy").open("wb") as file:
        np.savez(file, values)
    with pytest.raises(InputError, match="archive of arrays"):
        read_track(tmp_path / "1_x.npy")


def test_read_track_missing_file_is_input_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such feature file; make it with 'spotkick features'"):
        read_track(tmp_path / "1_x.npy")
    with pytest.raises(InputError, match="no such feature file"):
        read_track(tmp_path)


def test_require_finite_names_first_bad_frame(values: np.ndarray) -> None:
    FeatureTrack(values, SOURCE).require_finite()
    values[2, 1], values[3, 0] = np.nan, np.inf
    with pytest.raises(
        InputError, match=r"game\.npy: frame 2 holds NaN or infinity \(2 of 4 frames do\)"
    ):
        FeatureTrack(values, SOURCE, "game.npy").require_finite()


def test_find_source_above_file_decides_width(tmp_path: Path, values: np.ndarray) -> None:
    write_source(SOURCE, tmp_path)
    path = tmp_path / "league" / "season" / "match" / "1_probe.npy"
    write_track(values, path)
    assert read_track(path).source == SOURCE
    assert find_source(tmp_path / "league" / "1_other.npy") is None
    write_track(values[:, :2].copy(), path)
    with pytest.raises(InputError, match="2 values per frame, but 'probe' features have 3"):
        read_track(path)
    with pytest.raises(InputError, match="2 values per frame"):
        read_track(path, source=SOURCE)


@pytest.mark.parametrize("change", [{"dim": "many"}, {"frame_rate": "0"}, {"frame_rate": None}])
def test_from_json_malformed_source_is_input_error(
    tmp_path: Path, change: dict[str, object]
) -> None:
    write_json(tmp_path / "probe.source" / "source.json", SOURCE.to_json() | change)
    with pytest.raises(InputError):
        find_source(tmp_path / "1_probe.npy")


def test_from_json_missing_field_is_input_error() -> None:
    described = SOURCE.to_json()
    assert FeatureSource.from_json(described, "here") == SOURCE
    del described["kind"]
    with pytest.raises(
        InputError, match=r"here: not a feature source description: KeyError 'kind'"
    ):
        FeatureSource.from_json(described, "here")


def test_from_json_no_object_is_input_error() -> None:
    with pytest.raises(InputError, match="not a feature source description"):
        FeatureSource.from_json(["probe"], "here")  # what a file may hold


def test_require_compatible_other_source_is_checkpoint_error() -> None:
    SOURCE.require_compatible(SOURCE, "x")
    SOURCE.require_compatible(
        FeatureSource("other", 3, Fraction(25, 2)), "x"
    )  # an unknown fingerprint is trusted
    for other, message in (
        (FeatureSource("probe", 4, Fraction(25, 2)), "4 values per frame, the checkpoint needs 3"),
        (FeatureSource("probe", 3, Fraction(2)), "2 frames per second, the checkpoint needs 25/2"),
        (FeatureSource("probe", 3, Fraction(25, 2), "file", "abd"), "another source"),
    ):
        with pytest.raises(CheckpointError, match=message):
            SOURCE.require_compatible(other, "x")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("1_a_b.npy", "a_b"),
        ("2_x.npy", "x"),
        ("clip.npy", "clip"),
        ("a_b.npy", "a_b"),
        ("1_.npy", "1_"),
    ],
)
def test_feature_name_is_part_after_period(name: str, expected: str) -> None:
    assert feature_name(Path("folder") / name) == expected


def test_fingerprint_keeps_parts_apart() -> None:
    assert fingerprint("ab", "c") != fingerprint("a", "bc") != fingerprint("abc")
    assert fingerprint("ab", b"c") == fingerprint(b"ab", "c")
    assert len(fingerprint()) == 64
