"""Checked JSON fields: each error names the place in the file, the rule and the value found.

``require_*`` refuse a value that is missing or of another kind, ``optional_*`` give None where it
is missing. All readers of JSON, and those of text where a field is a number, use these.
"""

import json
import math
import re
from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any, Final

from spotkick.actions import Visibility
from spotkick.errors import InputError
from spotkick.timeline import parse_frame_rate

MAX_POSITION_MS: Final = 10_000_000_000
"""Positions beyond this (116 days) are damage, not time."""

SLOWEST_FPS: Final = Fraction(1, 1000)
FASTEST_FPS: Final = Fraction(10_000)

RATE_FIX: Final = "give it with --rate, here or to 'spotkick convert'"
"""What to do about frames of unknown rate; commands that only score have no such option."""

_LONGEST_SHOWN: Final = 40
_MOST_SHOWN: Final = 8
_EXACT_DENOMINATOR: Final = 1001
_UNPRINTABLE: Final = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
_NO_TEAM: Final = ("", "not applicable", "none")


def shown(value: Any) -> str:
    """A value as messages show it: its JSON when it is short and flat, otherwise what it is."""
    if isinstance(value, dict):
        keys = [json.dumps(str(key)[:_LONGEST_SHOWN]) for key in list(value)[:_MOST_SHOWN]]
        return f"an object with {', '.join(keys)}" if keys else "an empty object"
    if isinstance(value, list):
        return f"a list of {len(value)}"
    text = json.dumps(value)
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}..."


def require_object(value: Any, where: str) -> dict[str, Any]:
    """The value as a JSON object.

    Raises:
        InputError: if it is something else.
    """
    if not isinstance(value, dict):
        raise InputError(f"{where} must be an object, found {shown(value)}")
    return value


def require_list(value: Any, where: str) -> list[Any]:
    """The value as a JSON list.

    Raises:
        InputError: if it is something else.
    """
    if not isinstance(value, list):
        raise InputError(f"{where} must be a list, found {shown(value)}")
    return value


def require_text(value: Any, where: str) -> str:
    """The value as text that a person could have typed.

    It is not empty, and has no control characters and no halves of surrogate pairs.

    Raises:
        InputError: if it is something else.
    """
    if not isinstance(value, str) or not value.strip() or _UNPRINTABLE.search(value):
        raise InputError(f"{where} must be text without control characters, found {shown(value)}")
    return value


def require_number(value: Any, where: str) -> float:
    """The value as a finite number; numbers written as text are accepted, as SoccerNet writes them.

    Raises:
        InputError: if it is something else.
    """
    try:
        number = (
            float(value)
            if isinstance(value, int | float | str) and not isinstance(value, bool)
            else math.nan
        )
    except (ValueError, OverflowError):
        number = math.nan
    if not math.isfinite(number):
        raise InputError(f"{where} must be a finite number, found {shown(value)}")
    return number


def require_integer(value: Any, where: str) -> int:
    """The value as a whole number of sensible size; text and floats that are whole are accepted.

    Raises:
        InputError: if it is something else.
    """
    number = require_number(value, where)
    if number != int(number) or abs(number) > MAX_POSITION_MS:
        raise InputError(
            f"{where} must be a whole number of at most {MAX_POSITION_MS:,}, found {shown(value)}"
        )
    return int(number)


def require_label(value: Any, where: str) -> str:
    """The value as the name of a class: any text that is not blank.

    Raises:
        InputError: if it is something else.
    """
    if not isinstance(value, str) or not value.strip():
        raise InputError(f"{where} must be the name of a class, found {shown(value)}")
    return value


def require_position(value: Any, where: str) -> int:
    """The value as milliseconds; a fraction of one is cut off, as the official readers do.

    Raises:
        InputError: if it is not a number, or beyond any match.
    """
    try:
        number = require_number(value, where)
    except InputError:
        raise InputError(
            f"{where} must be milliseconds such as '29049', found {shown(value)}"
        ) from None
    if abs(number) > MAX_POSITION_MS:
        raise InputError(f"{where} of {shown(value)} milliseconds is beyond any match")
    return int(number)


def require_seconds(value: Any, where: str) -> float:
    """The value as seconds inside a video.

    Raises:
        InputError: if it is not a number, or too large to be a position.
    """
    seconds = require_number(value, where)
    if abs(seconds) * 1000 > MAX_POSITION_MS:
        raise InputError(
            f"{where} must be at most {MAX_POSITION_MS // 1000:,} seconds, found {shown(value)}"
        )
    return seconds


def require_bounds(value: Any, where: str) -> tuple[float, float]:
    """The value as [start, end] in seconds, in any order.

    Raises:
        InputError: if it is something else.
    """
    bounds = require_list(value, where)
    if len(bounds) != 2:
        raise InputError(f"{where} must be [start, end], found {shown(value)}")
    start, end = (require_seconds(bound, where) for bound in bounds)
    return start, end


def require_interval(value: Any, where: str) -> tuple[float, float]:
    """The value as [start, end] with start <= end.

    Raises:
        InputError: if it is something else.
    """
    start, end = require_bounds(value, where)
    if start > end:
        raise InputError(f"{where} must not end before it starts, found {start:g} to {end:g}")
    return start, end


def require_frame_rate(value: Any, where: str) -> Fraction:
    """The value as an exact frame rate; a float nearest to a simple fraction becomes that fraction.

    Raises:
        InputError: if it is not a number of frames per second that a video can have.
    """
    number = require_number(value, where) if not isinstance(value, str) else None
    try:
        rate = parse_frame_rate(value if number is None else number)
    except (InputError, OverflowError) as error:
        raise InputError(
            f"{where} must be a frame rate such as 25 or 30000/1001, found {shown(value)}"
        ) from error
    if not SLOWEST_FPS <= rate <= FASTEST_FPS:
        raise InputError(
            f"{where} must lie within {SLOWEST_FPS} and {FASTEST_FPS} frames per second, "
            f"found {shown(value)}"
        )
    if rate.denominator in (1, _EXACT_DENOMINATOR) or number is None:
        return rate
    simple = Fraction(number).limit_denominator(_EXACT_DENOMINATOR)
    return simple if simple > 0 and float(simple) == number else rate


def number_of_rate(rate: Fraction) -> int | float:
    """A frame rate as JSON files hold it; `require_frame_rate` reads the same fraction back."""
    return rate.numerator if rate.denominator == 1 else float(rate)


def required(values: Mapping[str, Any], key: str, where: str) -> Any:
    """The value of a key that must be there.

    Raises:
        InputError: if it is not.
    """
    if key not in values:
        raise InputError(f"{where} must have the field '{key}', found {shown(dict(values))}")
    return values[key]


def rows_of(document: Any, key: str, where: str) -> list[dict[str, Any]]:
    """The list of objects under ``key`` of a document in SoccerNet's form.

    Raises:
        InputError: if there is no such list, or it holds something else.
    """
    rows = document.get(key) if isinstance(document, dict) else None
    if not isinstance(rows, list):
        raise InputError(
            f"{where}: a JSON object with a list {key!r} is needed, as in a SoccerNet file, "
            f"found {shown(document)}"
        )

    # A set of types first: lists of a million rows are almost always right.
    if set(map(type, rows)) - {dict}:
        for index, row in enumerate(rows):
            require_object(row, f"{where}.{key}[{index}]")
    return rows


def items(values: Mapping[str, Any], key: str, where: str) -> Iterator[tuple[dict[str, Any], str]]:
    """Objects of a list field (nothing when it is absent or null), each with the name of its place.

    Raises:
        InputError: if the field is not a list of objects.
    """
    found = values.get(key)
    for index, item in enumerate(require_list([] if found is None else found, f"{where}.{key}")):
        place = f"{where}.{key}[{index}]"
        yield require_object(item, place), place


def optional_confidence(values: Mapping[str, Any], where: str, *keys: str) -> float | None:
    """The first of several fields that is present, as a finite number.

    Raises:
        InputError: if it is not a number.
    """
    for key in keys:
        if values.get(key) is not None:
            return require_number(values[key], f"{where}.{key}")
    return None


def optional_team(value: Any, where: str) -> str | None:
    """The team, None when it is absent or said not to apply.

    Raises:
        InputError: if it is not text.
    """
    if value is None or (isinstance(value, str) and value.strip().lower() in _NO_TEAM):
        return None
    return require_text(value, where)


def optional_visibility(value: Any, where: str) -> Visibility | None:
    """The visibility, None when it is absent.

    Raises:
        InputError: if it is neither ``visible`` nor ``not shown``.
    """
    if value is None or value == "":
        return None
    try:
        return Visibility(value)
    except ValueError as error:
        raise InputError(
            f"{where} must be 'visible' or 'not shown', found {shown(value)}"
        ) from error
