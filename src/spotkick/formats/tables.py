"""Tables of actions: CSV and Parquet, one row an action.

Written columns: ``match, period, position_ms, label, confidence, team, visibility``. Read are also
tables that people make by hand: a label and a time are enough, under any of the names in `COLUMNS`;
a time may be seconds or a clock such as ``1:02:05``. A column ``video`` names recordings
(``<match>/1_720p.mkv``), a column ``match`` names matches.
"""

import csv
import io
import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
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
    require_position,
    require_seconds,
    require_text,
)
from spotkick.formats.format import Family, Format
from spotkick.formats.recordings import (
    MAX_PERIOD,
    MediaReference,
    name_recordings,
    parse_recording,
)
from spotkick.formats.sample import Certainty, Sample
from spotkick.timeline import parse_game_time

COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "match": ("match", "game", "urllocal"),
    "video": ("video", "video_name"),
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

_PARQUET_MAGIC: Final = b"PAR1"

MAX_ROWS: Final = 50_000_000
"""Most rows that are read from a Parquet file, which may be tiny on disk."""

_MOST_SHOWN: Final = 10
_LONGEST_SHOWN: Final = 200
_DECIMAL_COMMA: Final = re.compile(r"^\s*-?\d+,\d+\s*$")
_THOUSANDS: Final = re.compile(r"^\s*-?[1-9]\d{0,2}(?:,\d{3})+(?P<point>\.\d*)?\s*$")
_POINT_THOUSANDS: Final = re.compile(r"^\s*-?[1-9]\d{0,2}(?:\.\d{3})+,\d*\s*$")
_CLOCK: Final = re.compile(r"^\s*(?:(\d{1,4}):)?(\d{1,6}):(\d{1,2}(?:[.,]\d{1,9})?)\s*$")
_TIMES: Final = ("position_ms", "position_s", "game_time")
_DELIMITERS: Final = (",", ";", "\t")
_SEPARATOR_LINE: Final = re.compile(r"^\s*sep=(.)\s*$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Table:
    """A table as it was read.

    Attributes:
        header: names of the columns.
        rows: values by column.
        delimiter: between the fields of a CSV; empty for Parquet, whose numbers are numbers.
    """

    header: Sequence[str]
    rows: Sequence[Sequence[Any]]
    delimiter: str = ""


def read_table(path: Path | str) -> tuple[MatchActions, ...]:
    """Read a CSV (comma, semicolon or tab) or Parquet table.

    Matches come in order of first appearance; rows without a match or video column belong to one
    match named like the file.

    Raises:
        InputError: if the file is not such a table, a column is missing, or a value is malformed.
        MissingExtraError: for Parquet without pyarrow.
    """
    path = Path(path)
    table = _read_rows(path)
    columns = _columns(table.header, str(path))
    recordings = _recordings_of(table, columns, path)
    actions: dict[str, list[Action]] = {}

    for number, row in enumerate(table.rows, start=1):
        values = {field: row[index] for field, index in columns.items()}
        where = f"{path}, row {number}"
        match, period = _match_of_row(values, recordings, where=where, default=path.stem)
        action = _read_action(values, where, table.delimiter, period=period)
        actions.setdefault(match, []).append(action)
    return tuple(MatchActions(match, tuple(found)) for match, found in actions.items())


def _read_rows(path: Path, *, every_column: bool = False) -> _Table:
    if _is_parquet(path):
        return _read_parquet(path, every_column=every_column)
    return _read_csv(path)


def _is_parquet(path: Path) -> bool:
    return path.suffix.lower() == ".parquet" or (
        path.is_file() and Sample(path).head.startswith(_PARQUET_MAGIC)
    )


def _recordings_of(
    table: _Table, columns: Mapping[str, int], path: Path
) -> dict[str, tuple[str, int | None]]:
    """Value of the column of videos -> match and period."""
    if "video" not in columns:
        return {}
    texts = {
        str(row[columns["video"]]) for row in table.rows if not _is_blank(row[columns["video"]])
    }
    references = [MediaReference(require_text(text, f"{path}: video")) for text in sorted(texts)]
    names = name_recordings(references, path.stem)
    return {
        reference.text: parse_recording(name)
        for reference, name in zip(references, names, strict=True)
    }


def _match_of_row(
    values: Mapping[str, Any],
    recordings: Mapping[str, tuple[str, int | None]],
    *,
    where: str,
    default: str,
) -> tuple[str, int | None]:
    """Match of a row, and the period where the name of its video states one."""
    named = None if _is_blank(values.get("video")) else recordings[str(values["video"])]
    if not _is_blank(values.get("match")):
        match = require_text(str(values["match"]), f"{where}: match")
        return match, None if named is None else named[1]
    return (default, None) if named is None else named


def _is_blank(value: Any) -> bool:
    return value is None or value == "" or (isinstance(value, float) and math.isnan(value))


def count_unread_values(path: Path) -> Counter[str]:
    """Values of the columns of a CSV or Parquet table that `read_table` does not use.

    Raises:
        InputError: if the file is not a table.
        MissingExtraError: for Parquet without pyarrow.
    """
    table = _read_rows(path, every_column=True)
    used = set(_columns(table.header, str(path)).values())
    counts: Counter[str] = Counter()
    for index, name in enumerate(table.header):
        if index not in used:
            counts[f"field '{name}' of the source"] += sum(
                not _is_blank(row[index]) for row in table.rows
            )
    return +counts


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
            f"{where}: a table needs a column 'label' and one of 'position_ms', 'position_s' or "
            f"'gameTime', found {', '.join(header[:_MOST_SHOWN])[:_LONGEST_SHOWN]}"
        )
    return {
        field: index for field, index in columns.items() if field not in _TIMES or field == times[0]
    }


def _read_action(
    values: Mapping[str, Any], where: str, delimiter: str, *, period: int | None
) -> Action:
    stated, position_ms = _read_time(values, where, delimiter, period=period)
    return Action(
        label=require_text(values["label"], f"{where}: label"),
        period=stated,
        position_ms=position_ms,
        confidence=_read_confidence(values.get("confidence"), where, delimiter),
        team=optional_team(values.get("team"), f"{where}: team"),
        visibility=optional_visibility(values.get("visibility"), f"{where}: visibility"),
    )


def _read_confidence(value: Any, where: str, delimiter: str) -> float | None:
    if _is_blank(value):
        return None
    number = _plain_number(value, f"{where}: confidence", delimiter)
    return optional_confidence({"confidence": number}, where, "confidence")


def _read_seconds(value: Any, where: str, delimiter: str) -> float:
    """Seconds, also of a clock such as ``12:34.5`` or ``1:02:05``."""
    clock = _CLOCK.match(value) if isinstance(value, str) else None
    if clock is None:
        return require_seconds(_plain_number(value, where, delimiter), where)
    hours, minutes, seconds = clock.groups(default="0")
    return require_seconds(
        3600 * int(hours) + 60 * int(minutes) + float(seconds.replace(",", ".")), where
    )


def _plain_number(value: Any, where: str, delimiter: str) -> Any:
    """A number as spreadsheets of different countries write it, with a decimal point only.

    ``1,234.5`` and ``1.234,5`` can be read in one way. ``1,234`` is 1.234 where commas do not
    separate fields, because such a table comes from a country with decimal commas; between commas
    or tabs it may be either, and is refused.
    """
    if not isinstance(value, str):
        return value
    if _POINT_THOUSANDS.match(value):
        return value.replace(".", "").replace(",", ".")
    thousands = _THOUSANDS.match(value)
    if thousands is not None and (thousands["point"] is not None or value.count(",") > 1):
        return value.replace(",", "")
    if thousands is not None and delimiter != ";":
        raise InputError(
            f"{where} may mean {value.replace(',', '').strip()} or "
            f"{value.replace(',', '.').strip()}, found '{value.strip()}'; "
            "write it without a separator of thousands"
        )
    return value.replace(",", ".") if _DECIMAL_COMMA.match(value) else value


def _read_time(
    values: Mapping[str, Any], where: str, delimiter: str, *, period: int | None
) -> tuple[int, int]:
    """Period and position of a row; a period may be stated by a column, a video or a clock."""
    column = values.get("period")
    stated = None if _is_blank(column) else require_integer(column, f"{where}: period")
    if stated is not None and period is not None and stated != period:
        raise InputError(
            f"{where}: period {stated} contradicts the name of the video, which is period {period}"
        )
    stated = period if stated is None else stated

    # The finest time that the table has.
    if "game_time" in values:
        clock, seconds = parse_game_time(require_text(values["game_time"], f"{where}: gameTime"))
        stated = clock if stated is None else stated
        position_ms = require_position(1000 * seconds, f"{where}: gameTime")
    elif "position_ms" in values:
        position_ms = require_integer(values["position_ms"], f"{where}: position_ms")
    else:
        position_ms = round(
            1000 * _read_seconds(values["position_s"], f"{where}: time in seconds", delimiter)
        )

    stated = 1 if stated is None else stated
    if not 1 <= stated <= MAX_PERIOD:
        raise InputError(f"{where}: period must lie within 1 and {MAX_PERIOD}, found {stated}")
    return stated, position_ms


def _read_csv(path: Path) -> _Table:
    try:
        text = read_bytes(path).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(
            f"{path}: not UTF-8 text (byte {error.start}); save the table as 'CSV UTF-8'"
        ) from error

    # Excel may state the separator in a line before the header.
    first, _, rest = text.partition("\n")
    stated = _SEPARATOR_LINE.match(first)
    text = rest if stated else text
    delimiter = stated[1] if stated else max(_DELIMITERS, key=first.count)
    try:
        source = io.StringIO(text, newline="")
        rows = [row for row in csv.reader(source, delimiter=delimiter, strict=True) if row]
    except (csv.Error, ValueError, TypeError) as error:
        raise InputError(f"{path}: not a readable CSV table: {error}") from error

    # All rows as wide as the header.
    if not rows:
        raise InputError(f"{path}: the table is empty; its first line must name the columns")
    width = len(rows[0])
    for number, row in enumerate(rows[1:], start=1):
        if len(row) != width:
            raise InputError(
                f"{path}, row {number}: {width} fields are needed as in the header, "
                f"found {len(row)}"
            )
    return _Table(rows[0], rows[1:], delimiter)


def _read_parquet(path: Path, *, every_column: bool = False) -> _Table:
    """Read the columns that are known, or all of them."""
    parquet = _import_parquet()
    data = read_bytes(path)
    try:
        file = parquet.ParquetFile(io.BytesIO(data))
        if file.metadata.num_rows > MAX_ROWS:
            raise InputError(
                f"{path}: {file.metadata.num_rows:,} rows, more than the limit of {MAX_ROWS:,}"
            )
        wanted = {name for names in COLUMNS.values() for name in names}
        header = [
            name
            for name in file.schema_arrow.names
            if every_column or name.strip().lower() in wanted
        ]
        table = file.read(columns=header)
        columns = [table.column(name).to_pylist() for name in header]
    except (OSError, ValueError, KeyError, NotImplementedError, UnicodeDecodeError) as error:
        raise InputError(
            f"{path}: not a readable Parquet table: {str(error).splitlines()[0]}"
        ) from error
    return _Table(header or file.schema_arrow.names, list(zip(*columns, strict=True)))


def _import_parquet() -> Any:
    return require_extra("pyarrow.parquet", "tables", "reading and writing Parquet tables")


def write_table(path: Path | str, matches: Sequence[MatchActions]) -> None:
    """Write a CSV, or a Parquet table where the suffix is ``.parquet``.

    Raises:
        MissingExtraError: for Parquet without pyarrow.
        StorageError: if the file cannot be written.
    """
    path = Path(path)
    rows = [_row_of(match.match, action) for match in matches for action in match.actions]
    if path.suffix.lower() == ".parquet":
        _write_parquet(path, rows)
        return

    # Without a confidence or team the field is empty.
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(WRITTEN)
    writer.writerows(["" if value is None else value for value in row] for row in rows)
    write_text(path, buffer.getvalue())


def _row_of(match: str, action: Action) -> tuple[Any, ...]:
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

    # Column by column, in the order of `WRITTEN`.
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


def _detect_csv(sample: Sample) -> Certainty:
    return Certainty.NAME if sample.suffix in (".csv", ".tsv") else Certainty.NO


def _detect_parquet(sample: Sample) -> Certainty:
    held = sample.head.startswith(_PARQUET_MAGIC) or (
        sample.suffix == ".parquet" and not sample.is_folder
    )
    return Certainty.MARK if held else Certainty.NO


CSV_FORMAT: Final = Format(
    name="csv",
    title="CSV table",
    description="table, one row an action",
    family=Family.TABLE,
    capabilities=Capabilities(empty=False),
    detect=_detect_csv,
    reader=lambda path, _: read_table(path),
    writer=lambda path, matches, _: write_table(path, matches),
    suffix=".csv",
    own_suffixes=(".csv",),
    count_unread=count_unread_values,
)

PARQUET_FORMAT: Final = Format(
    name="parquet",
    title="Parquet table",
    description="the same; needs pyarrow",
    family=Family.TABLE,
    capabilities=Capabilities(empty=False),
    detect=_detect_parquet,
    reader=lambda path, _: read_table(path),
    writer=lambda path, matches, _: write_table(path, matches),
    suffix=".parquet",
    own_suffixes=(".parquet",),
    count_unread=count_unread_values,
)
