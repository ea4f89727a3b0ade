"""Which column of a table holds what: by the names of headers, or by a map that the user gives."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from spotkick.actions import Action
from spotkick.errors import InputError
from spotkick.formats.table_cells import is_blank

COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "match": ("match", "game", "urllocal", "game_id", "match_id"),
    "video": ("video", "video_name", "media file", "media file name"),
    "period": ("period", "half", "period_id", "matchperiod"),
    "position_ms": ("position_ms", "time_ms", "start_ms"),
    "position_s": (
        *("position_s", "time_s", "start_s", "seconds", "time", "start", "timestamp"),
        *("start (s)", "start time", "begin"),
    ),
    "game_time": ("gametime", "game_time"),
    "minute": ("minute", "minutes", "min"),
    "second": ("second", "sec"),
    "frame": ("frame", "frame_id", "image index"),
    "rate": ("rate", "fps", "frame_rate"),
    "label": ("label", "class", "event", "action", "behavior", "event_type", "category", "code"),
    "confidence": ("confidence", "score"),
    "team": ("team",),
    "visibility": ("visibility",),
}
"""What a column holds -> header names that are read as it, in lower case; the first one found
counts."""

TIMES: Final = ("position_ms", "position_s", "game_time", "minute", "frame")
"""Fields that state a time, the finest first."""

DETAIL: Final = "detail:"
"""Start of the header of a column that holds a detail, such as ``detail:player``."""

_REPEATED: Final = re.compile(r"#\d+$")

_COMPANIONS: Final = {"minute": "second", "frame": "rate"}
_SYNONYMS: Final = {"time": "position_s", "seconds": "position_s", "time_ms": "position_ms"}
_MOST_SHOWN: Final = 10
_LONGEST_SHOWN: Final = 200


@dataclass(frozen=True, slots=True)
class TableColumns:
    """The columns of a table that are read.

    Attributes:
        fields: what a column holds -> its index.
        details: (name of the detail, index of its column).
    """

    fields: Mapping[str, int]
    details: tuple[tuple[str, int], ...] = ()

    @property
    def used(self) -> frozenset[int]:
        """Indices of all columns that are read."""
        return frozenset([*self.fields.values(), *(index for _, index in self.details)])

    def values_of(self, row: Sequence[Any]) -> dict[str, Any]:
        """The cells of a row by field."""
        return {field: row[index] for field, index in self.fields.items()}

    def details_of(self, row: Sequence[Any]) -> tuple[tuple[str, str], ...]:
        """The details of a row that are not blank."""
        return tuple(
            (name, str(row[index])) for name, index in self.details if not is_blank(row[index])
        )


def find_columns(
    header: Sequence[str], stated: Sequence[tuple[str, str]], where: str
) -> TableColumns:
    """Find the columns of a table.

    Args:
        header: names of the columns.
        stated: (field, header) as the user maps them; a field that is none of `COLUMNS` becomes a
            detail of that name.
        where: names the table in messages.

    Raises:
        InputError: if a stated header is not there, or no column holds a label or a time.
    """
    names = [name.strip().lower() for name in header]
    found = {
        field: names.index(known)
        for field, synonyms in COLUMNS.items()
        for known in reversed(synonyms)
        if known in names
    }
    details = [
        (_REPEATED.sub("", name.strip()[len(DETAIL) :]), index)
        for index, name in enumerate(header)
        if name.strip().lower().startswith(DETAIL) and len(name.strip()) > len(DETAIL)
    ]

    # What the user states counts before the names, and a stated time before any other.
    chosen: dict[str, int] = {}
    for field, name in stated:
        key = _SYNONYMS.get(field.strip().lower(), field.strip().lower())
        index = _index_of(name, header, where)
        if key in COLUMNS:
            chosen[key] = index
        else:
            details.append((field.strip(), index))
    times = [field for field in TIMES if field in chosen] or [
        field for field in TIMES if field in found
    ]
    fields = found | chosen
    if "label" not in fields or not times:
        raise InputError(
            f"{where}: a table needs a column 'label' and one of 'position_ms', 'position_s' or "
            f"'gameTime', found {', '.join(header[:_MOST_SHOWN])[:_LONGEST_SHOWN]}; name the "
            "columns with 'spotkick convert --column label=... --column time=...'"
        )

    wanted = {times[0], _COMPANIONS.get(times[0])}
    others = {*TIMES, *_COMPANIONS.values()} - wanted
    kept = {field: index for field, index in fields.items() if field not in others}
    return TableColumns(kept, tuple(details))


def _index_of(name: str, header: Sequence[str], where: str) -> int:
    plain = [text.strip() for text in header]
    if name.strip() in plain:
        return plain.index(name.strip())
    lower = [text.lower() for text in plain]
    if name.strip().lower() in lower:
        return lower.index(name.strip().lower())
    raise InputError(
        f"{where}: no column '{name}', found {', '.join(plain[:_MOST_SHOWN])[:_LONGEST_SHOWN]}"
    )


def detail_columns(actions: Sequence[Action]) -> list[str]:
    """Names of the columns that hold the details of all actions; a name may repeat."""
    most: dict[str, int] = {}
    for action in actions:
        names = [name for name, _ in action.details]
        for name in names:
            most[name] = max(most.get(name, 0), names.count(name))
    return [name for name, count in most.items() for _ in range(count)]


def detail_headers(columns: Sequence[str]) -> list[str]:
    """Headers of `detail_columns`; the second column of a name gets ``#2``.

    Example:
        >>> detail_headers(["player", "player"])
        ['detail:player', 'detail:player#2']
    """
    counts: Counter[str] = Counter()
    headers = []
    for name in columns:
        counts[name] += 1
        headers.append(f"{DETAIL}{name}" + (f"#{counts[name]}" if counts[name] > 1 else ""))
    return headers


def detail_cells(action: Action, columns: Sequence[str]) -> list[str]:
    """The details of an action, one cell for each of `detail_columns`."""
    waiting = list(action.details)
    cells = []
    for name in columns:
        found = next((pair for pair in waiting if pair[0] == name), None)
        if found is not None:
            waiting.remove(found)
        cells.append("" if found is None else found[1])
    return cells
