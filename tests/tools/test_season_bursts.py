import importlib.util
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

PATH = Path(__file__).parents[2] / "tools" / "season" / "bursts.py"
SPEC = importlib.util.spec_from_file_location("season_bursts", PATH)
assert SPEC is not None
assert SPEC.loader is not None
bursts = importlib.util.module_from_spec(SPEC)
sys.modules["season_bursts"] = bursts  # dataclasses look their module up
SPEC.loader.exec_module(bursts)

IDLE = bursts.Situation(
    0.0, 0.0, 20.0, 0.0, attacks_right=True, has_ball=False, opponent_has_ball=False, players=11
)


@pytest.mark.parametrize(
    ("dx", "dy", "name"),
    [
        (1, 0, "right"),
        (1, 1, "top_right"),
        (0, 1, "top"),
        (-1, 1, "top_left"),
        (-1, 0, "left"),
        (-1, -1, "bottom_left"),
        (0, -1, "bottom"),
    ],
)
def test_direction_name_is_as_seen_in_frame(dx: float, dy: float, name: str) -> None:
    assert bursts.direction(dx, dy, attacks_right=True) == name
    mirrored = name.replace("left", "L").replace("right", "left").replace("L", "right")
    assert bursts.direction(dx, dy, attacks_right=False) == mirrored


@pytest.mark.parametrize(
    ("changes", "rate", "pressed"),
    [
        ({"opponent_has_ball": True, "ball_dx": -2.0}, bursts.TACKLE_RATE, ("left", "sliding")),
        ({"has_ball": True, "y": 30.0}, bursts.TOUCH_RUN_RATE, ("top", "sprint")),
        ({"has_ball": True, "y": -30.0}, bursts.TOUCH_RUN_RATE, ("bottom", "sprint")),
        ({"has_ball": True, "x": -45.0, "y": 15.0}, bursts.OWN_LINE_RUN_RATE, ("left", "sprint")),
        ({"has_ball": True, "x": 35.0}, bursts.SHOT_RATE, ("right", "shot")),
    ],
)
def test_choose_burst_rate_of_each_situation(
    changes: dict[str, Any], rate: float, pressed: tuple[str, str]
) -> None:
    rng = np.random.default_rng(1)
    plans = [bursts.plan_burst(replace(IDLE, **changes), rng) for _ in range(4000)]
    started = [plan for plan in plans if plan is not None]
    assert len(started) / len(plans) == pytest.approx(rate, rel=0.25)
    assert all(plan == started[0] for plan in started)
    assert pressed in started[0]


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"opponent_has_ball": True, "ball_dx": 5.0},
        {"opponent_has_ball": True, "ball_dx": 1.0, "players": bursts.FEWEST_PLAYERS - 1},
        {"has_ball": True},
        {"has_ball": True, "x": -45.0},
    ],
)
def test_choose_burst_other_situation_is_none(changes: dict[str, Any]) -> None:
    rng = np.random.default_rng(1)
    assert all(bursts.plan_burst(replace(IDLE, **changes), rng) is None for _ in range(1000))
