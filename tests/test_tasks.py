import json
from fractions import Fraction

import pytest

from spotkick.actions import SOCCERNET_V1, SOCCERNET_V2, ActionClasses
from spotkick.errors import ConfigError
from spotkick.tasks import TASKS, Task, task_of


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
