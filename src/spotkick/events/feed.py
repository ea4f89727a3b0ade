"""Events of one match as a data provider recorded them, in one vocabulary for all providers."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class FeedEvent:
    """One event.

    Attributes:
        period: 1 and 2 for the halves, 3 and 4 for extra time, 5 for penalties.
        position_ms: milliseconds since the provider's start of the period.
        facts: what it is, by key: ``type`` (such as SHOT), ``result``, ``set_piece``, ``card``,
            ``pass``, ``body_part``, ``duel`` and ``name`` (the provider's own word). Values are in
            capital letters.
        side: ``home``, ``away`` or None; of an own goal, the side that benefits from it.
        team: name of that team; empty where the feed has none.
        player: name of the player; empty likewise.
    """

    period: int
    position_ms: int
    facts: Mapping[str, frozenset[str]] = field(default_factory=dict)
    side: str | None = None
    team: str = ""
    player: str = ""

    @property
    def kind(self) -> str:
        """The type of the event, or the provider's own word where it has no type in common."""
        kinds = self.facts.get("type", frozenset()) - {"GENERIC"} or self.facts.get("name")
        return min(kinds, default="UNKNOWN") if kinds else "UNKNOWN"


@dataclass(frozen=True, slots=True)
class EventFeed:
    """The events of one match.

    Attributes:
        provider: such as ``statsbomb``.
        match: name of the match, from its teams.
        events: in the provider's order.
    """

    provider: str
    match: str
    events: tuple[FeedEvent, ...]
