"""Header and rows of a table as CSV and Parquet files hold them, read and written."""

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from spotkick.errors import InputError, require_extra
from spotkick.files import atomic_path, read_bytes, write_text
from spotkick.formats.sample import Sample
from spotkick.formats.table_columns import COLUMNS, DETAIL

PARQUET_MAGIC: Final = b"PAR1"
"""First bytes of a Parquet file."""

MAX_ROWS: Final = 50_000_000
"""Most rows that are read from a Parquet file, which may be tiny on disk."""

_DELIMITERS: Final = (",", ";", "\t")
_SEPARATOR_LINE: Final = re.compile(r"^\s*sep=(.)\s*$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Table:
    """A table as it was read.

    Attributes:
        header: names of the columns.
        rows: values by column.
        delimiter: between the fields of a CSV; empty for Parquet, whose numbers are numbers.
    """

    header: Sequence[str]
    rows: Sequence[Sequence[Any]]
    delimiter: str = ""


def read_rows(path: Path, *, every_column: bool = False) -> Table:
    """Read the header and the rows of a CSV (comma, semicolon or tab) or Parquet table.

    Args:
        path: the table.
        every_column: read columns of Parquet that have no known name, too.

    Raises:
        InputError: if the file is not such a table.
        MissingExtraError: for Parquet without pyarrow.
    """
    if _is_parquet(path):
        return _read_parquet(path, every_column=every_column)
    return _read_csv(path)


def write_rows(path: Path, rows: Sequence[tuple[Any, ...]], header: Sequence[str]) -> None:
    """Write a CSV, or a Parquet table where the suffix is ``.parquet``.

    Args:
        path: the table.
        rows: values by column; None leaves a cell empty.
        header: names of the columns.

    Raises:
        MissingExtraError: for Parquet without pyarrow.
        StorageError: if the file cannot be written.
    """
    if path.suffix.lower() == ".parquet":
        _write_parquet(path, rows, header)
        return

    # Without a confidence or team the field is empty.
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(["" if value is None else value for value in row] for row in rows)
    write_text(path, buffer.getvalue())


def _is_parquet(path: Path) -> bool:
    return path.suffix.lower() == ".parquet" or (
        path.is_file() and Sample(path).head.startswith(PARQUET_MAGIC)
    )


def _read_csv(path: Path) -> Table:
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
    return Table(rows[0], rows[1:], delimiter)


def _read_parquet(path: Path, *, every_column: bool = False) -> Table:
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
            if every_column
            or name.strip().lower() in wanted
            or name.strip().lower().startswith(DETAIL)
        ]
        table = file.read(columns=header)
        columns = [table.column(name).to_pylist() for name in header]
    except (OSError, ValueError, KeyError, NotImplementedError, UnicodeDecodeError) as error:
        raise InputError(
            f"{path}: not a readable Parquet table: {str(error).splitlines()[0]}"
        ) from error
    return Table(header or file.schema_arrow.names, list(zip(*columns, strict=True)))


def _write_parquet(path: Path, rows: Sequence[tuple[Any, ...]], header: Sequence[str]) -> None:
    parquet = _import_parquet()
    import pyarrow as pa

    # Column by column: all are text but those of numbers.
    types = {"period": pa.int8(), "position_ms": pa.int64(), "confidence": pa.float64()}
    arrays = [
        pa.array([row[index] for row in rows], type=types.get(name, pa.string()))
        for index, name in enumerate(header)
    ]
    with atomic_path(path) as temporary:
        parquet.write_table(pa.table(arrays, names=list(header)), temporary)


def _import_parquet() -> Any:
    return require_extra("pyarrow.parquet", "tables", "reading and writing Parquet tables")
