"""Tables of actions: CSV and Parquet, one row an action.

Written columns: ``match, period, position_ms, label, confidence, team, visibility``. Read are also
tables that people make by
hand: a label and a time are enough, under any of the names in `COLUMNS`; a time may be seconds or a
clock such as ``1:02:05``.
"""

import csv
import io
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from spotkick.actions import Action, MatchActions
from spotkick.errors import InputError, require_extra
from spotkick.files import atomic_path, read_bytes, write_text
from spotkick.formats.capabilities import Capabilities
from spotkick.formats.fields import (
    optional_confidence,
    optional_team,
    optional_visibility,
    require_integer,
    require_seconds,
    require_text,
)
from spotkick.formats.recordings import MAX_PERIOD
from spotkick.timeline import parse_game_time

CAPACITY: Final = Capabilities(empty=False)

COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "match": ("match", "game", "video", "video_name", "urllocal"),
    "period": ("period", "half"),
    "position_ms": ("position_ms", "time_ms", "start_ms"),
    "position_s": ("position_s", "time_s", "start_s", "seconds", "time", "start", "timestamp"),
    "game_time": ("gametime", "game_time"),
    "label": ("label", "class", "event", "action"),
    "confidence": ("confidence", "score"),
    "team": ("team",),
    "visibility": ("visibility",),
}
"""What a column holds -> header names that are read as it, in lower case; the first one found
counts."""

WRITTEN: Final = ("match", "period", "position_ms", "label", "confidence", "team", "visibility")

MAX_ROWS: Final = 50_000_000
"""Most rows that are read from a Parquet file, which may be tiny on disk."""

_MOST_SHOWN: Final = 10
_LONGEST_SHOWN: Final = 200
_DECIMAL_COMMA: Final = re.compile(r"^\s*-?\d+,\d+\s*$")
_CLOCK: Final = re.compile(r"^\s*(?:(\d{1,4}):)?(\d{1,6}):(\d{1,2}(?:[.,]\d{1,9})?)\s*$")
_TIMES: Final = ("position_ms", "position_s", "game_time")
_DELIMITERS: Final = (",", ";", "\t")


def read_table(path: Path) -> tuple[MatchActions, ...]:
    """Read a CSV (comma, semicolon or tab) or Parquet table.

    Matches come in order of first appearance; rows without a match column belong to one match named
    like the file.

    Raises:
        InputError: if the file is not such a table, a column is missing, or a value is malformed.
        MissingExtraError: for Parquet without pyarrow.
    """
    header, rows = _read_parquet(path) if path.suffix.lower() == ".parquet" else _read_csv(path)
    columns = _columns(header, str(path))
    actions: dict[str, list[Action]] = {}
    for number, row in enumerate(rows, start=1):
        values = {field: row[index] for field, index in columns.items()}
        match, action = _action(values, f"{path}, row {number}", path.stem)
        actions.setdefault(match, []).append(action)
    return tuple(MatchActions(match, tuple(found)) for match, found in actions.items())


def unread_columns(path: Path) -> tuple[str, ...]:
    """Header names of a CSV or Parquet table that `read_table` does not use.

    Raises:
        InputError: if the file is not a table.
        MissingExtraError: for Parquet without pyarrow.
    """
    header, _ = _read_parquet(path) if path.suffix.lower() == ".parquet" else _read_csv(path)
    used = set(_columns(header, str(path)).values())
    return tuple(name for index, name in enumerate(header) if index not in used)


def _columns(header: Sequence[str], where: str) -> dict[str, int]:
    names = [name.strip().lower() for name in header]
    columns = {
        field: names.index(known)
        for field, found in COLUMNS.items()
        for known in reversed(found)
        if known in names
    }
    times = [field for field in _TIMES if field in columns]
    if "label" not in columns or not times:
        raise InputError(
            f"{where}: a table needs a column 'label' and one of 'position_ms', 'position_s' or 'gameTime', "
            f"found {', '.join(header[:_MOST_SHOWN])[:_LONGEST_SHOWN]}"
        )
    return {
        field: index for field, index in columns.items() if field not in _TIMES or field == times[0]
    }


def _action(values: Mapping[str, Any], where: str, name: str) -> tuple[str, Action]:
    period, position_ms = _time(values, where)
    match = values.get("match")
    return require_text(
        name if match is None or match == "" else str(match), f"{where}: match"
    ), Action(
        label=require_text(values["label"], f"{where}: label"),
        period=period,
        position_ms=position_ms,
        confidence=_confidence(values.get("confidence"), where),
        team=optional_team(values.get("team"), f"{where}: team"),
        visibility=optional_visibility(values.get("visibility"), f"{where}: visibility"),
    )


def _confidence(value: Any, where: str) -> float | None:
    missing = value is None or value == "" or (isinstance(value, float) and math.isnan(value))
    return (
        None if missing else optional_confidence({"confidence": _point(value)}, where, "confidence")
    )


def _seconds(value: Any) -> Any:
    """Seconds of a clock such as ``12:34.5`` or ``1:02:05``; other values as they are."""
    clock = _CLOCK.match(value) if isinstance(value, str) else None
    if clock is None:
        return _point(value)
    hours, minutes, seconds = clock.groups(default="0")
    return 3600 * int(hours) + 60 * int(minutes) + float(seconds.replace(",", "."))


def _point(value: Any) -> Any:
    """A number with a decimal comma, as spreadsheets of many countries write it, with a point."""
    return (
        value.replace(",", ".") if isinstance(value, str) and _DECIMAL_COMMA.match(value) else value
    )


def _time(values: Mapping[str, Any], where: str) -> tuple[int, int]:
    period = values.get("period")
    stated = 1 if period is None or period == "" else require_integer(period, f"{where}: period")
    if "game_time" in values:
        clock, seconds = parse_game_time(require_text(values["game_time"], f"{where}: gameTime"))
        stated = clock if period is None or period == "" else stated
        position_ms = require_integer(1000 * seconds, f"{where}: gameTime")
    elif "position_ms" in values:
        position_ms = require_integer(values["position_ms"], f"{where}: position_ms")
    else:
        position_ms = round(
            1000 * require_seconds(_seconds(values["position_s"]), f"{where}: time in seconds")
        )
    if not 1 <= stated <= MAX_PERIOD:
        raise InputError(f"{where}: period must lie within 1 and {MAX_PERIOD}, found {stated}")
    return stated, position_ms


def _read_csv(path: Path) -> tuple[list[str], Iterable[Sequence[Any]]]:
    try:
        text = read_bytes(path).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(
            f"{path}: not UTF-8 text (byte {error.start}); save the table as 'CSV UTF-8'"
        ) from error
    first = text.partition("\n")[0]
    delimiter = max(_DELIMITERS, key=first.count)
    try:
        rows = [
            row
            for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
            if row
        ]
    except csv.Error as error:
        raise InputError(f"{path}: not a readable CSV table: {error}") from error
    if not rows:
        raise InputError(f"{path}: the table is empty; its first line must name the columns")
    width = len(rows[0])
    short = next(
        (number for number, row in enumerate(rows[1:], start=1) if len(row) != width), None
    )
    if short is not None:
        raise InputError(
            f"{path}, row {short}: {width} fields are needed as in the header, found {len(rows[short])}"
        )
    return rows[0], rows[1:]


def _read_parquet(path: Path) -> tuple[list[str], Iterable[Sequence[Any]]]:
    parquet = _import_parquet()
    data = read_bytes(path)
    try:
        file = parquet.ParquetFile(io.BytesIO(data))
        if file.metadata.num_rows > MAX_ROWS:
            raise InputError(
                f"{path}: {file.metadata.num_rows:,} rows, more than the limit of {MAX_ROWS:,}"
            )
        wanted = {name for names in COLUMNS.values() for name in names}
        header = list(file.schema_arrow.names)
        table = file.read(columns=[name for name in header if name.strip().lower() in wanted])
        columns = {name: table.column(name).to_pylist() for name in table.column_names}
    except (OSError, ValueError, KeyError, NotImplementedError, UnicodeDecodeError) as error:
        raise InputError(
            f"{path}: not a readable Parquet table: {str(error).splitlines()[0]}"
        ) from error
    blank = [None] * table.num_rows
    return header, zip(*(columns.get(name, blank) for name in header), strict=True)


def _import_parquet() -> Any:
    return require_extra("pyarrow.parquet", "tables", "reading and writing Parquet tables")


def write_table(path: Path, matches: Sequence[MatchActions]) -> None:
    """Write a CSV, or a Parquet table where the suffix is ``.parquet``.

    Raises:
        MissingExtraError: for Parquet without pyarrow.
        StorageError: if the file cannot be written.
    """
    rows = [_row(match.match, action) for match in matches for action in match.actions]
    if path.suffix.lower() == ".parquet":
        _write_parquet(path, rows)
        return
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(WRITTEN)
    writer.writerows(["" if value is None else value for value in row] for row in rows)
    write_text(path, buffer.getvalue())


def _row(match: str, action: Action) -> tuple[Any, ...]:
    visibility = None if action.visibility is None else str(action.visibility)
    return (
        match,
        action.period,
        action.position_ms,
        action.label,
        action.confidence,
        action.team,
        visibility,
    )


def _write_parquet(path: Path, rows: Sequence[tuple[Any, ...]]) -> None:
    parquet = _import_parquet()
    import pyarrow as pa

    types = (
        pa.string(),
        pa.int8(),
        pa.int64(),
        pa.string(),
        pa.float64(),
        pa.string(),
        pa.string(),
    )
    arrays = [pa.array([row[index] for row in rows], type=kind) for index, kind in enumerate(types)]
    with atomic_path(path) as temporary:
        parquet.write_table(pa.table(arrays, names=list(WRITTEN)), temporary)
