"""Names of splits, and what is offered where one does not fit."""

from pathlib import Path

import pytest

from spotkick.datasets.splits import read_split_matches
from spotkick.errors import InputError


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
