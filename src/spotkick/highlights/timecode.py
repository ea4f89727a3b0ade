"""SMPTE timecode: frame numbers as editors write them, with and without dropped numbers.

At 29.97 and 59.94 frames per second a count of 30 or 60 a second runs 3.6 s late per hour.
Drop-frame timecode leaves out the first two (four) *numbers* of each minute but every tenth; no
frame is lost. Source: SMPTE ST 12-1.
"""

import re
from fractions import Fraction
from typing import Final

from spotkick.errors import InputError

_TIMECODE: Final = re.compile(r"(\d{2}):([0-5]\d):([0-5]\d)([:;.])(\d{2})")
_DROPPED: Final = {Fraction(30000, 1001): 2, Fraction(60000, 1001): 4}


def counted_rate(rate: Fraction) -> int:
    """Frame numbers per second of timecode.

    Example:
        >>> counted_rate(Fraction(30000, 1001))
        30
    """
    return -(-rate.numerator // rate.denominator)


def can_drop(rate: Fraction) -> bool:
    """Whether drop-frame timecode is defined for a rate."""
    return rate in _DROPPED


def _count_dropped(minutes: int, dropped: int) -> int:
    """Numbers left out in so many whole minutes."""
    return dropped * (minutes - minutes // 10)


def format_timecode(frame: int, rate: Fraction, *, drop: bool = False) -> str:
    """Timecode of a frame; a semicolon before the frames marks drop-frame.

    Args:
        frame: counted from 0; past 24 hours it starts again.
        rate: frames per second.
        drop: leave out numbers, at 29.97 and 59.94 only.

    Raises:
        InputError: if dropping is not defined for the rate, or the frame is negative.

    Example:
        >>> format_timecode(1800, Fraction(30000, 1001), drop=True)
        '00:01:00;02'
    """
    if frame < 0 or (drop and not can_drop(rate)):
        raise InputError(
            f"no timecode for frame {frame} at {rate} frames per second"
            f"{' with drop-frame' if drop else ''}"
        )
    counted = counted_rate(rate)

    # Add the numbers that were left out up to here: 10 minutes are one full cycle.
    if drop:
        dropped = _DROPPED[rate]
        per_minute = 60 * counted - dropped
        tens, rest = divmod(frame, 10 * per_minute + dropped)
        minutes = 10 * tens + (
            0 if rest < 60 * counted else 1 + (rest - 60 * counted) // per_minute
        )
        frame += _count_dropped(minutes, dropped)

    seconds, frames = divmod(frame, counted)
    hours, seconds = divmod(seconds, 3600)
    return (
        f"{hours % 24:02d}:{seconds // 60:02d}:{seconds % 60:02d}{';' if drop else ':'}{frames:02d}"
    )


def parse_timecode(text: str, rate: Fraction) -> tuple[int, bool]:
    """Frame of a timecode, and whether it is drop-frame.

    Raises:
        InputError: if the text is no timecode, or names a number that does not exist at this rate.

    Example:
        >>> parse_timecode("00:01:00;02", Fraction(30000, 1001))
        (1800, True)
    """
    match = _TIMECODE.fullmatch(text.strip())
    if match is None:
        raise InputError(
            f"a timecode looks like 01:00:00:00, or 01:00:00;00 with drop-frame, got {text!r}"
        )

    hours, minutes, seconds, frames = (int(match[group]) for group in (1, 2, 3, 5))
    drop = match[4] != ":"
    counted = counted_rate(rate)
    dropped = _DROPPED.get(rate, 0) if drop else 0
    # the first numbers of most minutes do not exist
    missing = drop and (not dropped or (minutes % 10 != 0 and seconds == 0 and frames < dropped))
    if frames >= counted or hours > 23 or missing:
        raise InputError(f"timecode {text} does not exist at {rate} frames per second")

    total_minutes = 60 * hours + minutes
    number = (60 * total_minutes + seconds) * counted + frames
    return number - _count_dropped(total_minutes, dropped), drop
