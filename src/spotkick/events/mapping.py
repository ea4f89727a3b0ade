"""From events of a provider to actions of a class list, by rules in a file that people can edit.

A rule has a label, and the facts that an event must have::

    [[rules]]
    label = "Goal"
    type = "SHOT"
    result = ["GOAL", "OWN_GOAL"]

An event has every fact that a rule names, or the rule does not fit; of several values of a fact one
is enough. The first rule that fits decides, and a rule may give several labels. Events that no rule
fits are left out, and counted.
"""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final

from pydantic import BeforeValidator, Field

from spotkick.actions import Action, MatchActions
from spotkick.configuration import FrozenConfig, read_toml, suggestion
from spotkick.errors import ConfigError
from spotkick.events.feed import EventFeed, FeedEvent

MAPPINGS: Final = Path(__file__).parent / "mappings"
"""Folder of the mappings that are shipped."""

TYPES: Final = "types"
"""Name of the mapping that keeps the type of every event as its label."""

PLAYER: Final = "player"
TEAM_NAME: Final = "team name"
OWN_GOAL: Final = "own goal"

_MAX_PERIOD: Final = 9
_MAX_POSITION_MS: Final = 4 * 3600 * 1000
"""An event that lies later in its period is damage."""

_REPEATED_TYPE: Final = "BALL_OUT"
_REPEATED_MS: Final = 1000
"""Some providers record that the ball is out once for each team, a moment apart."""


def _as_list(value: object) -> object:
    return [value] if isinstance(value, str) else value


Values = Annotated[tuple[str, ...], BeforeValidator(_as_list)]


class MappingRule(FrozenConfig):
    """One rule: facts that an event must have, and what it is called then.

    Attributes:
        label: one label, or several.
        type: of the event, as kloppy names it: PASS, SHOT, FOUL_COMMITTED ...
        result: GOAL, SAVED, OFFSIDE ...
        set_piece: CORNER_KICK, THROW_IN, FREE_KICK, GOAL_KICK, KICK_OFF, PENALTY; NONE for none.
        card: FIRST_YELLOW, SECOND_YELLOW, RED.
        pass_type: CROSS, HIGH_PASS, LONG_BALL, HEAD_PASS ...
        body_part: HEAD, LEFT_FOOT ...
        duel: AERIAL, GROUND, SLIDING_TACKLE ...
        name: the provider's own word for a type that kloppy does not have, such as OFFSIDE.
    """

    label: Values
    type: Values = ()
    result: Values = ()
    set_piece: Values = ()
    card: Values = ()
    pass_type: Values = Field(default=(), alias="pass")
    body_part: Values = ()
    duel: Values = ()
    name: Values = ()

    def fits(self, event: FeedEvent) -> bool:
        """Whether an event has all facts of the rule."""
        wanted = {
            "type": self.type,
            "result": self.result,
            "set_piece": self.set_piece,
            "card": self.card,
            "pass": self.pass_type,
            "body_part": self.body_part,
            "duel": self.duel,
            "name": self.name,
        }
        none = frozenset({"NONE"})
        return all(
            (event.facts.get(key) or none) & set(values) for key, values in wanted.items() if values
        )


class EventMapping(FrozenConfig):
    """The rules of one class list.

    Attributes:
        classes: name of the class list, for people.
        rules: the first that fits decides.
    """

    classes: str = "custom"
    rules: tuple[MappingRule, ...]

    def labels_of(self, event: FeedEvent) -> tuple[str, ...]:
        """Labels of an event; nothing where no rule fits."""
        return next((rule.label for rule in self.rules if rule.fits(event)), ())


@dataclass(frozen=True, slots=True)
class MappedFeed:
    """The actions of a feed.

    Attributes:
        match: actions; player, name of the team and whether it is an own goal are details.
        left_out: events that no rule fits, by type.
        repeated: events that repeat one of the same label.
    """

    match: MatchActions
    left_out: Counter[str]
    repeated: int


def shipped_mappings() -> dict[str, Path]:
    """Name -> file of the mappings that are shipped."""
    return {path.stem: path for path in sorted(MAPPINGS.glob("*.toml"))}


def load_mapping(name: str | Path) -> EventMapping | None:
    """Read a mapping by the name of a shipped one or from a file; None for ``types``.

    Raises:
        InputError: if the file cannot be read.
        ConfigError: if there is no such mapping, or it is malformed.
    """
    if str(name) == TYPES:
        return None
    shipped = shipped_mappings()
    path = shipped.get(str(name), Path(name))
    if not path.suffix and not path.exists():
        valid = [*shipped, TYPES]
        raise ConfigError(f"no mapping '{name}', {suggestion(str(name), valid)}, or give a .toml")
    return EventMapping.parse(read_toml(path), str(path))


def map_feed(feed: EventFeed, mapping: EventMapping | None) -> MappedFeed:
    """Map the events of a feed.

    Args:
        feed: of one match.
        mapping: rules; None keeps the type of every event as its label.
    """
    actions: list[Action] = []
    left_out: Counter[str] = Counter()
    repeated = 0
    latest_out_ms: dict[int, int] = {}
    for event in feed.events:
        labels = (event.kind,) if mapping is None else mapping.labels_of(event)
        if not labels or not _lies_in_match(event):
            left_out[event.kind] += 1
            continue

        # What a provider records once for each team counts once.
        last_ms = latest_out_ms.get(event.period, -_MAX_POSITION_MS)
        if mapping is not None and event.kind == _REPEATED_TYPE:
            latest_out_ms[event.period] = event.position_ms
            if event.position_ms - last_ms <= _REPEATED_MS:
                repeated += 1
                continue
        actions += [_make_action(event, label) for label in labels]
    return MappedFeed(MatchActions(feed.match, tuple(actions)), left_out, repeated)


def _lies_in_match(event: FeedEvent) -> bool:
    return 1 <= event.period <= _MAX_PERIOD and abs(event.position_ms) <= _MAX_POSITION_MS


def _make_action(event: FeedEvent, label: str) -> Action:
    own_goal = "yes" if "OWN_GOAL" in event.facts.get("result", ()) else ""
    details = ((TEAM_NAME, event.team), (PLAYER, event.player), (OWN_GOAL, own_goal))
    return Action(
        label=label,
        period=event.period,
        position_ms=event.position_ms,
        team=event.side,
        details=tuple((name, text) for name, text in details if text),
    )
