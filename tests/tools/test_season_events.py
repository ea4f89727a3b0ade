import importlib.util
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

PATH = Path(__file__).parents[2] / "tools" / "season" / "events.py"
SPEC = importlib.util.spec_from_file_location("season_events", PATH)
assert SPEC is not None
assert SPEC.loader is not None
events = importlib.util.module_from_spec(SPEC)
sys.modules["season_events"] = events  # dataclasses look their module up
SPEC.loader.exec_module(events)

NOBODY = ((False, False, False), (False, False, False))
ALL = ((True, True, True), (True, True, True))


def state(time_ms: int, in_play: bool = True, mode: str = "normal", **changes: Any) -> Any:
    base = events.MatchState(time_ms, in_play, mode, (0, 0), (0.0, 0.0), "left", NOBODY, ALL)
    return replace(base, **changes)


def timeline(*spans: tuple[int, dict[str, Any]], until: int) -> list[Any]:
    """States ten a second; each span is (start in ms, state attributes) and lasts to the next."""
    states = []
    for (start, attributes), stop in zip(spans, [*(s for s, _ in spans[1:]), until], strict=True):
        states += [state(t, **attributes) for t in range(start, stop, 100)]
    return states


def found(states: list[Any]) -> list[tuple[int, str, str]]:
    return [(e.time_ms, e.label, e.team) for e in events.find_events(states)]


STOPPED: dict[str, Any] = {"in_play": False}
PLAY: dict[str, Any] = {}


def test_wait_before_the_match_gives_only_a_kick_off() -> None:
    states = timeline((0, STOPPED), (2000, {"nearest_team": "right"}), until=4000)
    assert found(states) == [(2000, "Kick-off", "right")]


@pytest.mark.parametrize(
    ("mode", "stop", "restart"),
    [
        ("throw_in", "Ball out of play", "Throw-in"),
        ("goal_kick", "Ball out of play", "Goal kick"),
        ("corner", "Ball out of play", "Corner"),
        ("free_kick", "Foul or offside", "Free-kick"),
        ("penalty", "Foul or offside", "Penalty"),
    ],
)
def test_set_piece_is_timed_at_the_kick_and_the_stop_belongs_to_the_opponent(
    mode: str, stop: str, restart: str
) -> None:
    states = timeline(
        (0, PLAY),
        (5000, STOPPED),
        (9000, {"mode": mode}),
        (9600, {"nearest_team": "right"}),
        until=12000,
    )
    assert found(states) == [(5000, stop, "left"), (9600, restart, "right")]


def test_goal_replaces_the_ball_out_and_is_followed_by_a_kick_off() -> None:
    scored = {"score": (0, 1)}
    states = timeline((0, PLAY), (5000, STOPPED | scored), (16000, scored), until=18000)
    assert found(states) == [(5000, "Goal", "right"), (16000, "Kick-off", "left")]


def test_goal_counts_when_the_score_rises_just_before_the_stop() -> None:
    scored = {"score": (1, 0)}
    states = timeline(
        (0, PLAY), (4900, scored), (5000, STOPPED | scored), (16000, scored), until=17000
    )
    assert found(states) == [(5000, "Goal", "left"), (16000, "Kick-off", "left")]


def test_old_goals_do_not_make_later_stops_goals() -> None:
    scored = {"score": (3, 1)}
    states = timeline(
        (0, scored),
        (5000, STOPPED | scored),
        (9000, scored | {"mode": "throw_in"}),
        (9500, scored),
        until=11000,
    )
    assert [e[1] for e in found(states)] == ["Ball out of play", "Throw-in"]


def test_yellow_card_is_put_before_the_restart_whistle() -> None:
    booked = {"cards": ((False, True, False), (False, False, False))}
    states = timeline(
        (0, PLAY),
        (5000, STOPPED | booked),
        (14000, booked | {"mode": "free_kick"}),
        (14600, booked | {"nearest_team": "right"}),
        until=16000,
    )
    assert found(states) == [
        (5000, "Foul or offside", "left"),
        (10400, "Yellow card", "left"),
        (14600, "Free-kick", "right"),
    ]
    assert [e.whistle_ms for e in events.find_events(states)] == [None, 5000, None]


def test_second_yellow_card_takes_a_booked_player_off() -> None:
    booked = {"cards": ((False, False, False), (True, False, False))}
    off = booked | {"active": (ALL[0], (False, True, True))}
    states = timeline(
        (0, booked),
        (5000, STOPPED | booked),
        (11000, STOPPED | off),
        (14000, off | {"mode": "free_kick"}),
        (14600, off),
        until=16000,
    )
    assert [e for e in found(states) if "card" in e[1]] == [(10400, "Yellow->red card", "right")]


def test_dismissal_a_moment_after_the_restart_still_belongs_to_its_foul() -> None:
    booked = {"cards": ((False, False, False), (True, False, False))}
    off = booked | {"active": (ALL[0], (False, True, True))}
    states = timeline(
        (0, booked),
        (5000, STOPPED | booked),
        (10000, booked | {"mode": "free_kick"}),
        (10600, booked),
        (11000, off),
        until=16000,
    )
    assert [e for e in found(states) if "card" in e[1]] == [(6400, "Yellow->red card", "right")]


def test_booking_and_dismissal_of_one_stoppage_are_a_straight_red_card() -> None:
    booked = {"cards": ((True, False, False), (False, False, False))}
    off = booked | {"active": ((False, True, True), ALL[1])}
    states = timeline(
        (0, PLAY),
        (5000, STOPPED | booked),
        (11000, STOPPED | off),
        (14000, off | {"mode": "penalty"}),
        (14600, off),
        until=16000,
    )
    assert [e for e in found(states) if "card" in e[1]] == [(10400, "Red card", "left")]


@pytest.mark.parametrize(
    ("ball", "label"),
    [
        ((1.01, 0.1), "Ball out of play"),
        ((0.2, -0.43), "Ball out of play"),
        ((0.2, 0.3), "Foul or offside"),
    ],
)
def test_stop_without_restart_is_read_off_the_ball_and_has_no_card(
    ball: tuple[float, float], label: str
) -> None:
    booked = {"cards": ((True, False, False), (False, False, False))}
    states = timeline((0, PLAY), (5000, STOPPED | booked | {"ball": ball}), until=8000)
    assert found(states) == [(5000, label, "right")]


def test_video_that_ends_before_the_kick_has_no_restart() -> None:
    states = timeline((0, PLAY), (5000, STOPPED), (9000, {"mode": "corner"}), until=9300)
    assert [e[1] for e in found(states)] == ["Ball out of play"]


def test_no_states_no_events() -> None:
    assert events.find_events([]) == []


def test_labels_are_written_in_the_layout_of_soccernet() -> None:
    listed = [
        events.MatchEvent(125_300, "Corner", "right"),
        events.MatchEvent(754_000, "Goal", "left"),
    ]
    assert events.to_labels_v2(listed, "match_1") == {
        "UrlLocal": "match_1",
        "annotations": [
            {
                "gameTime": "1 - 02:05",
                "label": "Corner",
                "position": "125300",
                "team": "away",
                "visibility": "visible",
            },
            {
                "gameTime": "1 - 12:34",
                "label": "Goal",
                "position": "754000",
                "team": "home",
                "visibility": "visible",
            },
        ],
    }
