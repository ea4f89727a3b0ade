"""The two times that many formats state for one action, as they stand in the file.

Readers take one of them, so that a contradiction is only seen in the file itself. JSON documents
are searched for objects that hold both, whatever the format; tables for columns of both.
"""

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from spotkick.errors import SpotkickError, require_extra
from spotkick.files import parse_json, read_bytes, read_json
from spotkick.formats.match_tree import LABEL_FILES, is_match_tree, open_match_tree
from spotkick.formats.results import RESULTS_FILE
from spotkick.timeline import parse_game_time

_TREE_FILES: Final = (*LABEL_FILES, RESULTS_FILE)
_CLOCK_KEYS: Final = ("gametime", "game_time")
_POSITION_KEYS: Final = ("position", "position_ms", "positionms")
_NAME_KEYS: Final = ("urllocal", "match", "video", "game", "path")
_LABEL_KEYS: Final = ("label", "name", "class")


@dataclass(frozen=True, slots=True)
class StatedTimes:
    """Both times of one action.

    Attributes:
        where: match or file.
        label: class, empty where the file does not say.
        period: of ``gameTime``.
        clock_s: seconds of ``gameTime``.
        position: number in the position field; milliseconds where all is right.
    """

    where: str
    label: str
    period: int
    clock_s: int
    position: float


@dataclass(frozen=True, slots=True)
class RawDocument:
    """A JSON document or table row set.

    Attributes:
        where: match, or file where that is not known.
        folder: match by the folder of the file; None outside trees of matches.
        content: decoded.
    """

    where: str
    folder: str | None
    content: Any


def read_raw(path: Path) -> Iterator[RawDocument]:
    """The documents of a path; what cannot be decoded is left to the readers of its format."""
    try:
        if is_match_tree(path):
            yield from _read_tree(path)
        elif path.suffix.lower() == ".csv":
            yield RawDocument(path.name, None, _csv_rows(path))
        elif path.suffix.lower() == ".parquet":
            yield RawDocument(path.name, None, _parquet_rows(path))
        elif path.suffix.lower() == ".json":
            yield RawDocument(path.name, None, read_json(path))
    except (SpotkickError, OSError, ValueError, csv.Error):
        return


def _read_tree(path: Path) -> Iterator[RawDocument]:
    with open_match_tree(path) as tree:
        for filename in _TREE_FILES:
            for match in tree.matches_with(filename):
                try:
                    content = parse_json(tree.read(match, filename), f"{match}/{filename}")
                except SpotkickError:
                    continue
                yield RawDocument(match, match, content)


def _csv_rows(path: Path) -> list[dict[str, Any]]:
    text = read_bytes(path).decode("utf-8-sig", "replace")
    head = text.partition("\n")[0]
    delimiter = max(",;\t", key=head.count)
    return [dict(row) for row in csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter)]


def _parquet_rows(path: Path) -> list[dict[str, Any]]:
    parquet = require_extra("pyarrow.parquet", "tables", "reading Parquet tables")
    table = parquet.read_table(path)
    rows: list[dict[str, Any]] = table.to_pylist()
    return rows


def find_stated_times(document: RawDocument) -> list[StatedTimes]:
    """All actions of a document that state both a clock and a position."""
    found: list[StatedTimes] = []
    waiting: list[tuple[Any, str]] = [(document.content, document.where)]
    while waiting:
        value, where = waiting.pop()
        if isinstance(value, list):
            waiting += [(item, where) for item in reversed(value)]
        elif isinstance(value, dict):
            # Objects below one that names a match belong to it.
            lowered = {str(key).lower(): item for key, item in value.items()}
            if document.folder is None:
                where = (_first_text(lowered, _NAME_KEYS) or where).rstrip("/")
            times = _stated_times(lowered, where)
            if times is not None:
                found.append(times)
            else:
                nested = [item for item in value.values() if isinstance(item, dict | list)]
                waiting += [(item, where) for item in reversed(nested)]
    return found


def _stated_times(row: Mapping[str, Any], where: str) -> StatedTimes | None:
    clock, position = _first_text(row, _CLOCK_KEYS), _first_number(row, _POSITION_KEYS)
    if not clock or position is None:
        return None
    try:
        period, clock_s = parse_game_time(clock)
    except SpotkickError:
        return None
    return StatedTimes(where, _first_text(row, _LABEL_KEYS) or "", period, clock_s, position)


def _first_text(row: Mapping[str, Any], keys: tuple[str, ...]) -> str | None:
    return next((row[key] for key in keys if isinstance(row.get(key), str) and row[key]), None)


def _first_number(row: Mapping[str, Any], keys: tuple[str, ...]) -> float | None:
    for key in keys:
        value = row.get(key)
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            continue
        try:
            return float(value)
        except ValueError:
            continue
    return None
