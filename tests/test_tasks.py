import json
from fractions import Fraction

import pytest

from spotkick.actions import SOCCERNET_V1, SOCCERNET_V2, Action, ActionClasses, MatchActions
from spotkick.errors import ConfigError
from spotkick.tasks import (
    TASKS,
    Task,
    mark_sides,
    merge_side_values,
    merge_sides,
    split_sides,
    task_of,
)


@pytest.mark.parametrize("task", TASKS.values(), ids=lambda task: task.name)
def test_task_json_round_trip_keeps_everything(task: Task) -> None:
    assert Task.from_json(json.loads(json.dumps(task.to_json())), "here") == task


def test_task_json_round_trip_keeps_words_of_class_list() -> None:
    again = Task.from_json(TASKS["soccernet-v1"].to_json(), "here")
    assert again.classes.resolve("soccer-ball-penalty") == "goal"


@pytest.mark.parametrize("change", [{"classes": 3}, {"frame_rate": "fast"}, {"words": ["a"]}])
def test_task_from_json_damaged_value_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(ConfigError, match=r"^here: "):
        Task.from_json({**TASKS["soccernet-v2"].to_json(), **change}, "here")


def test_task_of_built_in_classes_is_the_built_in_task() -> None:
    assert task_of(SOCCERNET_V1) == TASKS["soccernet-v1"]
    assert task_of(SOCCERNET_V2) == TASKS["soccernet-v2"]


def test_task_of_some_ball_classes_has_ball_rate_and_label_file() -> None:
    task = task_of(ActionClasses(("PASS", "DRIVE", "SHOT"), name="mine"))
    assert (task.frame_rate, task.label_files, task.name) == (25, ("Labels-ball.json",), "mine")


def test_task_of_own_classes_counts_all_periods_and_knows_no_sport() -> None:
    task = task_of(ActionClasses(("dunk",)))
    assert (task.periods, task.sport, task.frame_rate) == ((), "", Fraction(2))


def test_split_sides_labels_come_back_with_their_team() -> None:
    plain = TASKS["soccernet-v1"]
    task = split_sides(plain, ("home", "away"))
    assert len(task.classes) == 2 * len(plain.classes)
    assert Task.from_json(json.loads(json.dumps(task.to_json())), "here") == task
    labels = MatchActions(
        "m",
        (
            Action("y-card", 1, 5, team="away"),
            Action("goal", 2, 7, team="home"),
            Action("goal", 1, 9),
        ),
    )
    marked = mark_sides(labels, plain.classes, task.sides)
    assert [action.label for action in marked] == ["card (away)", "goal (home)"]
    merged = merge_sides(marked, task)
    assert [(a.label, a.team) for a in merged] == [("card", "away"), ("goal", "home")]
    assert merge_sides(labels, plain) is labels
    values = {"goal (home)": 0.5, "goal (away)": 0.25, "card (home)": 0.75}
    assert merge_side_values(values, task) == {"goal": 0.25, "card": 0.75}


@pytest.mark.parametrize("sides", [("home",), ("home", "home"), ("home", " ")])
def test_split_sides_too_few_or_repeated_are_refused(sides: tuple[str, ...]) -> None:
    with pytest.raises(ConfigError, match="at least two different words"):
        split_sides(TASKS["soccernet-v1"], sides)
