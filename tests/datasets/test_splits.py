"""Names of splits, and the features of their matches."""

import json
import warnings
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from spotkick.datasets.match_folder import MatchFolder
from spotkick.datasets.splits import match_tracks, read_split_matches
from spotkick.errors import InputError, SpotkickWarning
from spotkick.features.tracks import write_track


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "splits").mkdir()
    for name in ("train", "valid", "challenge"):
        (tmp_path / "splits" / f"{name}.txt").write_text(f"l/s/{name}\n")
    (tmp_path / "test.txt").write_text("l/s/test\n")
    return tmp_path


def test_read_split_matches_name_or_file_gives_its_matches(root: Path) -> None:
    assert read_split_matches(root, "valid") == ("l/s/valid",)
    assert read_split_matches(root, "test") == ("l/s/test",)
    assert read_split_matches(root, str(root / "splits/train.txt")) == ("l/s/train",)


@pytest.mark.parametrize(
    ("split", "hint"),
    [
        ("val", "did you mean 'valid'"),
        ("validation", "did you mean 'valid'"),
        ("tset", "did you mean 'test'"),
        ("xyz", "there are challenge, test, train, valid"),
    ],
)
def test_read_split_matches_unknown_name_offers_the_nearest(
    root: Path, split: str, hint: str
) -> None:
    with pytest.raises(InputError, match=hint):
        read_split_matches(root, split)


def test_read_split_matches_no_splits_at_all_offers_none(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"as valid\.txt$"):
        read_split_matches(tmp_path, "valid")


def make_match(root: Path, lengths: dict[int, int], labelled: tuple[int, ...] = ()) -> MatchFolder:
    folder = MatchFolder(root, "cup/final")
    for period, frames in lengths.items():
        write_track(np.ones((frames, 2), np.float16), folder.path / f"{period}_mine.npy")
    if labelled:
        rows = [{"gameTime": f"{p} - 00:01", "label": "x", "position": "1000"} for p in labelled]
        (folder.path / "Labels-v2.json").write_text(json.dumps({"annotations": rows}))
    return folder


def read_tracks(folder: MatchFolder) -> dict[int, int]:
    tracks = match_tracks(folder, "mine", frame_rate=Fraction(2))
    return {period: len(track) for period, track in tracks.items()}


@pytest.mark.parametrize(
    ("lengths", "labelled"),
    [({1: 40, 2: 50}, ()), ({1: 40}, (1,)), ({1: 40, 2: 40, 3: 9, 4: 9}, (1, 2, 3, 4))],
)
def test_match_tracks_complete_match_gives_all_periods(
    tmp_path: Path, lengths: dict[int, int], labelled: tuple[int, ...]
) -> None:
    folder = make_match(tmp_path, lengths, labelled)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert read_tracks(folder) == lengths


@pytest.mark.parametrize(
    ("lengths", "labelled", "missing"),
    [
        ({1: 40}, (), "half 2"),
        ({2: 40}, (1, 2), "half 1"),
        ({1: 40, 2: 40}, (1, 2, 3, 4), "period 3 and 4"),
    ],
)
def test_match_tracks_missing_period_is_reported(
    tmp_path: Path, lengths: dict[int, int], labelled: tuple[int, ...], missing: str
) -> None:
    folder = make_match(tmp_path, lengths, labelled)
    with pytest.warns(SpotkickWarning, match=f"features of {missing} are missing"):
        assert read_tracks(folder) == lengths


def test_match_tracks_half_that_is_cut_off_is_reported(tmp_path: Path) -> None:
    with pytest.warns(SpotkickWarning, match="have 40 and 100 frames"):
        read_tracks(make_match(tmp_path, {1: 40, 2: 100}))


def test_match_tracks_without_features_names_those_there_are(tmp_path: Path) -> None:
    folder = make_match(tmp_path, {1: 40})
    with pytest.raises(InputError, match=r"no features .*it has mine"):
        match_tracks(folder, "other", frame_rate=Fraction(2))
