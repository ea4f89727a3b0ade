import pytest

from spotkick.scoreboard.clock_lines import find_clock_lines
from spotkick.scoreboard.periods import FoundPeriod, find_periods
from spotkick.scoreboard.readings import Reading


def shown(offset_s: float, first_s: float, last_s: float) -> list[Reading]:
    times = [first_s + 4.0 * step for step in range(int((last_s - first_s) // 4))]
    return [Reading(time, int(time - offset_s)) for time in times]


def found(*parts: list[Reading]) -> list[FoundPeriod]:
    return find_periods(find_clock_lines(reading for part in parts for reading in part))


def starts(periods: list[FoundPeriod]) -> dict[int, float]:
    return {period.period: round(period.start_s, 1) for period in periods}


def test_find_periods_clock_that_runs_through_finds_both_kickoffs() -> None:
    periods = found(shown(720, 724, 3550), shown(1800, 4504, 7400))
    assert starts(periods) == pytest.approx({1: 720, 2: 4500}, abs=1)
    assert periods[0].end_s == pytest.approx(3550, abs=8)
    assert periods[1].added_s == pytest.approx(200, abs=8)


def test_find_periods_clock_that_restarts_finds_both_kickoffs() -> None:
    periods = found(shown(720, 724, 3550), shown(4500, 4504, 7400))
    assert starts(periods) == pytest.approx({1: 720, 2: 4500}, abs=1)
    assert [period.clock_base_s for period in periods] == [0, 0]


def test_find_periods_extra_time_has_periods_three_and_four() -> None:
    periods = found(
        shown(0, 4, 2800), shown(1000, 3704, 6500), shown(1600, 7004, 7950), shown(1900, 8204, 9100)
    )
    assert starts(periods) == pytest.approx({1: 0, 2: 3700, 3: 7000, 4: 8200}, abs=1)


def test_find_periods_file_of_the_second_period_alone_is_numbered_two() -> None:
    assert starts(found(shown(-2690, 14, 2900))) == pytest.approx({2: 10}, abs=1)


def test_find_periods_file_that_begins_late_has_a_negative_start() -> None:
    assert starts(found(shown(-1200, 0, 1500))) == pytest.approx({1: -1200}, abs=1)


def test_find_periods_goals_shown_again_in_the_interval_are_no_period() -> None:
    again = shown(3000, 3700, 3740)  # the clock of 11:40 to 12:20, minutes after the first period
    periods = found(shown(720, 724, 3550), again, shown(1800, 4504, 7400))
    assert starts(periods) == pytest.approx({1: 720, 2: 4500}, abs=1)


def test_find_periods_clock_hidden_for_most_of_a_period_is_still_one_period() -> None:
    first = [*shown(720, 724, 900), *shown(720, 3100, 3500)]
    assert starts(found(first, shown(1800, 4504, 7400))) == pytest.approx({1: 720, 2: 4500}, abs=1)


def test_find_periods_no_lines_give_no_period() -> None:
    assert find_periods([]) == []


def test_find_periods_digit_misread_for_a_minute_is_no_period() -> None:
    # 43:00 to 43:59 read as 48: the second period must not begin there
    wrong = shown(720 - 300, 720 + 43 * 60, 720 + 44 * 60)
    right = [r for r in shown(720, 724, 3550) if not 43 <= (r.clock_s or 0) // 60 < 44]
    periods = found(right, wrong, shown(1800, 4504, 7400))
    assert starts(periods) == pytest.approx({1: 720, 2: 4500}, abs=1)


def test_find_periods_clock_set_anew_within_a_period_goes_on_in_it() -> None:
    first = [*shown(720, 724, 1200), *shown(712, 1204, 3550)]  # eight seconds forward at 8:00
    periods = found(first, shown(1800, 4504, 7400))
    assert starts(periods) == pytest.approx({1: 712, 2: 4500}, abs=1)
    assert periods[0].end_s == pytest.approx(3550, abs=8)


def test_find_periods_clock_standing_at_its_end_lasts_through_added_time() -> None:
    frozen = [Reading(3420.0 + 4 * step, 2700) for step in range(30)]
    running = shown(720, 724, 3420)
    (period,) = find_periods(find_clock_lines([*running, *frozen]), [*running, *frozen])
    assert period.end_s == pytest.approx(3420 + 116)


def test_find_periods_scenes_of_other_matches_in_the_studio_are_no_period() -> None:
    before = shown(300 - 1820, 300, 340)  # 30:20 of a match of last week
    after = shown(7600 - 720, 7600, 7650)
    periods = found(before, shown(720, 724, 3550), shown(1800, 4504, 7400), after)
    assert starts(periods) == pytest.approx({1: 720, 2: 4500}, abs=1)
