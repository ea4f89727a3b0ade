from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spotkick.errors import InputError
from spotkick.highlights.timecode import can_drop, counted_rate, format_timecode, parse_timecode

RATES = [
    Fraction(24000, 1001),
    Fraction(24),
    Fraction(25),
    Fraction(30000, 1001),
    Fraction(30),
    Fraction(50),
    Fraction(60000, 1001),
]


def count_up(frames: int, counted: int, dropped: int) -> list[str]:
    """Timecodes of frames 0, 1, 2, ... as a counting clock shows them, dropped numbers skipped."""
    shown = []
    hour = minute = second = frame = 0
    while len(shown) < frames:
        if not (dropped and second == 0 and minute % 10 != 0 and frame < dropped):
            shown.append(
                f"{hour:02d}:{minute:02d}:{second:02d}{';' if dropped else ':'}{frame:02d}"
            )
        frame += 1
        if frame == counted:
            second, frame = second + 1, 0
        if second == 60:
            minute, second = minute + 1, 0
        if minute == 60:
            hour, minute = hour + 1, 0
    return shown


@pytest.mark.parametrize(
    ("rate", "counted", "dropped"),
    [
        (Fraction(25), 25, 0),
        (Fraction(50), 50, 0),
        (Fraction(30000, 1001), 30, 0),
        (Fraction(30000, 1001), 30, 2),
        (Fraction(60000, 1001), 60, 0),
        (Fraction(60000, 1001), 60, 4),
    ],
)
def test_format_timecode_every_frame_of_an_hour_equals_counting_clock(
    rate: Fraction, counted: int, dropped: int
) -> None:
    clock = count_up(3700 * counted // 60 * 22, counted, dropped)
    for frame in range(0, len(clock), 7):
        assert format_timecode(frame, rate, drop=dropped > 0) == clock[frame]
    for frame in range(len(clock) - 5000, len(clock)):
        assert format_timecode(frame, rate, drop=dropped > 0) == clock[frame]


@settings(deadline=None, max_examples=50)
@given(st.integers(0, 24 * 3600 * 23), st.sampled_from(RATES), st.booleans())
def test_parse_timecode_formatted_frame_round_trips(frame: int, rate: Fraction, drop: bool) -> None:
    drop = drop and can_drop(rate)
    assert parse_timecode(format_timecode(frame, rate, drop=drop), rate) == (frame, drop)


@pytest.mark.parametrize(
    ("frame", "rate", "text"),
    [
        (17982, Fraction(30000, 1001), "00:10:00;00"),
        (107892, Fraction(30000, 1001), "01:00:00;00"),
        (215784, Fraction(60000, 1001), "01:00:00;00"),
        (3599, Fraction(60000, 1001), "00:00:59;59"),
        (3600, Fraction(60000, 1001), "00:01:00;04"),
    ],
)
def test_format_timecode_drop_frame_known_values(frame: int, rate: Fraction, text: str) -> None:
    assert format_timecode(frame, rate, drop=True) == text


def test_format_timecode_drop_frame_stays_with_the_clock() -> None:
    rate = Fraction(30000, 1001)
    for minutes in range(0, 600, 7):
        text = format_timecode(int(minutes * 60 * rate), rate, drop=True)
        hours, minute, second = (int(part) for part in text.split(";")[0].split(":"))
        assert abs(hours * 3600 + minute * 60 + second - minutes * 60) <= 1


@pytest.mark.parametrize(
    "text",
    [
        "00:01:00;00",
        "00:01:00;01",
        "1:00:00:00",
        "00:00:00:30",
        "00:60:00:00",
        "24:00:00:00",
        "abc",
    ],
)
def test_parse_timecode_missing_number_raises(text: str) -> None:
    with pytest.raises(InputError, match="timecode"):
        parse_timecode(text, Fraction(30000, 1001))


def test_format_timecode_drop_at_25_raises() -> None:
    with pytest.raises(InputError, match="drop-frame"):
        format_timecode(10, Fraction(25), drop=True)
    with pytest.raises(InputError, match="does not exist"):
        parse_timecode("00:00:00;00", Fraction(25))
    with pytest.raises(InputError, match="no timecode"):
        format_timecode(-1, Fraction(25))
    assert counted_rate(Fraction(24000, 1001)) == 24
