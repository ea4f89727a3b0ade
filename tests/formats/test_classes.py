"""Class lists from names and files."""

import json
from fractions import Fraction
from pathlib import Path

import pytest

from spotkick.actions import SOCCERNET_BALL, ActionClasses
from spotkick.errors import ConfigError, InputError
from spotkick.formats.classes import find_classes, find_task
from spotkick.formats.soccernet import label_files_of
from spotkick.tasks import LABEL_FILES, SOCCERNET_BALL_2023_TASK, SOCCERNET_V1_TASK


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


def test_find_task_built_in_name_is_found() -> None:
    assert find_task("soccernet-ball-2023") is SOCCERNET_BALL_2023_TASK


@pytest.mark.parametrize(
    ("names", "rate", "label_file", "metric"),
    [
        (("PASS", "DRIVE"), 25, "Labels-ball.json", "at1"),
        (("SHOT", "GOAL", "HEADER"), 25, "Labels-ball.json", "at1"),
        (("Goal", "Corner"), 2, "Labels-v2.json", "loose"),
        (("Smash", "Drop"), 2, "Labels-v2.json", "loose"),
    ],
)
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_find_task_names_of_a_built_in_list_are_scored_like_it(
    tmp_path: Path, names: tuple[str, ...], rate: int, label_file: str, metric: str, mark: str
) -> None:
    path = tmp_path / "own.txt"
    path.write_text(mark + "\n".join(names))
    task = find_task(str(path))
    assert (task.classes.names, task.name) == (names, "own")
    assert (task.frame_rate, task.label_files[0], task.metric) == (rate, label_file, metric)


def test_find_task_file_states_what_its_names_do_not(tmp_path: Path) -> None:
    path = tmp_path / "badminton.json"
    stated = {
        "names": ["Smash"],
        "words": [["smash", "Smash"]],
        "label_files": ["rallies.json"],
        "frame_rate": "30000/1001",
        "metric": "at2",
        "periods": [1, 2, 3],
        "sport": "badminton",
    }
    path.write_text(json.dumps(stated))
    task = find_task(path)
    assert task.frame_rate == Fraction(30000, 1001)
    assert (task.label_files, task.metric, task.periods) == (("rallies.json",), "at2", (1, 2, 3))
    assert (task.sport, task.classes.resolve("jump smash")) == ("badminton", "Smash")


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("frame_rate", "fast", "frame_rate must be a frame rate"),
        ("frame_rate", 0, "frame_rate must be a frame rate"),
        ("metric", "best", "metric must be one of loose, tight"),
        ("label_files", [], "label_files must be a list of file names"),
        ("label_files", ["../x.json"], "label_files must be a list of file names"),
        ("periods", ["first"], "periods must be a finite number"),
        ("words", [["a"]], "words must be a list of"),
        ("rate", 25, "unknown key 'rate', valid: names, aliases"),
    ],
)
def test_find_task_malformed_field_is_named(
    tmp_path: Path, field: str, value: object, message: str
) -> None:
    path = tmp_path / "x.json"
    path.write_text(json.dumps({"names": ["a"], field: value}))
    with pytest.raises(InputError, match=message):
        find_task(path)


def test_label_files_of_own_classes_fall_back_to_every_name() -> None:
    assert label_files_of(SOCCERNET_V1_TASK) == ("Labels.json", "Labels-v2.json")
    assert label_files_of(None, SOCCERNET_BALL) == ("Labels-ball.json",)
    own = label_files_of(None, ActionClasses(("GOAL", "SHOT")))  # another sport may say so, too
    assert own[0] == "Labels-ball.json"
    assert set(own) == set(LABEL_FILES)
    assert label_files_of(None) == LABEL_FILES
