"""Names of matches."""

from pathlib import Path

import pytest

from spotkick.actions import Action, MatchActions
from spotkick.datasets.match_names import name_match_folder, pair_match_names
from spotkick.errors import InputError
from spotkick.formats.soccernet import write_labels


def make(root: Path, name: str) -> Path:
    (root / name).mkdir(parents=True)
    return root / name


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("england_epl/2016-2017/City - United", "england_epl/2016-2017/City - United"),
        ("archive/liga/2024/match", "liga/2024/match"),
        ("friendlies/match 12", "match 12"),
        ("x/y/z", "z"),
        ("recordings/20190412/match", "match"),
    ],
)
def test_name_match_folder_from_the_path_alone(tmp_path: Path, name: str, expected: str) -> None:
    assert name_match_folder(make(tmp_path / "root", name)) == expected


@pytest.mark.parametrize("marker", ["splits", "ResNET.source"])
@pytest.mark.parametrize("name", ["a", "a/b", "a/b/c", "a/2019/c", "a/b/c/d"])
def test_name_match_folder_from_the_root_of_its_tree(
    tmp_path: Path, marker: str, name: str
) -> None:
    folder = make(tmp_path, name)
    (tmp_path / marker).mkdir()
    assert name_match_folder(folder) == name


@pytest.mark.parametrize(
    ("stated", "expected"),
    [
        ("cup/u19/m", "cup/u19/m"),
        ("u19/m/", "u19/m"),
        ("other/u19/m", "m"),
        ("/somewhere/cup/u19/m", "m"),
    ],
)
def test_name_match_folder_from_url_local_where_the_path_agrees(
    tmp_path: Path, stated: str, expected: str
) -> None:
    folder = make(tmp_path, "cup/u19/m")
    write_labels(folder / "Labels-v2.json", MatchActions(stated, (Action("Goal", 1, 0),)))
    assert name_match_folder(folder) == expected


def test_name_match_folder_with_damaged_labels_falls_back(tmp_path: Path) -> None:
    folder = make(tmp_path, "cup/u19/m")
    (folder / "Labels-v2.json").write_text("{")
    assert name_match_folder(folder) == "m"


def test_pair_match_names_leaves_equal_names_alone() -> None:
    assert pair_match_names(["a/b", "c"], ["a/b", "c"]) == {}


@pytest.mark.parametrize(
    ("predicted", "labelled"), [("final", "cup/final"), ("root/cup/final", "cup/final")]
)
def test_pair_match_names_pairs_by_whole_last_parts(predicted: str, labelled: str) -> None:
    assert pair_match_names([predicted], [labelled, "cup/semi-final"]) == {predicted: labelled}


def test_pair_match_names_part_of_a_folder_name_is_no_pair() -> None:
    assert pair_match_names(["final"], ["cup/semi-final", "cup/xfinal"]) == {}


def test_pair_match_names_ambiguous_name_is_refused() -> None:
    with pytest.raises(InputError, match="'final' fit 2 labelled matches, 'a/final' and 'b/final'"):
        pair_match_names(["final"], ["b/final", "a/final"])
    with pytest.raises(InputError, match="'a/final' fit the predictions of several matches"):
        pair_match_names(["final", "x/a/final"], ["a/final"])


def test_pair_match_names_label_with_own_predictions_is_taken() -> None:
    assert pair_match_names(["final", "a/final"], ["a/final", "b/final"]) == {"final": "b/final"}
