"""Class lists from names and files."""

from pathlib import Path

import pytest

from spotkick.actions import SOCCERNET_BALL
from spotkick.errors import ConfigError, InputError
from spotkick.formats.classes import find_classes


def test_find_classes_built_in_name_is_found() -> None:
    assert find_classes("soccernet-ball") is SOCCERNET_BALL


def test_find_classes_text_file_has_one_class_a_line(tmp_path: Path) -> None:
    path = tmp_path / "tennis.txt"
    path.write_text("serve\n\n swing \n")
    assert find_classes(str(path)).names == ("serve", "swing")
    assert find_classes(str(path)).name == "tennis"


def test_find_classes_json_file_holds_names_and_aliases(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_text('["a", "b"]')
    assert find_classes(str(path)).names == ("a", "b")
    path.write_text('{"names": ["card"], "aliases": {"y-card": "card"}}')
    assert find_classes(str(path)).resolve("y-card") == "card"


@pytest.mark.parametrize(
    "content",
    [
        "3",
        "[1]",
        "{}",
        '{"names": ["a"], "aliases": []}',
        '{"names": ["a"], "aliases": {"x": 1}}',
        '["a", "a"]',
        "[]",
        '{"names": ["a"], "aliases": {"x": "b"}}',
    ],
)
def test_find_classes_malformed_json_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "x.json"
    path.write_text(content)
    with pytest.raises(InputError, match="class list"):
        find_classes(str(path))


def test_find_classes_malformed_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.txt"
    path.write_bytes(b"\xff")
    with pytest.raises(InputError, match="not a class list"):
        find_classes(str(path))


def test_find_classes_unknown_name_suggests_a_near_one() -> None:
    with pytest.raises(
        ConfigError, match=r"neither a file nor one of .*did you mean soccernet-ball\?"
    ):
        find_classes("soccernet-bal")
