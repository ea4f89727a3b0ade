"""Events of OpenSportsLab JSON: what both versions say about one action, read and written."""

from collections.abc import Mapping
from fractions import Fraction
from typing import Any, Final

from spotkick.actions import Action
from spotkick.errors import InputError
from spotkick.formats.fields import (
    RATE_FIX,
    optional_confidence,
    optional_team,
    optional_visibility,
    require_integer,
    require_position,
    require_text,
    required,
    shown,
)
from spotkick.formats.recordings import MAX_PERIOD
from spotkick.timeline import format_game_time, parse_game_time, position_of_frame

EVENT_FIELDS: Final = (
    "label",
    "gameTime",
    "position",
    "position_ms",
    "frame",
    "team",
    "visibility",
    "confidence",
    "confidence_score",
)
"""Fields of an event that are read or can be derived."""

HEAD: Final = "action"
"""Name of the group of labels in version 2.0."""

_CLOCK_TOLERANCE_MS: Final = 1500


def read_event(event: dict[str, Any], where: str, rate: Fraction | None) -> Action:
    """Read one event of either version.

    Args:
        event: as the file has it.
        where: names it in messages.
        rate: of its frames, None where the file does not state it.

    Raises:
        InputError: if it has no label or no time, or a value of another kind.
    """
    label = require_text(required(event, "label", where), f"{where}.label")
    period, position_ms = _read_clock(event, _read_position(event, where, rate), where)
    return Action(
        label=label,
        period=period,
        position_ms=position_ms,
        confidence=optional_confidence(event, where, "confidence", "confidence_score"),
        team=optional_team(event.get("team"), f"{where}.team"),
        visibility=optional_visibility(event.get("visibility"), f"{where}.visibility"),
    )


def _read_position(event: dict[str, Any], where: str, rate: Fraction | None) -> int | None:
    for key in ("position_ms", "position"):
        if event.get(key) is not None:
            return require_position(event[key], f"{where}.{key}")
    if event.get("frame") is None:
        return None
    if rate is not None:
        return position_of_frame(require_integer(event["frame"], f"{where}.frame"), rate)
    if event.get("gameTime") is None:
        raise InputError(
            f"{where} counts frames, and the file does not state their rate in 'fps': {RATE_FIX}"
        )
    return None


def _read_clock(values: Mapping[str, Any], position_ms: int | None, where: str) -> tuple[int, int]:
    """Period and position of an event that has a position, a ``gameTime`` "H - MM:SS", or both.

    The period is taken from ``gameTime`` only when its clock agrees with the position: where one
    video holds the whole match, tools write the half's clock beside the video's position, and the
    two must not be mixed.

    Args:
        values: the event.
        position_ms: milliseconds, None when the event has none.
        where: names the event in messages.

    Raises:
        InputError: if there is neither, or ``gameTime`` is malformed and needed.
    """
    text = values.get("gameTime")

    # Without a position the clock decides; with one, only where the two agree.
    if position_ms is None:
        period, seconds = parse_game_time(
            require_text(required(values, "gameTime", where), f"{where}.gameTime")
        )
        position_ms = require_integer(seconds * 1000, f"{where}.gameTime")
    elif not isinstance(text, str) or not text.strip():
        period = 1
    else:
        try:
            period, seconds = parse_game_time(text)
        except InputError:
            period, seconds = 1, 0
        if abs(seconds * 1000 - position_ms) > _CLOCK_TOLERANCE_MS:
            period = 1

    if not 1 <= period <= MAX_PERIOD:
        raise InputError(
            f"{where}.gameTime must have a period within 1 and {MAX_PERIOD}, found {shown(text)}"
        )
    return period, position_ms


def write_event_v1(action: Action) -> dict[str, Any]:
    """An event of version 1."""
    event: dict[str, Any] = {
        "gameTime": action.game_time,
        "label": action.label,
        "position": str(action.position_ms),
    }
    return event | _extra_fields(action)


def write_event_v2(action: Action) -> dict[str, Any]:
    """An event of version 2.0."""
    event: dict[str, Any] = {
        "head": HEAD,
        "label": action.label,
        "position_ms": action.position_ms,
    }
    return (
        event
        | {"gameTime": format_game_time(action.period, action.position_ms)}
        | _extra_fields(action)
    )


def _extra_fields(action: Action) -> dict[str, Any]:
    values = {"team": action.team, "visibility": action.visibility, "confidence": action.confidence}
    return {key: value for key, value in values.items() if value is not None}
