"""Actions and classes: what happens, and when. Standard library only.

Classes are addressed by name. A list of classes may carry aliases, so that one label file serves
several tasks: the three classes of SoccerNet-v1 are a grouping of the 17 of SoccerNet-v2.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final

from spotkick.errors import ConfigError
from spotkick.timeline import format_game_time


class Visibility(StrEnum):
    """Whether the broadcast shows the action, in SoccerNet-v2's words."""

    VISIBLE = "visible"
    NOT_SHOWN = "not shown"


@dataclass(frozen=True, slots=True)
class Action:
    """One event marked by one timestamp.

    Attributes:
        label: class name as the file has it.
        period: 1 for the first half, 2 for the second, further numbers for extra time.
        position_ms: milliseconds since the start of the period. Files may hold negative values;
            they are kept; the evaluator decides what they count.
        confidence: score of a prediction, None for a label.
        team: ``home``, ``away``, ``left``, ``right`` or None when not stated.
        visibility: None when the file does not state it.
        details: further facts as (name, value), such as ``("player", "Messi")``; a name may repeat.
    """

    label: str
    period: int
    position_ms: int
    confidence: float | None = None
    team: str | None = None
    visibility: Visibility | None = None
    details: tuple[tuple[str, str], ...] = ()

    @property
    def position_s(self) -> float:
        """Seconds since the start of the period."""
        return self.position_ms / 1000

    @property
    def game_time(self) -> str:
        """The position in SoccerNet's ``"H - MM:SS"``."""
        return format_game_time(self.period, self.position_ms)

    def with_label(self, label: str) -> "Action":
        """The same action under another class name."""
        return replace(self, label=label)


@dataclass(frozen=True, slots=True)
class MatchActions:
    """The actions of one match, labels or predictions.

    Attributes:
        match: ``league/season/match`` with forward slashes, or any other name that is unique in its
            set.
        actions: in file order.
        period_starts_ms: (period, start) in a video of the whole match, where it is known; no part
            of what is compared.
    """

    match: str
    actions: tuple[Action, ...]
    period_starts_ms: tuple[tuple[int, int], ...] = field(default=(), compare=False)

    def __len__(self) -> int:
        """Number of actions."""
        return len(self.actions)

    def __bool__(self) -> bool:
        """True: a match without actions is a match, too."""
        return True

    def __iter__(self) -> Iterator[Action]:
        """Actions in file order."""
        return iter(self.actions)

    def to_dicts(self) -> list[dict[str, Any]]:
        """One dictionary per action, with the match and the position in seconds."""
        return [
            {
                "match": self.match,
                "period": action.period,
                "position_s": action.position_s,
                "game_time": action.game_time,
                "label": action.label,
                "confidence": action.confidence,
                "team": action.team,
                "visibility": None if action.visibility is None else str(action.visibility),
            }
            for action in self.actions
        ]


@dataclass(frozen=True)
class ActionClasses:
    """An ordered list of class names, with the labels that are counted as each of them.

    Attributes:
        names: class names; their order is the order of score columns.
        aliases: further labels -> class name. Every class name stands for itself.
        words: (word, class name): any other label with this word in it counts as the class; the
            first word that fits decides.
        name: what people call this list, such as ``soccernet-v2``.

    Raises:
        ConfigError: if names repeat, are empty, or an alias or a word points to a class that is not
            listed.
    """

    names: tuple[str, ...]
    aliases: Mapping[str, str] = field(default_factory=dict)
    name: str = "custom"
    words: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        """Check the names and freeze the aliases."""
        if not self.names:
            raise ConfigError("a class list must hold at least one class")
        repeated = sorted({name for name in self.names if self.names.count(name) > 1})
        if repeated:
            raise ConfigError(f"class names must be unique, these repeat: {', '.join(repeated)}")
        if any(not name.strip() for name in self.names):
            raise ConfigError("class names must not be empty")
        lost = sorted({*self.aliases.values(), *(name for _, name in self.words)} - set(self.names))
        if lost:
            raise ConfigError(f"aliases point to classes that are not listed: {', '.join(lost)}")
        object.__setattr__(self, "aliases", MappingProxyType(dict(self.aliases)))

    def __len__(self) -> int:
        """Number of classes."""
        return len(self.names)

    def __iter__(self) -> Iterator[str]:
        """Class names in order."""
        return iter(self.names)

    def __contains__(self, label: object) -> bool:
        """Whether a label is one of the classes or an alias of one."""
        return isinstance(label, str) and self.resolve(label) is not None

    def __reduce__(self) -> tuple[type["ActionClasses"], tuple[Any, ...]]:
        """Allow copies and worker processes in spite of the read-only aliases."""
        return ActionClasses, (self.names, dict(self.aliases), self.name, self.words)

    def resolve(self, label: str) -> str | None:
        """Class name that a label is counted as, or None when it belongs to none."""
        if label in self.names:
            return label
        return self.aliases.get(label) or next(
            (name for word, name in self.words if word in label), None
        )

    def index(self, label: str) -> int | None:
        """Score column of a label, or None when it belongs to no class."""
        resolved = self.resolve(label)
        return None if resolved is None else self.names.index(resolved)

    def select(self, actions: Iterable[Action]) -> tuple[Action, ...]:
        """Actions that belong to a class, renamed to it; the others are left out."""
        resolved = ((action, self.resolve(action.label)) for action in actions)
        return tuple(action.with_label(label) for action, label in resolved if label is not None)


SOCCERNET_V1: Final = ActionClasses(
    names=("goal", "card", "substitution"),
    aliases={
        "soccer-ball": "goal",
        "soccer-ball-own": "goal",
        "r-card": "card",
        "y-card": "card",
        "yr-card": "card",
        "substitution-in": "substitution",
        "Goal": "goal",
        "Yellow card": "card",
        "Red card": "card",
        "Yellow->red card": "card",
        "Substitution": "substitution",
    },
    name="soccernet-v1",
    words=(("card", "card"), ("subs", "substitution"), ("soccer", "goal")),
)
"""The paper's three classes, from v1 labels and as a grouping of the v2 labels.

Source: the authors' TF code; the words are those that the official evaluator looks for in v1
labels, and the classes of its v1 predictions.
"""

SOCCERNET_V2: Final = ActionClasses(
    names=(
        "Penalty",
        "Kick-off",
        "Goal",
        "Substitution",
        "Offside",
        "Shots on target",
        "Shots off target",
        "Clearance",
        "Ball out of play",
        "Throw-in",
        "Foul",
        "Indirect free-kick",
        "Direct free-kick",
        "Corner",
        "Yellow card",
        "Red card",
        "Yellow->red card",
    ),
    name="soccernet-v2",
)
"""The 17 classes of SoccerNet-v2, in the official evaluator's order."""

SOCCERNET_BALL: Final = ActionClasses(
    names=(
        "PASS",
        "DRIVE",
        "HEADER",
        "HIGH PASS",
        "OUT",
        "CROSS",
        "THROW IN",
        "SHOT",
        "BALL PLAYER BLOCK",
        "PLAYER SUCCESSFUL TACKLE",
        "FREE KICK",
        "GOAL",
    ),
    name="soccernet-ball",
)
"""The 12 classes of SoccerNet ball action spotting."""

SOCCERNET_BALL_2023: Final = ActionClasses(names=("PASS", "DRIVE"), name="soccernet-ball-2023")
"""The two classes of the ball action spotting challenge of 2023."""

BUILT_IN_CLASSES: Final = {
    classes.name: classes
    for classes in (SOCCERNET_V1, SOCCERNET_V2, SOCCERNET_BALL, SOCCERNET_BALL_2023)
}
"""Class lists that commands accept by name."""
