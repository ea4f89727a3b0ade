"""Match time: periods, clocks and frame rates. Standard library only.

A position is an integer number of milliseconds since the start of its period, as SoccerNet stores
it. Frame rates are exact fractions: 29.97 is 30000/1001, never a float that drifts by a second and
a half over a period.
"""

import math
import re
from collections.abc import Sequence
from fractions import Fraction
from typing import Final

from spotkick.errors import InputError

FEATURE_RATE: Final = Fraction(2)
"""Feature frames per second of SoccerNet's pre-computed features, and our default."""

PERIOD_NAMES: Final = {
    1: "first half",
    2: "second half",
    3: "extra time, first half",
    4: "extra time, second half",
    5: "penalties",
}
"""Code book of period numbers."""

SOCCER_PERIODS_S: Final = (45 * 60, 45 * 60, 15 * 60, 15 * 60)
"""Regular length of the periods of a soccer match; penalties have no clock."""

_NTSC_DENOMINATOR: Final = 1001
_CLOCK: Final = re.compile(r"(?:(?:(\d{1,2}):)?(\d{1,3}):)?(\d+(?:[.,]\d+)?)")
_GAME_TIME: Final = re.compile(r"^\s*(\d{1,4})\s*-\s*(\d{1,6}):(\d{1,2})\s*$")


def parse_frame_rate(value: str | float | Fraction) -> Fraction:
    """Turn a frame rate as people and files write it into an exact fraction.

    Decimal values within 0.005 of a multiple of 1000/1001 (23.976, 29.97, 59.94) become that NTSC
    rate.

    Args:
        value: such as ``25``, ``"30000/1001"``, ``29.97`` or ``"2"``.

    Raises:
        InputError: if the value is not a positive, finite number.

    Example:
        >>> parse_frame_rate(29.97)
        Fraction(30000, 1001)
        >>> parse_frame_rate("2")
        Fraction(2, 1)
    """
    try:
        exact = Fraction(value if isinstance(value, Fraction | int) else str(value).strip())
    except (ValueError, ZeroDivisionError) as error:
        raise InputError(
            "frame rate must be a positive number or fraction such as 25 or 30000/1001, "
            f"got {value!r}"
        ) from error
    if exact <= 0:
        raise InputError(f"frame rate must be positive, got {value!r}")
    nominal = -(-exact.numerator // exact.denominator)  # ceiling: 29.97 belongs to 30
    ntsc = Fraction(nominal * 1000, _NTSC_DENOMINATOR)
    if exact.denominator not in (1, _NTSC_DENOMINATOR) and abs(exact - ntsc) < Fraction(5, 1000):
        return ntsc
    return exact


def frame_of_position(position_ms: int, rate: Fraction | float | str) -> int:
    """Frame that shows ``position_ms``: the last frame that starts at or before it.

    Raises:
        InputError: if the rate is not a positive number.

    Example:
        >>> frame_of_position(1999, Fraction(2)), frame_of_position(1999, 12.5)
        (3, 24)
    """
    exact = rate if isinstance(rate, Fraction) else parse_frame_rate(rate)
    return position_ms * exact.numerator // (1000 * exact.denominator)


def position_of_frame(frame: int, rate: Fraction | float | str) -> int:
    """Start of ``frame`` in whole milliseconds; ``frame_of_position`` gives the frame back.

    Raises:
        InputError: if the rate is not a positive number.

    Example:
        >>> position_of_frame(3, Fraction(2))
        1500
    """
    exact = rate if isinstance(rate, Fraction) else parse_frame_rate(rate)
    return -(-frame * 1000 * exact.denominator // exact.numerator)


def parse_game_time(text: str) -> tuple[int, int]:
    """Split SoccerNet's ``"H - MM:SS"`` into the period and whole seconds inside it.

    Raises:
        InputError: if the text has another form.

    Example:
        >>> parse_game_time("2 - 46:05")
        (2, 2765)
    """
    match = _GAME_TIME.match(text)
    if match is None:
        raise InputError(
            f"gameTime must look like '1 - 14:36' (period - minutes:seconds), got {text!r}"
        )
    period, minutes, seconds = (int(group) for group in match.groups())
    return period, 60 * minutes + seconds


def format_game_time(period: int, position_ms: int) -> str:
    """Write ``"H - MM:SS"``, seconds rounded down; minutes run past 45 and past 99 as they must.

    Example:
        >>> format_game_time(1, 31_500)
        '1 - 00:31'
    """
    minutes, seconds = divmod(max(0, position_ms) // 1000, 60)
    return f"{period} - {minutes:02d}:{seconds:02d}"


def format_clock(seconds: float) -> str:
    """Write ``H:MM:SS`` or ``M:SS`` for people.

    Example:
        >>> format_clock(3725.4), format_clock(65)
        ('1:02:05', '1:05')
    """
    whole = int(seconds)
    hours, rest = divmod(whole, 3600)
    minutes, second = divmod(rest, 60)
    return f"{hours}:{minutes:02d}:{second:02d}" if hours else f"{minutes}:{second:02d}"


def match_clock(
    period: int, position_ms: int, *, lengths_s: Sequence[int] = SOCCER_PERIODS_S
) -> str:
    """Write a position as the clock of the match shows it, added time as broadcasters write it.

    Args:
        period: from 1.
        position_ms: since the start of the period.
        lengths_s: regular length of each period; empty where the sport is not known.

    Returns:
        the minute and second of the match; for a period without a regular length, its name and the
        time inside it.

    Example:
        >>> match_clock(2, 20_000), match_clock(1, 2_833_000)
        ('45:20', '45:00 + 2:13')
        >>> match_clock(2, 20_000, lengths_s=())
        'period 2, 0:20'
    """
    position_s = max(0, position_ms) // 1000
    if not 1 <= period <= len(lengths_s):
        name = PERIOD_NAMES[period] if period in PERIOD_NAMES and lengths_s else f"period {period}"
        return f"{name}, {format_clock(position_s)}"

    # Minutes of a match clock run past 60, and what lies beyond the regular end is added time.
    base_s, length_s = sum(lengths_s[: period - 1]), lengths_s[period - 1]
    minutes, seconds = divmod(base_s + min(position_s, length_s), 60)
    regular = f"{minutes}:{seconds:02d}"
    added_s = position_s - length_s
    return f"{regular} + {added_s // 60}:{added_s % 60:02d}" if added_s > 0 else regular


def parse_clock(text: str) -> float:
    """Read seconds, ``m:ss`` or ``h:mm:ss``, with or without a fraction of a second.

    Minutes may run past 59 where no hours are given, as they do on a match clock.

    Raises:
        InputError: if the text has another form.

    Example:
        >>> parse_clock("754"), parse_clock("12:34.5"), parse_clock("1:02:03")
        (754.0, 754.5, 3723.0)
    """
    found = _CLOCK.fullmatch(text.strip())
    if found is not None:
        hours, minutes, seconds = found.groups()
        second = float(seconds.replace(",", "."))
        within = hours is None or (len(minutes) == 2 and int(minutes) < 60)
        two_digits = minutes is None or (re.match(r"\d\d(?!\d)", seconds) and second < 60)
        if within and two_digits and math.isfinite(second):
            return 3600 * int(hours or 0) + 60 * int(minutes or 0) + second
    raise InputError(f"a time must be seconds, m:ss or h:mm:ss, such as 754 or 12:34, got {text!r}")
