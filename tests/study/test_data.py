"""Data sets of a study: files, halves, fewer matches, moved labels."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from spotkick.errors import InputError
from spotkick.study.data import read_study_data, write_study_data
from spotkick.study.synthetic import SyntheticConfig, make_synthetic

DATA = make_synthetic("toy", SyntheticConfig(train_matches=5, held_matches=7, period_s=200))


def test_study_data_survives_a_round_trip(tmp_path: Path) -> None:
    write_study_data(DATA, tmp_path / "toy.npz")
    again = read_study_data(tmp_path / "toy.npz")
    assert (again.name, again.classes, again.matches) == (DATA.name, DATA.classes, DATA.matches)
    assert again.frame_rate == DATA.frame_rate
    for name in ("features", "starts", "period_match", "period_number", "is_held", "actions"):
        np.testing.assert_array_equal(getattr(again, name), getattr(DATA, name))


@pytest.mark.parametrize("content", [None, b"", b"PK nothing"])
def test_read_study_data_damaged_file_is_one_line(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "x.npz").write_bytes(content)
    with pytest.raises(InputError, match=r"x\.npz"):
        read_study_data(tmp_path / "x.npz")


def test_checksum_survives_the_file_and_sees_every_change(tmp_path: Path) -> None:
    write_study_data(DATA, tmp_path / "toy.npz")
    assert read_study_data(tmp_path / "toy.npz").checksum() == DATA.checksum()
    other = (
        DATA.jitter_training(1.0, seed=1),
        replace(DATA, is_held=~DATA.is_held),
        replace(DATA, features=DATA.features + np.float16(1)),
        replace(DATA, classes=DATA.classes[::-1]),
    )
    assert len({DATA.checksum(), *(data.checksum() for data in other)}) == 5


def test_halves_part_the_held_matches() -> None:
    first, second = DATA.halves()
    assert sorted(first + second) == np.flatnonzero(DATA.is_held).tolist()
    assert len(first) == 3


def test_jitter_training_moves_training_labels_alone() -> None:
    moved = DATA.jitter_training(2.0, seed=4)
    held = DATA.is_held[DATA.period_match[DATA.actions[:, 0]]]
    shift_ms = (moved.actions - DATA.actions)[:, 2]
    assert not shift_ms[held].any()
    assert 1000 < shift_ms[~held].std() < 3000
    assert DATA.jitter_training(0.0, seed=4) is DATA
    assert not np.array_equal(moved.actions, DATA.jitter_training(2.0, seed=5).actions)


def test_reduce_training_keeps_held_matches_and_their_labels() -> None:
    fewer = DATA.reduce_training(2, seed=1)
    assert len(fewer.periods(held=False)) == 2
    matches = tuple(np.flatnonzero(DATA.is_held).tolist())
    assert fewer.labels(matches) == DATA.labels(matches)
    period = int(fewer.periods(held=True)[0])
    original = int(np.flatnonzero(DATA.period_match == fewer.period_match[period])[0])
    np.testing.assert_array_equal(
        fewer.features[fewer.starts[period] : fewer.starts[period + 1]],
        DATA.features[DATA.starts[original] : DATA.starts[original + 1]],
    )


def test_without_training_keeps_labels_and_halves() -> None:
    held = DATA.without_training()
    assert len(held.features) == 0
    assert held.halves() == DATA.halves()
    assert held.labels(held.halves()[0]) == DATA.labels(DATA.halves()[0])


@pytest.mark.parametrize(("trace", "early", "late"), [("instant", 1, 0), ("aftermath", 0, 1)])
def test_make_synthetic_plants_traces_where_the_configuration_says(
    trace: str, early: int, late: int
) -> None:
    config = SyntheticConfig.parse(
        {"trace": trace, "strength": 8.0, "distractors_per_action": 0.01, "train_matches": 4}
    )
    data = make_synthetic("toy", config)
    frames = data.action_frames()
    energy = np.square(data.features.astype(np.float64)).sum(axis=1)
    places = data.starts[data.actions[:, 0]] + frames
    assert (np.median(energy[places]) > 40) == bool(early)
    assert (np.median(energy[places + 6]) > 40) == bool(late)
