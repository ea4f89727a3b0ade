"""Labels and predictions of any format in one call."""

import json
from fractions import Fraction
from pathlib import Path

import pytest

from spotkick.actions import Action, MatchActions
from spotkick.errors import ConfigError, InputError
from spotkick.formats import (
    read_actions,
    read_label_set,
    read_labels,
    read_predictions,
    read_results,
    read_split,
    write_labels,
    write_results,
)
from spotkick.formats.capabilities import fit
from spotkick.formats.format import ReadOptions
from spotkick.formats.registry import FORMATS, writable_formats
from spotkick.tasks import SOCCERNET_BALL_TASK, SOCCERNET_V1_TASK

PREDICTIONS = (
    MatchActions("l/s/a", (Action("Goal", 1, 2000, 0.5), Action("Foul", 2, 4000, 0.25))),
    MatchActions("l/s/b", (Action("Goal", 1, 6000, 0.75),)),
)
LABELS = tuple(
    MatchActions(match.match, tuple(Action("label", a.period, a.position_ms) for a in match))
    for match in PREDICTIONS
)


@pytest.fixture
def both(tmp_path: Path) -> Path:
    """Match folders that hold labels of two kinds, and predictions."""
    root = tmp_path / "set"
    for name in ("soccernet-v2", "soccernet-ball", "soccernet-results"):
        source = PREDICTIONS if name == "soccernet-results" else LABELS
        FORMATS[name].write(root, source, Fraction(25))
    return root


def written(name: str, folder: Path) -> Path:
    form = FORMATS[name]
    path = folder / ("set" if form.file_name else f"set{form.suffix}")
    fitted, _ = fit(PREDICTIONS, form.capabilities, Fraction(25))
    form.write(path, fitted, Fraction(25))
    return path


@pytest.mark.parametrize(
    "name", [name for name, form in writable_formats().items() if form.capabilities.confidence]
)
def test_read_predictions_every_format_with_confidences_is_read(tmp_path: Path, name: str) -> None:
    path = written(name, tmp_path)
    assert read_predictions(str(path), frame_rate=Fraction(25)) == PREDICTIONS
    assert read_predictions(path, frame_rate=Fraction(25), matches=["l/s/b"]) == PREDICTIONS[1:]
    with pytest.raises(InputError, match="nothing for match 'l/s/c'"):
        read_predictions(path, frame_rate=Fraction(25), matches=["l/s/c"])


@pytest.mark.parametrize(
    "name", [name for name, form in writable_formats().items() if not form.capabilities.confidence]
)
def test_read_predictions_labels_are_refused(tmp_path: Path, name: str) -> None:
    path = written(name, tmp_path)
    with pytest.raises(InputError, match="3 of 3 actions have no confidence; these look like"):
        read_predictions(path)
    assert sum(len(match) for match in read_actions(path, kind="labels")) == 3


def test_read_actions_kind_chooses_in_folders_that_hold_both(both: Path) -> None:
    assert read_actions(both, kind="predictions") == PREDICTIONS
    assert read_actions(both, kind="labels") == LABELS


def test_read_actions_task_chooses_the_label_file(both: Path) -> None:
    path = both / "l/s/a/Labels-ball.json"
    document = json.loads(path.read_text())
    document["annotations"][0]["label"] = "PASS"
    path.write_text(json.dumps(document))
    (match, _) = read_actions(both, kind="labels", task=SOCCERNET_BALL_TASK)
    assert match.actions[0].label == "PASS"
    (match, _) = read_actions(both, kind="labels", task=SOCCERNET_V1_TASK)  # v2 stands in for v1
    assert match.actions[0].label == "label"
    (match, _) = read_actions(both, kind="labels", file_name="Labels-ball.json")
    assert match.actions[0].label == "PASS"


def test_read_actions_file_name_for_one_file_is_refused(tmp_path: Path) -> None:
    path = written("csv", tmp_path)
    with pytest.raises(ConfigError, match="chooses among the files of match folders"):
        read_actions(path, file_name="Labels.json")


@pytest.mark.parametrize("kind", ["labels", "predictions", None])
def test_read_actions_missing_path_is_one_line(tmp_path: Path, kind: str | None) -> None:
    with pytest.raises(InputError, match="no such file"):
        read_actions(tmp_path / "none.json", kind=kind)


@pytest.mark.parametrize(
    "name",
    [name for name, form in writable_formats().items() if form.capabilities.needs_confidence],
)
def test_read_actions_predictions_in_place_of_labels_are_refused(tmp_path: Path, name: str) -> None:
    path = written(name, tmp_path)
    with pytest.raises(InputError, match=rf"labels are needed, this holds predictions \({name}\)"):
        read_actions(path, kind="labels", frame_rate=Fraction(25))


def test_public_readers_and_writers_take_texts_as_paths(tmp_path: Path) -> None:
    root = str(tmp_path / "set")
    write_results(root, PREDICTIONS)
    assert tuple(read_results(root)) == PREDICTIONS
    for match in LABELS:
        write_labels(f"{root}/{match.match}/Labels-v2.json", match)
    assert tuple(read_label_set(root)) == LABELS
    assert read_labels(f"{root}/l/s/a/Labels-v2.json") == LABELS[0]
    (tmp_path / "split.txt").write_text("l/s/a\n")
    assert read_split(str(tmp_path / "split.txt")) == ("l/s/a",)


@pytest.mark.parametrize("name", list(writable_formats()))
def test_format_read_and_write_take_texts_as_paths(tmp_path: Path, name: str) -> None:
    form = FORMATS[name]
    path = str(tmp_path / ("set" if form.file_name else f"set{form.suffix}"))
    fitted, _ = fit(PREDICTIONS, form.capabilities, Fraction(25))
    form.write(path, fitted, Fraction(25))
    found = form.read(path, ReadOptions(frame_rate=Fraction(25)))
    assert [set(match) for match in found] == [set(match) for match in fitted]
