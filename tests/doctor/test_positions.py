from collections.abc import Callable
from dataclasses import replace

import pytest

from spotkick.actions import Action, MatchActions
from spotkick.doctor.positions import check_positions

HALF_MS = 46 * 60_000


def make_set(matches: int, move: Callable[[Action], Action] = lambda a: a) -> list[MatchActions]:
    """Labels every minute of both halves."""
    actions = [Action("Foul", period, 60_000 * m) for period in (1, 2) for m in range(46)]
    return [MatchActions(f"m{n}", tuple(move(a) for a in actions)) for n in range(matches)]


def checks(matches: list[MatchActions], *, is_soccer: bool = True) -> list[str]:
    found = check_positions(matches, "set", is_soccer=is_soccer, scored=False)
    return [finding.check for finding in found]


def test_check_positions_usual_set_has_no_findings() -> None:
    assert checks(make_set(3)) == []


@pytest.mark.parametrize("divisor", [1000, 500, 40])
def test_check_positions_other_unit_is_found(divisor: int) -> None:
    matches = make_set(2, lambda a: replace(a, position_ms=a.position_ms // divisor))
    assert checks(matches) == ["wrong-unit"]


def test_check_positions_microseconds_are_found() -> None:
    matches = make_set(2, lambda a: replace(a, position_ms=1000 * a.position_ms))
    assert checks(matches) == ["wrong-unit"]


def test_check_positions_second_half_from_kick_off_is_found() -> None:
    matches = make_set(
        2, lambda a: replace(a, position_ms=a.position_ms + HALF_MS * (a.period == 2))
    )
    assert checks(matches) == ["counts-from-kick-off"]
    assert checks(matches, is_soccer=False) == []


def test_check_positions_all_in_the_first_half_is_found() -> None:
    merged = make_set(
        2, lambda a: replace(a, period=1, position_ms=a.position_ms + HALF_MS * (a.period == 2))
    )
    assert checks(merged) == ["merged-halves"]
    assert checks(make_set(2, lambda a: replace(a, period=1))) == ["no-second-half"]


def test_check_positions_short_clips_are_no_finding() -> None:
    clip = tuple(Action("Foul", 1, 2000 * number) for number in range(30))
    assert checks([MatchActions("clip", clip)], is_soccer=False) == []
