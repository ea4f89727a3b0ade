"""Tasks: what is spotted and how it is scored, in one object.

A class list alone does not say in which label files its actions stand, on which frame grid they are
scored or which periods count. A `Task` does; commands find it by the name of a class list or a
file, and a checkpoint stores it whole.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any, Final

from spotkick.actions import (
    SOCCERNET_BALL,
    SOCCERNET_BALL_2023,
    SOCCERNET_V1,
    SOCCERNET_V2,
    ActionClasses,
)
from spotkick.errors import ConfigError, InputError
from spotkick.timeline import FEATURE_RATE, parse_frame_rate

LABEL_FILES: Final = ("Labels-v2.json", "Labels.json", "Labels-ball.json")
"""Names of label files, in the order in which they are preferred for classes of unknown origin."""

BALL_RATE: Final = Fraction(25)
"""Frames per second of the evaluator of ball action spotting."""


@dataclass(frozen=True, slots=True)
class Task:
    """Classes, and everything that a data set with these classes decides.

    Attributes:
        classes: what is spotted.
        label_files: names of its label files, the preferred one first.
        frame_rate: frames per second of the grid on which the evaluator places actions.
        metric: the metric that the field reports: ``loose``, ``tight`` or ``at1`` to ``at5``.
        slicing: preset of the context slicing.
        periods: periods that the evaluator counts; all of them when empty.
        sport: ``soccer`` where its rules may be used to find mistakes in labels; else empty.
    """

    classes: ActionClasses
    label_files: tuple[str, ...] = LABEL_FILES
    frame_rate: Fraction = FEATURE_RATE
    metric: str = "loose"
    slicing: str = "default20"
    periods: tuple[int, ...] = ()
    sport: str = ""

    @property
    def name(self) -> str:
        """Name of the class list."""
        return self.classes.name

    def to_json(self) -> dict[str, Any]:
        """Plain values for a checkpoint's ``config.json``."""
        return {
            "name": self.classes.name,
            "classes": list(self.classes.names),
            "aliases": dict(self.classes.aliases),
            "words": [list(pair) for pair in self.classes.words],
            "label_files": list(self.label_files),
            "frame_rate": str(self.frame_rate),
            "metric": self.metric,
            "slicing": self.slicing,
            "periods": list(self.periods),
            "sport": self.sport,
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any], where: str) -> "Task":
        """Read what `to_json` wrote.

        Raises:
            ConfigError: if a key is missing or of another kind.
        """
        try:
            classes = ActionClasses(
                tuple(value["classes"]),
                dict(value["aliases"]),
                name=str(value["name"]),
                words=tuple((str(word), str(name)) for word, name in value["words"]),
            )
            return cls(
                classes,
                label_files=tuple(value["label_files"]),
                frame_rate=parse_frame_rate(value["frame_rate"]),
                metric=str(value["metric"]),
                slicing=str(value["slicing"]),
                periods=tuple(int(period) for period in value["periods"]),
                sport=str(value["sport"]),
            )
        except (InputError, KeyError, TypeError, ValueError) as error:
            raise ConfigError(f"{where}: not a task: {error!r}") from None


SOCCERNET_V1_TASK: Final = Task(
    SOCCERNET_V1,
    label_files=("Labels.json", "Labels-v2.json"),
    slicing="v1",
    periods=(1, 2),
    sport="soccer",
)
"""Goals, cards and substitutions, as in the paper."""

SOCCERNET_V2_TASK: Final = Task(
    SOCCERNET_V2, label_files=("Labels-v2.json",), slicing="v2", periods=(1, 2), sport="soccer"
)
"""The 17 classes of SoccerNet-v2."""

SOCCERNET_BALL_TASK: Final = Task(
    SOCCERNET_BALL,
    label_files=("Labels-ball.json",),
    frame_rate=BALL_RATE,
    metric="at1",
    periods=(1, 2),
    sport="soccer",
)
"""Ball actions: 12 classes on a grid of 25 frames per second."""

SOCCERNET_BALL_2023_TASK: Final = replace(SOCCERNET_BALL_TASK, classes=SOCCERNET_BALL_2023)
"""Ball actions of the challenge of 2023: passes and drives."""

TASKS: Final = {
    task.name: task
    for task in (
        SOCCERNET_V1_TASK,
        SOCCERNET_V2_TASK,
        SOCCERNET_BALL_TASK,
        SOCCERNET_BALL_2023_TASK,
    )
}
"""Tasks that commands accept by name."""


def task_of(classes: ActionClasses) -> Task:
    """The task of a class list.

    The built-in tasks are recognised by their classes: a list of one's own whose names are all
    among those of ball action spotting is scored like it, on 25 frames per second.

    Example:
        >>> task_of(ActionClasses(("PASS", "SHOT"))).frame_rate
        Fraction(25, 1)
    """
    for task in TASKS.values():
        if set(classes.names) <= set(task.classes.names):
            return replace(task, classes=classes)
    return Task(classes)
