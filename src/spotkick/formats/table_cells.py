"""Cells of tables: numbers as spreadsheets of different countries write them, clocks, periods."""

import math
import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from spotkick.errors import InputError
from spotkick.formats.fields import (
    RATE_FIX,
    optional_confidence,
    require_frame_rate,
    require_integer,
    require_position,
    require_seconds,
    require_text,
)
from spotkick.formats.period_names import parse_period_name
from spotkick.formats.recordings import MAX_PERIOD
from spotkick.timeline import parse_game_time, position_of_frame

_DECIMAL_COMMA: Final = re.compile(r"^\s*-?\d+,\d+\s*$")
_THOUSANDS: Final = re.compile(r"^\s*-?[1-9]\d{0,2}(?:,\d{3})+(?P<point>\.\d*)?\s*$")
_POINT_THOUSANDS: Final = re.compile(r"^\s*-?[1-9]\d{0,2}(?:\.\d{3})+,\d*\s*$")
_CLOCK: Final = re.compile(r"^\s*(?:(\d{1,4}):)?(\d{1,6}):(\d{1,2}(?:[.,]\d{1,9})?)\s*$")


_DAYS: Final = re.compile(r"^\s*0 days\s+")
"""How pandas writes a time of less than a day."""


def is_blank(value: Any) -> bool:
    """Whether a cell holds nothing; data frames mark that by not-a-number."""
    return value is None or value == "" or (isinstance(value, float) and math.isnan(value))


def read_confidence(value: Any, where: str, delimiter: str) -> float | None:
    """The confidence in a cell, None where it is blank.

    Raises:
        InputError: if it is no number, or may be two.
    """
    if is_blank(value):
        return None
    number = _plain_number(value, f"{where}: confidence", delimiter)
    return optional_confidence({"confidence": number}, where, "confidence")


def _read_seconds(value: Any, where: str, delimiter: str) -> float:
    """Seconds, also of a clock such as ``12:34.5`` or ``1:02:05``."""
    if isinstance(value, timedelta):
        return require_seconds(value.total_seconds(), where)
    value = _DAYS.sub("", value) if isinstance(value, str) else value
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


def read_time(
    values: Mapping[str, Any], where: str, delimiter: str, *, period: int | None
) -> tuple[int, int]:
    """Period and position of a row; a period may be stated by a column, a video or a clock.

    Args:
        values: cells by field.
        where: names the row in messages.
        delimiter: between the fields of the table.
        period: that the name of the video states, None where it does not.

    Raises:
        InputError: if the time or period is malformed, or periods contradict each other.
    """
    stated = _read_period(values.get("period"), f"{where}: period")
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
    elif "minute" in values:
        position_ms = _read_minute(values, where, delimiter)
    elif "frame" in values:
        position_ms = _read_frame(values, where)
    else:
        position_ms = round(
            1000 * _read_seconds(values["position_s"], f"{where}: time in seconds", delimiter)
        )

    stated = 1 if stated is None else stated
    if not 1 <= stated <= MAX_PERIOD:
        raise InputError(f"{where}: period must lie within 1 and {MAX_PERIOD}, found {stated}")
    return stated, position_ms


def _read_period(value: Any, where: str) -> int | None:
    """A period as a number or a name such as ``1H``, ``E2`` or ``second half``."""
    if is_blank(value):
        return None
    named = parse_period_name(value) if isinstance(value, str) else None
    return require_integer(value, where) if named is None else named


def _read_minute(values: Mapping[str, Any], where: str, delimiter: str) -> int:
    minutes = _plain_number(values["minute"], f"{where}: minute", delimiter)
    minute = require_seconds(minutes, f"{where}: minute")
    second = values.get("second")
    seconds = 0.0 if is_blank(second) else _read_seconds(second, f"{where}: second", delimiter)
    return round(1000 * require_seconds(60 * minute + seconds, f"{where}: minute"))


def _read_frame(values: Mapping[str, Any], where: str) -> int:
    if is_blank(values.get("rate")):
        raise InputError(f"{where}: a frame needs its rate: --column rate=..., or {RATE_FIX}")
    rate = require_frame_rate(values["rate"], f"{where}: rate")
    return position_of_frame(require_integer(values["frame"], f"{where}: frame"), rate)
