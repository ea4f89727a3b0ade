"""Event files of data providers: which provider wrote a file, and what it needs beside itself."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from spotkick.errors import InputError

HEAD_BYTES: Final = 65_536
"""How much of a file is looked at."""

_MAX_BESIDE: Final = 200
"""Files of a folder that are looked at for the companion of an event file."""


@dataclass(frozen=True, slots=True)
class Provider:
    """A provider's event file.

    Attributes:
        name: for people and messages.
        loader: module and function of kloppy.
        event_key: argument of the loader for the event file.
        companion_key: argument for the file that names teams and players; empty where it is in the
            event file.
        companion: what that file is called by its makers.
        is_events: judges the start of a file.
        is_companion: judges the start of a file.
    """

    name: str
    loader: tuple[str, str]
    event_key: str
    is_events: Callable[[str], bool]
    companion_key: str = ""
    companion: str = ""
    is_companion: Callable[[str], bool] | None = None


def _has(*patterns: str) -> Callable[[str], bool]:
    rules = [re.compile(pattern) for pattern in patterns]
    return lambda text: all(rule.search(text) for rule in rules)


PROVIDERS: Final = (
    Provider(
        name="statsbomb",
        loader=("kloppy.statsbomb", "load"),
        event_key="event_data",
        is_events=_has(
            r"^\s*\[", r'"possession_team"|"Starting XI"', r'"timestamp"\s*:', r'"period"\s*:'
        ),
        companion_key="lineup_data",
        companion="lineups",
        is_companion=_has(r"^\s*\[", r'"lineup"\s*:', r'"team_id"\s*:'),
    ),
    Provider(
        name="opta",
        loader=("kloppy.opta", "load"),
        event_key="f24_data",
        is_events=_has(r"<Games\b"),
        companion_key="f7_data",
        companion="F7",
        is_companion=_has(r"<Soccer(?:Feed|Document)\b"),
    ),
    Provider(
        name="wyscout",
        loader=("kloppy.wyscout", "load"),
        event_key="event_data",
        is_events=_has(r"^\s*\{", r'"(?:matchPeriod|matchTimestamp|eventName|subEventName)"\s*:'),
    ),
    Provider(
        name="datafactory",
        loader=("kloppy.datafactory", "load"),
        event_key="event_data",
        is_events=_has(r"^\s*\{", r'"homeTeamName"\s*:', r'"scheduledStart"\s*:'),
    ),
    Provider(
        name="sportec",
        loader=("kloppy.sportec", "load_event"),
        event_key="event_data",
        is_events=_has(r"<PutDataRequest\b", r"<Event\b"),
        companion_key="meta_data",
        companion="match information",
        is_companion=_has(r"<PutDataRequest\b", r"<MatchInformation\b"),
    ),
    Provider(
        name="statsperform",
        loader=("kloppy.statsperform", "load_event"),
        event_key="ma3_data",
        is_events=_has(r'"matchInfo"|<matchInfo\b', r'"event"\s*:\s*\[|<event\b'),
        companion_key="ma1_data",
        companion="MA1",
        is_companion=_has(r'"matchInfo"|<matchInfo\b'),
    ),
    Provider(
        name="metrica",
        loader=("kloppy.metrica", "load_event"),
        event_key="event_data",
        is_events=_has(r'^\s*\{\s*"data"\s*:', r'"subtypes"\s*:', r'"frame"\s*:'),
        companion_key="meta_data",
        companion="EPTS metadata",
        is_companion=_has(r"<(?:main|Metadata)\b"),
    ),
)
"""In the order in which they are tried."""


def find_provider(path: Path) -> Provider | None:
    """The provider of an event file, judged by its start; None for any other file.

    Raises:
        InputError: if the file cannot be read.
    """
    text = _read_head(path)
    return next((provider for provider in PROVIDERS if provider.is_events(text)), None)


def _read_head(path: Path) -> str:
    try:
        if not path.is_file():
            return ""
        with path.open("rb") as file:
            return file.read(HEAD_BYTES).decode("utf-8-sig", errors="replace")
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror or error}") from error


def find_companions(path: Path, provider: Provider) -> list[Path]:
    """Files beside an event file that may name its teams and players, most alike in name first."""
    if provider.is_companion is None:
        return []
    beside = [file for file in sorted(path.parent.iterdir())[:_MAX_BESIDE] if file != path]
    found = [
        file
        for file in beside
        if file.suffix.lower() in (".json", ".xml")
        and provider.is_companion(text := _read_head(file))
        and not provider.is_events(text)
    ]
    return sorted(found, key=lambda file: -_shared_letters(file.name, path.name))


def _shared_letters(first: str, second: str) -> int:
    """Length of the beginning that two names share."""
    pairs = zip(first, second, strict=False)
    return next((number for number, (a, b) in enumerate(pairs) if a != b), len(first))
