from fractions import Fraction

import pytest

from spotkick.live.clock import LiveClock, Placed

TICK = Fraction(1, 90_000)
STEP = Fraction(1, 10)


def place(clock: LiveClock, decoded_s: Fraction | float, arrived_s: float) -> Placed:
    exact = Fraction(decoded_s).limit_denominator(1000)
    return clock.place(exact, exact, TICK, arrived_s)


def run_for(clock: LiveClock, start_s: float, seconds: float, arrived_s: float) -> float:
    """Packets ten times a second; when the last one has arrived."""
    for number in range(round(seconds * 10)):
        place(clock, Fraction(start_s) + number * STEP, arrived_s + number / 10)
    return arrived_s + seconds - 0.1


def test_place_first_packet_begins_at_zero() -> None:
    clock = LiveClock(is_live=True)
    assert place(clock, 500, 3.0).offset_s == -500
    assert clock.newest_s == 0


def test_place_short_hole_keeps_the_time_and_is_reported() -> None:
    clock = LiveClock(is_live=True)
    run_for(clock, 100, 5, 0)
    placed = place(clock, 108, 8.0)
    assert placed.jump is not None
    assert placed.jump.kind == "hole"
    assert clock.newest_s == 8


@pytest.mark.parametrize("new_s", [0, 5000, 90_000])
def test_place_clock_that_leaps_live_goes_on_with_the_time_that_passed(new_s: int) -> None:
    clock = LiveClock(is_live=True)
    arrived_s = run_for(clock, 1000, 20, 0)
    placed = place(clock, new_s, arrived_s + 7)
    assert placed.jump is not None
    assert placed.jump.kind == "leap"
    assert clock.newest_s == pytest.approx(19.9 + 7, abs=0.05)


def test_place_clock_that_leaps_in_a_file_goes_on_at_once() -> None:
    clock = LiveClock(is_live=False)
    run_for(clock, 1000, 20, 0)
    place(clock, 3, 500.0)
    assert clock.newest_s == pytest.approx(19.94, abs=0.01)


def test_place_wrapped_clock_goes_on_without_a_jump() -> None:
    clock = LiveClock(is_live=True)
    wrap_s = Fraction(1 << 33, 90_000)
    place(clock, wrap_s - STEP, 0.0)
    placed = place(clock, Fraction(0), 0.1)
    assert placed.jump is None
    assert clock.newest_s == pytest.approx(0.1, abs=0.002)


def test_place_after_a_new_connection_repeated_packets_are_marked() -> None:
    clock = LiveClock(is_live=True)
    arrived_s = run_for(clock, 50, 30, 0)
    clock.reconnect()
    repeats = [place(clock, 70 + number, arrived_s + 2).is_repeat for number in range(12)]
    assert repeats == [True] * 10 + [False] * 2
    assert clock.newest_s == 31


def test_place_stream_that_has_ended_gives_nothing_new() -> None:
    clock = LiveClock(is_live=True)
    arrived_s = run_for(clock, 50, 30, 0)
    for attempt in range(3):
        clock.reconnect()
        for number in range(40):
            arrived_s += 0.01
            assert place(clock, 76 + number / 10, arrived_s + attempt).is_repeat
    assert clock.newest_s == pytest.approx(29.9)


def test_place_of_a_run_that_goes_on_begins_behind_what_was_read() -> None:
    clock = LiveClock(is_live=True)
    clock.start_at(Fraction(600), arrived_s=100.0)
    place(clock, 77, 104.0)
    assert clock.newest_s == 604


def test_place_times_never_step_back() -> None:
    clock = LiveClock(is_live=True)
    newest = Fraction(0)
    for number, decoded_s in enumerate([10, 11, 5, 6, 900, 901, 902, 902, 3, 4]):
        place(clock, decoded_s, float(number))
        assert clock.newest_s >= newest
        newest = clock.newest_s
