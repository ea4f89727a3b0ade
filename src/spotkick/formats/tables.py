"""Tables of actions: CSV and Parquet, one row an action.

Written columns: ``match, period, position_ms, label, confidence, team, visibility``. Read are also
tables that people make by hand: a label and a time are enough, under any of the names in
`spotkick.formats.table_columns`, or under those that a column map states; a time may be seconds, a
clock such as ``1:02:05``, minute and second, or a frame. A column ``video`` names recordings
(``<match>/1_720p.mkv``), a column ``match`` names matches. Details have columns ``detail:NAME``.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

from spotkick.actions import Action, MatchActions
from spotkick.formats.capabilities import Capabilities
from spotkick.formats.fields import (
    optional_team,
    optional_visibility,
    require_text,
)
from spotkick.formats.format import Family, Format, ReadOptions
from spotkick.formats.recordings import (
    MediaReference,
    name_recordings,
    parse_recording,
)
from spotkick.formats.sample import Certainty, Sample
from spotkick.formats.table_cells import is_blank, read_confidence, read_time
from spotkick.formats.table_clocks import restart_clock
from spotkick.formats.table_columns import (
    detail_cells,
    detail_columns,
    detail_headers,
    find_columns,
)
from spotkick.formats.table_rows import PARQUET_MAGIC, Table, read_rows, write_rows

WRITTEN: Final = ("match", "period", "position_ms", "label", "confidence", "team", "visibility")


def read_table(
    path: Path | str,
    *,
    unread: Counter[str] | None = None,
    columns: Sequence[tuple[str, str]] = (),
    frame_rate: Fraction | None = None,
) -> tuple[MatchActions, ...]:
    """Read a CSV (comma, semicolon or tab) or Parquet table.

    Matches come in order of first appearance; rows without a match or video column belong to one
    match named like the file.

    Args:
        path: the table.
        unread: gets the number of values of each column that is not read.
        columns: (field, header) of columns with other names, see
            `spotkick.formats.table_columns.find_columns`.
        frame_rate: of tables that count frames without a column for the rate.

    Raises:
        InputError: if the file is not such a table, a column is missing, or a value is malformed.
        MissingExtraError: for Parquet without pyarrow.
    """
    path = Path(path)
    table = read_rows(path, every_column=unread is not None or bool(columns))
    found = find_columns(table.header, columns, str(path))
    if unread is not None:
        unread.update(_unread_values(table, found.used))
    recordings = _recordings_of(table, found.fields, path)
    actions: dict[str, list[Action]] = {}

    for number, row in enumerate(table.rows, start=1):
        values = found.values_of(row)
        if frame_rate is not None and is_blank(values.get("rate")):
            values["rate"] = str(frame_rate)
        where = f"{path}, row {number}"
        match, period = _match_of_row(values, recordings, where=where, default=path.stem)
        action = _read_action(values, where, table.delimiter, period=period)
        details = found.details_of(row)
        actions.setdefault(match, []).append(
            replace(action, details=details) if details else action
        )

    # Minutes of a match clock run on from period to period.
    matches = (MatchActions(match, tuple(items)) for match, items in actions.items())
    if "minute" in found.fields:
        return tuple(restart_clock(match, str(path)) for match in matches)
    return tuple(matches)


def _recordings_of(
    table: Table, columns: Mapping[str, int], path: Path
) -> dict[str, tuple[str, int | None]]:
    """Value of the column of videos -> match and period."""
    if "video" not in columns:
        return {}
    texts = {
        str(row[columns["video"]]) for row in table.rows if not is_blank(row[columns["video"]])
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
    named = None if is_blank(values.get("video")) else recordings[str(values["video"])]
    if not is_blank(values.get("match")):
        match = require_text(str(values["match"]), f"{where}: match")
        return match, None if named is None else named[1]
    return (default, None) if named is None else named


def _unread_values(table: Table, used: Collection[int]) -> Counter[str]:
    """Number of values in each column that is not used."""
    counts: Counter[str] = Counter()
    for index, name in enumerate(table.header):
        if index not in used:
            held = sum(not is_blank(row[index]) for row in table.rows)
            counts[f"field '{name}' of the source"] += held
    return counts


def _read_action(
    values: Mapping[str, Any], where: str, delimiter: str, *, period: int | None
) -> Action:
    stated, position_ms = read_time(values, where, delimiter, period=period)
    return Action(
        label=require_text(values["label"], f"{where}: label"),
        period=stated,
        position_ms=position_ms,
        confidence=read_confidence(values.get("confidence"), where, delimiter),
        team=optional_team(values.get("team"), f"{where}: team"),
        visibility=optional_visibility(values.get("visibility"), f"{where}: visibility"),
    )


def write_table(path: Path | str, matches: Sequence[MatchActions]) -> None:
    """Write a CSV, or a Parquet table where the suffix is ``.parquet``.

    Raises:
        MissingExtraError: for Parquet without pyarrow.
        StorageError: if the file cannot be written.
    """
    path = Path(path)
    details = detail_columns([action for match in matches for action in match.actions])
    rows = [
        (*_row_of(match.match, action), *detail_cells(action, details))
        for match in matches
        for action in match.actions
    ]
    header = (*WRITTEN, *detail_headers(details))
    write_rows(path, rows, header)


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


def _detect_csv(sample: Sample) -> Certainty:
    return Certainty.NAME if sample.suffix in (".csv", ".tsv") else Certainty.NO


def _detect_parquet(sample: Sample) -> Certainty:
    held = sample.head.startswith(PARQUET_MAGIC) or (
        sample.suffix == ".parquet" and not sample.is_folder
    )
    return Certainty.MARK if held else Certainty.NO


def _read_with_options(path: Path, options: ReadOptions) -> tuple[MatchActions, ...]:
    return read_table(
        path,
        unread=options.unread,
        columns=options.columns,
        frame_rate=options.frame_rate,
    )


CSV_FORMAT: Final = Format(
    name="csv",
    title="CSV table",
    description="table, one row an action",
    family=Family.TABLE,
    capabilities=Capabilities(details=True, empty=False),
    detect=_detect_csv,
    reader=_read_with_options,
    writer=lambda path, matches, _: write_table(path, matches),
    suffix=".csv",
    own_suffixes=(".csv",),
)


PARQUET_FORMAT: Final = Format(
    name="parquet",
    title="Parquet table",
    description="the same; needs pyarrow",
    family=Family.TABLE,
    capabilities=Capabilities(details=True, empty=False),
    detect=_detect_parquet,
    reader=_read_with_options,
    writer=lambda path, matches, _: write_table(path, matches),
    suffix=".parquet",
    own_suffixes=(".parquet",),
)
