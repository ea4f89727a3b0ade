"""Segmentation scores: what is written comes back, what is damaged is refused."""

import contextlib
import io
import zipfile
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spotkick.errors import InputError, StorageError
from spotkick.formats.scores import (
    SCORES_FILE,
    MatchScores,
    read_scores,
    read_scores_outline,
    write_scores,
)

CLASSES = ("goal", "card", "substitution")


def planted(
    frames: tuple[int, ...] = (5401, 5555), classes: tuple[str, ...] = CLASSES
) -> MatchScores:
    random = np.random.default_rng(0)
    periods = {
        period: random.random((length, len(classes))).astype(np.float32)
        for period, length in enumerate(frames, start=1)
    }
    return MatchScores("league/2016/a - b", classes, Fraction(2), periods)


def members(**changes: Any) -> dict[str, npt.NDArray[Any]]:
    """The arrays of a good file, some replaced, None left out."""
    arrays: dict[str, Any] = {
        "classes": np.array(CLASSES),
        "frame_rate": np.array([2, 1]),
        "scores_1": np.full((4, 3), 0.5, dtype=np.float16),
        **changes,
    }
    return {name: array for name, array in arrays.items() if array is not None}


@pytest.fixture
def saved(tmp_path: Path) -> Callable[..., Path]:
    def save(**changes: Any) -> Path:
        path = tmp_path / "league" / "match" / SCORES_FILE
        path.parent.mkdir(parents=True, exist_ok=True)
        np.savez_compressed(path, **members(**changes), allow_pickle=True)
        return path

    return save


def test_write_scores_come_back_to_three_digits(tmp_path: Path) -> None:
    scores = planted()
    write_scores(tmp_path / "a" / SCORES_FILE, scores)
    back = read_scores(tmp_path / "a" / SCORES_FILE, scores.match)
    assert (back.match, back.classes, back.frame_rate, list(back.periods)) == (
        scores.match,
        CLASSES,
        Fraction(2),
        [1, 2],
    )
    for period, values in scores.periods.items():
        assert back.periods[period].dtype == np.float32
        np.testing.assert_allclose(back.periods[period], values, rtol=0, atol=2.5e-4)


@given(
    rate=st.fractions(min_value=Fraction(1, 100), max_value=1000, max_denominator=2000),
    classes=st.lists(
        st.text("abé ->", min_size=1).filter(str.strip), min_size=1, max_size=4, unique=True
    ),
    lengths=st.dictionaries(st.integers(1, 9), st.integers(0, 7), max_size=3),
)
@settings(deadline=None, max_examples=50)
def test_write_scores_names_and_rates_come_back_exactly(
    tmp_path_factory: pytest.TempPathFactory,
    rate: Fraction,
    classes: list[str],
    lengths: dict[int, int],
) -> None:
    path = tmp_path_factory.getbasetemp() / "round" / SCORES_FILE
    periods = {
        period: np.eye(length, len(classes), dtype=np.float32) for period, length in lengths.items()
    }
    write_scores(path, MatchScores("m", tuple(classes), rate, periods))
    back = read_scores(path)
    assert (back.match, back.classes, back.frame_rate) == ("round", tuple(classes), rate)
    assert list(back.periods) == sorted(lengths)
    for period, values in periods.items():
        assert np.array_equal(back.periods[period], values)


def test_write_scores_one_period_takes_little_space(tmp_path: Path) -> None:
    write_scores(tmp_path / SCORES_FILE, planted((6000,)))
    with np.load(tmp_path / SCORES_FILE) as arrays:
        assert sorted(arrays.files) == ["classes", "frame_rate", "scores_1"]
        assert arrays["scores_1"].dtype == np.float16
        assert arrays["frame_rate"].tolist() == [2, 1]


def test_write_scores_full_disk_leaves_the_former_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / SCORES_FILE
    write_scores(path, planted((4,)))
    before = path.read_bytes()

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(StorageError, match="No space left"):
        write_scores(path, planted((5,)))
    monkeypatch.undo()
    assert path.read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir()] == [SCORES_FILE]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"classes": None}, "not a file of segmentation scores"),
        ({"frame_rate": None}, "not a file of segmentation scores"),
        ({"frame_rate": np.array([2, 0])}, "not a file of segmentation scores"),
        ({"frame_rate": np.array([2, 1, 1])}, "not a file of segmentation scores"),
        ({"frame_rate": np.array(2)}, "not a file of segmentation scores"),
        ({"frame_rate": np.array([float("inf"), 1])}, "not a file of segmentation scores"),
        ({"frame_rate": np.array([-2, 1])}, "frame_rate must be positive"),
        ({"frame_rate": np.array([0, 1])}, "frame_rate must be positive"),
        ({"classes": np.array("goal")}, "not a file of segmentation scores"),
        ({"classes": np.array(["goal", "card"])}, r"shape \(4, 3\), expected \(frames, 2\)"),
        ({"scores_1": np.zeros(4, dtype=np.float16)}, r"shape \(4,\), expected \(frames, 3\)"),
        ({"scores_x": np.zeros((4, 3))}, "not a file of segmentation scores"),
        ({"scores_1": np.array([["a", "b", "c"]])}, "not a file of segmentation scores"),
        ({"scores_1": np.array([[{}, 1, 2]], dtype=object)}, "not a file of segmentation scores"),
        (
            {"classes": np.array(["goal", "card", None], dtype=object)},
            "not a file of segmentation scores",
        ),
    ],
)
def test_read_scores_unfitting_arrays_are_refused(
    changes: dict[str, Any], message: str, saved: Callable[..., Path]
) -> None:
    path = saved(**changes)
    with pytest.raises(InputError, match=message) as caught:
        read_scores(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def archive(**contents: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as written:
        for name, content in contents.items():
            written.writestr(f"{name}.npy", content)
    return buffer.getvalue()


def npy(array: npt.NDArray[Any]) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array)
    return buffer.getvalue()


def with_header(header: bytes) -> bytes:
    """A file of scores whose array of scores has a header of its own."""
    padded = header + b" " * (117 - len(header)) + b"\n"
    good = {name: npy(array) for name, array in members().items()}
    return archive(
        **{**good, "scores_1": b"\x93NUMPY\x01\x00" + len(padded).to_bytes(2, "little") + padded}
    )


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"PK\x03\x04",
        b"scores",
        npy(np.zeros(3)),
        archive(classes=b"no array"),
        with_header(b"{'descr': '<f2', 'fortran_order': False, 'shape': (1000000000000, 3), }"),
        with_header(
            b"{'descr': '<f2', 'fortran_order': False, 'shape': (10000000000000000000000, 3), }"
        ),
        with_header(b"{'descr': '<f2', 'fortran_order': False, 'shape': (-1, 3), }"),
        with_header(b"{'descr': '<f2', 'fortran_order': False, 'shape': (4, 3), "),
        with_header(b"{'descr': '<f2', 'fortran_order': False, 'shape': " + b"(" * 60),
        with_header(b"__import__('os').abort()"),
        with_header(b"\xff\xfe"),
    ],
    ids=[
        "empty",
        "stub",
        "text",
        "npy",
        "no array",
        "vast",
        "vaster",
        "negative",
        "open",
        "deep",
        "code",
        "bytes",
    ],
)
def test_read_scores_damaged_file_is_refused(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / SCORES_FILE
    path.write_bytes(content)
    with pytest.raises(InputError) as caught:
        read_scores(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_read_scores_unsafe_archive_is_not_unpacked(tmp_path: Path) -> None:
    path = tmp_path / SCORES_FILE
    path.write_bytes(
        archive(**{name: npy(array) for name, array in members().items()}, **{"../outside": b""})
    )
    with pytest.raises(InputError, match="points outside the archive"):
        read_scores(path)


def test_read_scores_outline_has_the_shapes_of_the_scores(tmp_path: Path) -> None:
    path = tmp_path / "game" / SCORES_FILE
    write_scores(path, planted((30, 20)))
    outline, scores = read_scores_outline(path), read_scores(path)
    assert (outline.match, outline.classes) == ("game", scores.classes)
    assert outline.frame_rate == scores.frame_rate
    shapes = {period: values.shape for period, values in outline.periods.items()}
    assert shapes == {period: values.shape for period, values in scores.periods.items()}
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(InputError, match="not a file of segmentation scores"):
        read_scores_outline(path)


def test_read_scores_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        read_scores(tmp_path / SCORES_FILE)
    with pytest.raises(InputError, match="this is a folder"):
        read_scores(tmp_path)


def test_read_scores_changed_or_missing_bytes_are_refused(tmp_path: Path) -> None:
    """Any single changed byte is either noticed or harmless, and never raises anything else."""
    path = tmp_path / SCORES_FILE
    write_scores(path, planted((30, 20)))
    good = path.read_bytes()
    random = np.random.default_rng(0)
    damaged = [good[: len(good) * part // 20] for part in range(20)]
    for place in random.choice(len(good), 400, replace=False):
        changed = bytearray(good)
        changed[place] ^= int(random.integers(1, 256))
        damaged.append(bytes(changed))
    refused = 0
    for content in damaged:
        path.write_bytes(content)
        with contextlib.suppress(InputError):
            read_scores(path)
            continue
        refused += 1
    assert refused > 300
