"""Event files through kloppy, which knows the formats of more than ten providers.

Source: kloppy, https://kloppy.pysport.org (BSD-3-Clause). Times are those that it gives: since the
provider's start of each period.
"""

import io
import json
import re
import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from spotkick.errors import InputError, require_extra
from spotkick.events.feed import EventFeed, FeedEvent
from spotkick.events.providers import PROVIDERS, Provider, find_companions, find_provider
from spotkick.files import read_bytes, read_json

_PURPOSE: Final = "reading event files of data providers"
_SIDES: Final = ("home", "away")
_QUALIFIERS: Final = {
    "SetPieceQualifier": "set_piece",
    "PassQualifier": "pass",
    "BodyPartQualifier": "body_part",
    "DuelQualifier": "duel",
    "CardQualifier": "card",
}
"""Class of kloppy -> key of a fact."""

_OWN_GOAL: Final = "OWN_GOAL"
_DATAFACTORY_OWN_GOAL: Final = 10
_WYSCOUT_OWN_GOAL: Final = 102
"""What DataFactory (a type) and Wyscout's second version (a tag) write, and kloppy does not tell
from a goal or from a touch of the ball."""

_SAME_OWN_GOAL_MS: Final = 10_000
"""Own goals that lie closer are one, recorded for each team or each player who touched the ball."""


def read_feed(path: Path | str, companion: Path | None = None) -> EventFeed:
    """Read the events of one match.

    Args:
        path: event file of a provider.
        companion: file that names teams and players, where the provider keeps them apart; looked
            for beside the event file when None.

    Raises:
        InputError: if no provider is recognised, the companion is missing, or a file is damaged.
        MissingExtraError: without kloppy.
    """
    path = Path(path)
    provider = find_provider(path)
    if provider is None:
        names = ", ".join(provider.name for provider in PROVIDERS)
        raise InputError(f"{path}: not an event file of a known provider ({names})")
    module, function = provider.loader
    load = getattr(require_extra(module, "events", _PURPOSE, package="kloppy"), function)

    # Each file that may go with it, until one does.
    failures = []
    for arguments in _find_arguments(path, provider, companion):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                files = {provider.event_key: read_bytes(path), **arguments}
                dataset = load(**{key: io.BytesIO(data) for key, data in files.items()})
                return EventFeed(provider.name, _name_match(dataset, path), _read_events(dataset))
        except (ImportError, MemoryError, InputError):
            raise
        except Exception as error:
            failures.append(_reason_of(error))
    raise InputError(
        f"{path}: not a readable event file of {provider.name}"
        + (f" with its {provider.companion} file" if provider.companion else "")
        + f": {failures[0]}"
    )


def _reason_of(error: Exception) -> str:
    text = str(error).partition("\n")[0].strip()[:200]
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _find_arguments(
    path: Path, provider: Provider, companion: Path | None
) -> Iterator[dict[str, bytes]]:
    """Arguments for the companion of an event file, the likeliest first."""
    if not provider.companion_key:
        yield {}
        return
    if companion is not None:
        yield {provider.companion_key: read_bytes(companion)}
        return

    # Files of other matches may lie beside it: the reader finds out which one fits.
    found = find_companions(path, provider)
    yield from ({provider.companion_key: read_bytes(file)} for file in found)
    if provider.name == "statsbomb":
        yield {provider.companion_key: json.dumps(make_lineups(path)).encode()}
    elif not found:
        raise InputError(
            f"{path}: an event file of {provider.name} needs the {provider.companion} file of the "
            "match beside it, which names teams and players"
        )


def make_lineups(path: Path) -> list[dict[str, Any]]:
    """The line-ups of a match from StatsBomb's events alone: who starts, comes on, or acts.

    Raises:
        InputError: if the file is damaged.
    """
    # Players by team, with the number of their shirt where a starting line-up states it.
    document = read_json(path)
    teams: dict[Any, dict[str, Any]] = {}
    try:
        for event in document if isinstance(document, list) else []:
            if not isinstance(event, dict) or not isinstance(event.get("team"), dict):
                continue
            named = event["team"]
            team = teams.setdefault(named.get("id"), {"name": named.get("name", "")})
            for number, player in _players_of(event):
                known, player_id = team.setdefault("players", {}), player.get("id")
                known[player_id] = (number or known.get(player_id, (0, ""))[0], player)
    except (AttributeError, TypeError) as error:
        raise InputError(f"{path}: not a readable event file of statsbomb: {error}") from None

    return [
        {
            "team_id": team_id,
            "team_name": team["name"],
            "lineup": [
                {
                    "player_id": player_id,
                    "player_name": player.get("name", ""),
                    "player_nickname": None,
                    "jersey_number": number,
                }
                for player_id, (number, player) in team.get("players", {}).items()
            ],
        }
        for team_id, team in teams.items()
    ]


def _players_of(event: dict[str, Any]) -> Iterator[tuple[int, dict[str, Any]]]:
    for row in (event.get("tactics") or {}).get("lineup", ()):
        yield row.get("jersey_number", 0), row.get("player", {})
    if isinstance(event.get("player"), dict):
        yield 0, event["player"]
    replacement = (event.get("substitution") or {}).get("replacement")
    if isinstance(replacement, dict):
        yield 0, replacement


def _name_match(dataset: Any, path: Path) -> str:
    """Home - Away, or the name of the file."""
    names = [" ".join(str(team.name or "").split()) for team in dataset.metadata.teams]
    named = " - ".join(name.replace("/", " ") for name in names) if all(names) and names else ""
    return named or path.stem


def _read_events(dataset: Any) -> tuple[FeedEvent, ...]:
    """Events in order; an own goal is one event, of the side that benefits from it."""
    events: list[FeedEvent] = []
    latest: dict[int, FeedEvent] = {}
    for event in _in_order(dataset.events):
        read = _read_event(event)
        if _OWN_GOAL in read.facts.get("result", ()):
            before = latest.get(read.period)
            if before and read.position_ms - before.position_ms < _SAME_OWN_GOAL_MS:
                continue
            latest[read.period] = read
            read = _give_to_other_side(read, event, dataset.metadata.teams)
        events.append(read)
    return tuple(events)


def _give_to_other_side(read: FeedEvent, event: Any, teams: Sequence[Any]) -> FeedEvent:
    others = [team for team in teams if event.team is not None and team != event.team]
    if len(others) != 1:
        return read
    return replace(read, side=_side_of(others[0]), team=_name_team(others[0]))


def _in_order(events: Iterable[Any]) -> list[Any]:
    return sorted(events, key=lambda event: (event.period.id, event.timestamp))


def _read_event(event: Any) -> FeedEvent:
    # Qualifiers of one kind, such as those of a pass, are one fact with several values.
    facts: dict[str, set[str]] = {"type": {event.event_type.name}}
    if event.event_type.name == "GENERIC":
        facts["name"] = {_plain(event.event_name)}
    if event.result is not None:
        facts["result"] = {event.result.name}
    if getattr(event, "card_type", None) is not None:
        facts.setdefault("card", set()).add(event.card_type.name)
    for qualifier in event.qualifiers or ():
        key = _QUALIFIERS.get(type(qualifier).__name__)
        if key is not None:
            facts.setdefault(key, set()).add(getattr(qualifier.value, "name", str(qualifier.value)))

    # An own goal that kloppy gives as a goal or a touch
    if _is_unread_own_goal(event):
        facts |= {"type": {"SHOT"}, "result": {_OWN_GOAL}}
        facts.pop("name", None)

    team, player = event.team, event.player
    return FeedEvent(
        period=int(event.period.id),
        position_ms=round(1000 * event.timestamp.total_seconds()),
        facts={key: frozenset(values) for key, values in facts.items()},
        side=_side_of(team),
        team=_name_team(team),
        player="" if player is None else _name_player(player),
    )


def _is_unread_own_goal(event: Any) -> bool:
    raw = event.raw_event
    if not isinstance(raw, dict):
        return False
    if event.event_type.name == "SHOT" and raw.get("type") == _DATAFACTORY_OWN_GOAL:
        return True
    tags = raw.get("tags")
    return isinstance(tags, list) and any(
        isinstance(tag, dict) and tag.get("id") == _WYSCOUT_OWN_GOAL for tag in tags
    )


def _side_of(team: Any) -> str | None:
    """``home`` or ``away``; neutral grounds have no sides."""
    ground = None if team is None else str(team.ground)
    return ground if ground in _SIDES else None


def _name_team(team: Any) -> str:
    return "" if team is None else " ".join(str(team.name or "").split())


def _name_player(player: Any) -> str:
    return " ".join(str(player.full_name or player.name or "").split())


def _plain(name: str) -> str:
    """A provider's own word in capital letters, words separated by underscores."""
    return re.sub(r"[^0-9A-Z]+", "_", name.upper()).strip("_")
