"""How a path is examined: classes, task, sport, and what is left out."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Final

from spotkick.actions import BUILT_IN_CLASSES, ActionClasses, MatchActions
from spotkick.doctor.soccer import SOCCER
from spotkick.errors import ConfigError
from spotkick.tasks import Task, task_of
from spotkick.timeline import FEATURE_RATE

KNOWN_SHARE: Final = 0.5
"""A built-in class list is assumed when at least this share of the labels belongs to it."""

SPORTS: Final = (SOCCER, "none")
"""Sports whose rules can be checked; ``none`` checks what holds for all."""


@dataclass(frozen=True, slots=True)
class DoctorOptions:
    """How to examine.

    Attributes:
        classes: the class list; the built-in list that most labels belong to when None.
        frame_rate: of the evaluator's grid; that of the task when None.
        feature: look at the features of this name only.
        labels: labels of the matches that predictions are for.
        rate: frames per second of files that count frames and do not state it.
        sport: one of `SPORTS`; None for what the classes say.
        skip: names of checks whose findings are left out.

    Raises:
        ConfigError: if the sport is not known.
    """

    classes: ActionClasses | None = None
    frame_rate: Fraction | None = None
    feature: str | None = None
    labels: Path | None = None
    rate: Fraction | None = None
    sport: str | None = None
    skip: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Check the sport."""
        if self.sport is not None and self.sport not in SPORTS:
            raise ConfigError(f"--sport must be {' or '.join(SPORTS)}, got '{self.sport}'")

    def task_for(self, matches: Iterable[MatchActions]) -> Task | None:
        """The task of the classes that are given or guessed; None when they are not known."""
        classes = self.classes or guess_classes(matches)
        if classes is None:
            return None
        task = task_of(classes)
        return replace(task, frame_rate=self.frame_rate) if self.frame_rate else task

    def sport_of(self, task: Task | None) -> str:
        """Whose rules are checked."""
        return self.sport or (task.sport if task is not None else "")

    def grid_rate(self, task: Task | None) -> float:
        """Frames per second of the evaluator."""
        return float(self.frame_rate or (task.frame_rate if task is not None else FEATURE_RATE))


def guess_classes(matches: Iterable[MatchActions]) -> ActionClasses | None:
    """The built-in class list that most labels belong to; None when it is none of them."""
    labels = [action.label for match in matches for action in match.actions]
    shares = {
        name: sum(label in classes.names or label in classes.aliases for label in labels)
        / max(len(labels), 1)
        for name, classes in BUILT_IN_CLASSES.items()
    }
    best = max(shares, key=lambda name: (shares[name], len(BUILT_IN_CLASSES[name])))
    return BUILT_IN_CLASSES[best] if shares[best] >= KNOWN_SHARE else None
