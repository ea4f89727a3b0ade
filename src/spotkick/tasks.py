"""Tasks: what is spotted and how it is scored, in one object.

A class list alone does not say in which label files its actions stand, on which frame grid they are
scored or which periods count. A `Task` does; commands find it by the name of a class list or a
file, and a checkpoint stores it whole.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any, Final, TypeVar

from spotkick.actions import (
    SOCCERNET_BALL,
    SOCCERNET_BALL_2023,
    SOCCERNET_V1,
    SOCCERNET_V2,
    ActionClasses,
    MatchActions,
)
from spotkick.errors import ConfigError, InputError
from spotkick.timeline import FEATURE_RATE, parse_frame_rate

T = TypeVar("T", float, tuple[float, float, float, float])

LABEL_FILES: Final = ("Labels-v2.json", "Labels.json", "Labels-ball.json")
"""Names of label files, in the order in which they are preferred for classes of unknown origin."""

BALL_RATE: Final = Fraction(25)
"""Frames per second of the evaluator of ball action spotting."""

_BY_SIDE: Final = " by side"


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
        sides: teams that are told apart, such as ``left`` and ``right``: each class is then one of
            a team, such as ``PASS (left)``, while a network learns and answers; see `split_sides`.
    """

    classes: ActionClasses
    label_files: tuple[str, ...] = LABEL_FILES
    frame_rate: Fraction = FEATURE_RATE
    metric: str = "loose"
    slicing: str = "default20"
    periods: tuple[int, ...] = ()
    sport: str = ""
    sides: tuple[str, ...] = ()

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
            **({"sides": list(self.sides)} if self.sides else {}),
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
                sides=tuple(str(side) for side in value.get("sides", ())),
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


def split_sides(task: Task, sides: Sequence[str]) -> Task:
    """A task whose classes tell teams apart: each class becomes one for every side.

    Args:
        task: without sides.
        sides: words for the teams, as the labels have them.

    Raises:
        ConfigError: if there are fewer than two sides, or one repeats.

    Example:
        >>> split_sides(SOCCERNET_BALL_2023_TASK, ("left", "right")).classes.names
        ('PASS (left)', 'PASS (right)', 'DRIVE (left)', 'DRIVE (right)')
    """
    if len(set(sides)) != len(sides) or len(sides) < 2 or not all(map(str.strip, sides)):
        raise ConfigError(f"sides must be at least two different words, got {', '.join(sides)}")
    names = tuple(_sided_name(name, side) for name in task.classes for side in sides)
    classes = ActionClasses(names, name=f"{task.classes.name}{_BY_SIDE}")
    return replace(task, classes=classes, sides=tuple(sides))


def mark_sides(match: MatchActions, classes: ActionClasses, sides: Sequence[str]) -> MatchActions:
    """Labels whose class also says the team; those of no team are left out.

    Args:
        match: labels with teams.
        classes: without sides.
        sides: words for the teams.
    """
    actions = tuple(
        action.with_label(_sided_name(action.label, action.team))
        for action in classes.select(match.actions)
        if action.team in sides
    )
    return replace(match, actions=actions)


def merge_sides(match: MatchActions, task: Task) -> MatchActions:
    """Spots whose class also says the team, as spots of the class with that team."""
    if not task.sides:
        return match
    plain = _split_classes(task)
    actions = tuple(
        replace(action, label=plain[action.label][0], team=plain[action.label][1])
        if action.label in plain
        else action
        for action in match.actions
    )
    return replace(match, actions=actions)


def plain_label(name: str, task: Task) -> str:
    """The class without its team; the class itself where it says none."""
    return _split_classes(task).get(name, (name, ""))[0]


def merge_side_names(names: Sequence[str], sides: Sequence[str]) -> tuple[str, ...]:
    """Names of classes without the teams, each once, in order.

    Example:
        >>> merge_side_names(("PASS (left)", "PASS (right)", "OUT"), ("left", "right"))
        ('PASS', 'OUT')
    """
    return tuple(dict.fromkeys(split_side_name(name, sides)[0] for name in names))


def plain_classes(task: Task) -> ActionClasses:
    """The classes of a task whatever the team."""
    if not task.sides:
        return task.classes
    names = merge_side_names(task.classes.names, task.sides)
    return ActionClasses(names, name=task.classes.name.removesuffix(_BY_SIDE))


def split_side_name(name: str, sides: Sequence[str]) -> tuple[str, str | None]:
    """Class and team of a class of a team; no team where the name has none.

    Example:
        >>> split_side_name("PASS (left)", ("left", "right")), split_side_name("PASS", ())
        (('PASS', 'left'), ('PASS', None))
    """
    for side in sides:
        if name.endswith(f" ({side})"):
            return name.removesuffix(f" ({side})"), side
    return name, None


def merge_side_values(values: Mapping[str, T], task: Task) -> dict[str, T]:
    """Values by class, such as thresholds; of the sides of a class the smallest."""
    merged: dict[str, T] = {}
    plain = _split_classes(task)
    for name, value in values.items():
        label = plain[name][0] if name in plain else name
        merged[label] = min(merged[label], value) if label in merged else value
    return merged


def _split_classes(task: Task) -> dict[str, tuple[str, str]]:
    """Class of a team -> class, team; empty without sides."""
    split = {name: split_side_name(name, task.sides) for name in task.classes}
    return {name: (label, side) for name, (label, side) in split.items() if side is not None}


def _sided_name(name: str, side: str | None) -> str:
    return f"{name} ({side})"
