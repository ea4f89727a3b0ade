"""Frame rates, positions and clocks."""

import math
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spotkick.errors import InputError
from spotkick.timeline import (
    format_clock,
    format_game_time,
    frame_of_position,
    match_clock,
    parse_clock,
    parse_frame_rate,
    parse_game_time,
    position_of_frame,
)

RATES = [
    Fraction(2),
    Fraction(25),
    Fraction(30000, 1001),
    Fraction(24000, 1001),
    Fraction(1, 3),
    Fraction(7, 2),
    Fraction(1000),
]


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (25, Fraction(25)),
        ("25", Fraction(25)),
        (" 2 ", Fraction(2)),
        (2.0, Fraction(2)),
        ("30000/1001", Fraction(30000, 1001)),
        (Fraction(24000, 1001), Fraction(24000, 1001)),
        (23.976, Fraction(24000, 1001)),
        ("23.98", Fraction(24000, 1001)),
        (29.97, Fraction(30000, 1001)),
        ("29.970", Fraction(30000, 1001)),
        ("29.97002997", Fraction(30000, 1001)),
        (59.94, Fraction(60000, 1001)),
        (119.88, Fraction(120000, 1001)),
        (12.5, Fraction(25, 2)),
        (0.5, Fraction(1, 2)),
        ("29.5", Fraction(59, 2)),
    ],
)
def test_parse_frame_rate_is_exact(written: str | float | Fraction, expected: Fraction) -> None:
    assert parse_frame_rate(written) == expected


@pytest.mark.parametrize(
    "written",
    [0, -25, "0", "-1/2", "", "fast", "25 fps", "1/0", math.nan, math.inf, "nan", "25/1.001"],
)
def test_parse_frame_rate_other_values_are_refused(written: str | float) -> None:
    with pytest.raises(InputError, match="frame rate must be") as caught:
        parse_frame_rate(written)
    assert repr(written) in str(caught.value)


@given(st.sampled_from(RATES), st.integers(0, 10_000_000))
@settings(deadline=None, max_examples=50)
def test_frame_of_position_is_last_frame_begun(rate: Fraction, position_ms: int) -> None:
    frame = frame_of_position(position_ms, rate)
    assert frame / rate * 1000 <= position_ms < (frame + 1) / rate * 1000


@given(st.sampled_from(RATES), st.integers(0, 1_000_000))
@settings(deadline=None, max_examples=50)
def test_position_of_frame_is_first_millisecond(rate: Fraction, frame: int) -> None:
    position_ms = position_of_frame(frame, rate)
    assert frame_of_position(position_ms, rate) == frame
    assert frame_of_position(position_ms - 1, rate) == frame - 1


def test_frame_of_position_ntsc_does_not_drift() -> None:
    assert frame_of_position(3_600_000, Fraction(30000, 1001)) == 107_892
    assert frame_of_position(1_001_000_000, Fraction(30000, 1001)) == 30_000_000


def test_frame_of_position_negative_is_before_first_frame() -> None:
    assert frame_of_position(-1, Fraction(2)) == -1
    assert frame_of_position(-500, Fraction(2)) == -1
    assert frame_of_position(-501, Fraction(2)) == -2


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1 - 00:00", (1, 0)),
        ("2 - 45:09", (2, 2709)),
        ("1 - 101:59", (1, 6119)),
        (" 3-5:7 ", (3, 307)),
        ("1 -  14:36", (1, 876)),
    ],
)
def test_parse_game_time_gives_period_and_second(text: str, expected: tuple[int, int]) -> None:
    assert parse_game_time(text) == expected


@pytest.mark.parametrize(
    "text", ["", "14:36", "1 - 14", "one - 14:36", "1 - -1:00", "1 - 14:036", "1 \u2013 14:36"]
)
def test_parse_game_time_malformed_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="gameTime must look like") as caught:
        parse_game_time(text)
    assert repr(text) in str(caught.value)


def test_parse_game_time_thousands_of_digits_is_refused() -> None:
    with pytest.raises(InputError, match="gameTime must look like"):
        parse_game_time("1 - " + "9" * 5000 + ":00")


@given(st.integers(1, 5), st.integers(0, 20_000_000))
@settings(deadline=None, max_examples=50)
def test_format_game_time_round_trip_keeps_whole_seconds(period: int, position_ms: int) -> None:
    assert parse_game_time(format_game_time(period, position_ms)) == (period, position_ms // 1000)


def test_format_game_time_has_soccernet_form() -> None:
    assert format_game_time(1, 0) == "1 - 00:00"
    assert format_game_time(2, 2_709_999) == "2 - 45:09"
    assert format_game_time(2, 6_000_000) == "2 - 100:00"
    assert format_game_time(1, -1500) == "1 - 00:00"


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [(0, "0:00"), (59.999, "0:59"), (3599, "59:59"), (3600, "1:00:00"), (36_061, "10:01:01")],
)
def test_format_clock_minutes_and_hours(seconds: float, expected: str) -> None:
    assert format_clock(seconds) == expected


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 0),
        ("75.3", 75.3),
        ("75,3", 75.3),
        ("12:34", 754),
        ("101:00", 6060),
        ("1:02:03.5", 3723.5),
    ],
)
def test_parse_clock_known_forms_give_seconds(text: str, seconds: float) -> None:
    assert parse_clock(text) == seconds


@pytest.mark.parametrize(
    "text", ["", "-3", "1:2", "1:60", "1:99:00", "1:02:3", "nan", "1e3", "1:00:00:00"]
)
def test_parse_clock_other_forms_are_refused(text: str) -> None:
    with pytest.raises(InputError, match="a time must be"):
        parse_clock(text)


@pytest.mark.parametrize(
    ("period", "position_s", "shown"),
    [
        (1, 0, "0:00"),
        (1, 2699.9, "44:59"),
        (1, 2700, "45:00"),
        (1, 2833, "45:00 + 2:13"),
        (2, 20, "45:20"),
        (2, 2700 + 61, "90:00 + 1:01"),
        (3, 60, "91:00"),
        (4, 901, "120:00 + 0:01"),
        (5, 75, "penalties, 1:15"),
        (6, 75, "period 6, 1:15"),
        (2, -4, "45:00"),
    ],
)
def test_match_clock_soccer_counts_on_and_adds_time(
    period: int, position_s: float, shown: str
) -> None:
    assert match_clock(period, round(1000 * position_s)) == shown


def test_match_clock_other_lengths_follow_the_sport() -> None:
    assert match_clock(3, 60_000, lengths_s=(1200, 1200, 1200)) == "41:00"
    assert match_clock(5, 60_000, lengths_s=()) == "period 5, 1:00"


@pytest.mark.parametrize("written", [12.5, "12.5", "25/2"])
def test_frame_of_position_rate_as_people_write_it(written: float | str) -> None:
    assert frame_of_position(1999, written) == frame_of_position(1999, Fraction(25, 2)) == 24
    assert position_of_frame(24, written) == 1920


def test_frame_of_position_integer_rate_is_exact() -> None:
    assert frame_of_position(1999, 2) == 3
    with pytest.raises(InputError, match="frame rate must be positive"):
        position_of_frame(3, 0)
