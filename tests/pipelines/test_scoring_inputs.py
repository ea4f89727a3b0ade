"""What evaluate and compare read, and what they say about it once."""

import warnings
from pathlib import Path

import pytest

from spotkick.actions import Action, MatchActions
from spotkick.errors import ConfigError, InputError, SpotkickWarning
from spotkick.files import write_json
from spotkick.formats import write_labels, write_results
from spotkick.pipelines.scoring_inputs import (
    ScoringOptions,
    collected_warnings,
    find_task,
    merge_warnings,
    read_scored_predictions,
    read_scoring_inputs,
    warn_about_other_task,
)
from spotkick.report.names import ReportNames
from spotkick.tasks import TASKS


@pytest.mark.parametrize(
    ("messages", "merged"),
    [
        ([], []),
        (["plain"], ["plain"]),
        (["same", "same"], ["same"]),
        (
            ["a/L.json: 2 labels of x", "b/L.json: 3 labels of x", "b/L.json: 1 labels of y"],
            ["5 labels of x, in 2 files, the first is a/L.json", "b/L.json: 1 labels of y"],
        ),
        (
            ["r/m - 1/L.json: the label file has no actions"] * 2
            + ["r/n: 2/L.json: the label file has no actions"],
            ["the label file has no actions, in 2 files, the first is r/m - 1/L.json"],
        ),
    ],
)
def test_merge_warnings_same_kind_of_many_files_is_one_line(
    messages: list[str], merged: list[str]
) -> None:
    assert merge_warnings(messages) == merged


def test_collected_warnings_are_not_shown_and_complete_after_the_block() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with collected_warnings() as messages:
            for name in "ab":
                warnings.warn(f"{name}.json: 1 rows lost", SpotkickWarning, stacklevel=1)
    assert messages == ["2 rows lost, in 2 files, the first is a.json"]


def test_find_task_given_classes_win_over_stated_ones(tmp_path: Path) -> None:
    classes = {"names": ["goal", "card", "substitution"], "aliases": {}, "name": "x"}
    write_json(tmp_path / "spotting.json", {"classes": classes})
    assert find_task("soccernet-ball", [tmp_path]).name == "soccernet-ball"
    with pytest.warns(SpotkickWarning, match="classes are the 3 that"):
        assert find_task(None, [tmp_path]) is TASKS["soccernet-v1"]


@pytest.mark.parametrize("stamp", [{}, {"classes": None}, {"checkpoint": "0"}, []])
def test_find_task_stamp_without_classes_is_the_default(tmp_path: Path, stamp: object) -> None:
    """Folders that were written before the stamp stated classes."""
    write_json(tmp_path / "spotting.json", stamp)
    assert find_task(None, [tmp_path]).name == "soccernet-v2"


@pytest.mark.parametrize("classes", [{}, {"names": []}, {"names": ["a", "a"], "aliases": {}}])
def test_find_task_damaged_stamp_is_named(tmp_path: Path, classes: object) -> None:
    write_json(tmp_path / "spotting.json", {"classes": classes})
    with pytest.raises(InputError, match=r"spotting\.json: its classes cannot be read"):
        find_task(None, [tmp_path])


def test_warn_about_other_task_most_predictions_fit_is_silent() -> None:
    found = [MatchActions("m", (Action("Goal", 1, 0, 0.9), Action("Golazo", 1, 0, 0.9)) * 2)]
    found.append(MatchActions("n", (Action("Corner", 1, 0, 0.9),)))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warn_about_other_task(TASKS["soccernet-v2"], found, given=False)
        warn_about_other_task(TASKS["soccernet-v2"], [], given=False)


def test_read_scored_predictions_short_names_are_paired(tmp_path: Path) -> None:
    for name in ("l/s/one", "l/s/two"):
        write_labels(tmp_path / f"gt/{name}/Labels-v2.json", MatchActions(name, ()))
    write_results(tmp_path / "pred", [MatchActions(name, ()) for name in ("one", "two")])
    options = ScoringOptions(tmp_path / "gt")
    with collected_warnings():
        inputs = read_scoring_inputs(options, [tmp_path / "pred"])
    found = read_scored_predictions(tmp_path / "pred", inputs, options)
    assert [match.match for match in found] == ["l/s/one", "l/s/two"]
    assert inputs.names.split == ""
    assert inputs.names.date


def test_read_scoring_inputs_bad_date_is_a_config_error(tmp_path: Path) -> None:
    options = ScoringOptions(tmp_path, names=ReportNames(date="26.11.2026"))
    with pytest.raises(ConfigError, match="--date must be a day"):
        read_scoring_inputs(options, [tmp_path])
