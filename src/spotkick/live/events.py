"""Events of a live run: one JSON object each, as standard output, journal and receivers have them.

``publish``: an action, once. ``revise``: its time or confidence changed. ``withdraw``: it was none.
``restore``: it was one after all. ``settle``: its last values; what follows cannot change them.
``status``: the course of the stream. ``start``: a run begins, or goes on.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, get_args

from spotkick.actions import Action
from spotkick.errors import InputError

SCHEMA: Final = "spotkick-live-1"
"""Version of the events; a key is never given another meaning under the same one."""

ActionEvent = Literal["publish", "revise", "withdraw", "restore", "settle"]
EventKind = Literal["publish", "revise", "withdraw", "restore", "settle", "status", "start"]

ACTION_EVENTS: Final = frozenset(get_args(ActionEvent))
"""Events about an action."""

_DECIMALS: Final = 4


@dataclass(frozen=True, slots=True)
class LiveEvent:
    """One event.

    Attributes:
        sequence: number of the event, from 1, without gaps.
        kind: see the head of this module.
        stream_s: how much of the stream was read when it was decided, in seconds.
        at: time of day, ISO 8601 in UTC.
        id: of the action, the same in all of its events; None for other events.
        action: with its confidence; None for other events.
        checkpoint: that found it.
        is_late: whether the latency was exceeded: further frames made the action likely.
        details: further facts, such as a reason.
    """

    sequence: int
    kind: EventKind
    stream_s: float
    at: str
    id: str | None = None
    action: Action | None = None
    checkpoint: str | None = None
    is_late: bool = False
    details: Mapping[str, Any] | None = None

    def to_json(self) -> dict[str, Any]:
        """The event as it is written."""
        document: dict[str, Any] = {
            "schema": SCHEMA,
            "sequence": self.sequence,
            "event": self.kind,
            "stream_s": round(self.stream_s, 3),
            "at": self.at,
        }

        # Of which action, in the words of prediction files.
        if self.action is not None:
            action = self.action
            document |= {
                "id": self.id,
                "label": action.label,
                "period": action.period,
                "position_ms": action.position_ms,
                "game_time": action.game_time,
                "confidence": round(action.confidence or 0.0, _DECIMALS),
                "checkpoint": self.checkpoint,
                "late": self.is_late,
                **({} if action.team is None else {"team": action.team}),
            }
        return document | dict(self.details or {})


def parse_event(document: Any, where: str) -> LiveEvent:
    """Read what `LiveEvent.to_json` wrote.

    Args:
        document: parsed JSON.
        where: names it in messages.

    Raises:
        InputError: if it is no event of this schema.
    """
    try:
        if document["schema"] != SCHEMA:
            raise KeyError("schema")

        # Events about the stream have no action.
        kind = document["event"]
        action = None
        if kind in ACTION_EVENTS:
            action = Action(
                str(document["label"]),
                int(document["period"]),
                int(document["position_ms"]),
                confidence=float(document["confidence"]),
                team=None if document.get("team") is None else str(document["team"]),
            )
        known = {*_KEYS, *(_ACTION_KEYS if action else ())}
        return LiveEvent(
            int(document["sequence"]),
            kind,
            float(document["stream_s"]),
            str(document["at"]),
            id=str(document["id"]) if action else None,
            action=action,
            checkpoint=document["checkpoint"] if action else None,
            is_late=bool(document.get("late", False)) if action else False,
            details={key: value for key, value in document.items() if key not in known} or None,
        )
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"{where}: not an event of schema {SCHEMA}") from error


_KEYS: Final = ("schema", "sequence", "event", "stream_s", "at")
_ACTION_KEYS: Final = (
    "id", "label", "period", "position_ms", "game_time", "confidence", "checkpoint", "late",
    "team",
)  # fmt: skip
