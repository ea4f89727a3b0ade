from dataclasses import replace

import pytest

from spotkick.actions import Action
from spotkick.prediction.fusion import (
    ALONE_FACTOR,
    UNSEEN_FACTOR,
    Observation,
    WatchedStretch,
    adjust_delays,
    fuse_spots,
)

GOAL = Observation("Goal", 1, 100_000, 220_000, usual_ms=195_000, spread_ms=25_000, confidence=0.9)


def spot(position_s: float, confidence: float, label: str = "Goal", period: int = 1) -> Action:
    return Action(label, period, round(1000 * position_s), confidence=confidence)


def test_fuse_spots_spot_in_the_window_keeps_its_time_and_gains_certainty() -> None:
    (fused,) = fuse_spots([spot(180, 0.4)], [GOAL])
    assert fused.position_ms == 180_000
    assert fused.confidence == pytest.approx(1 - 0.6 * 0.1)


def test_fuse_spots_of_two_spots_the_likelier_one_is_taken_once() -> None:
    fused = fuse_spots([spot(110, 0.5), spot(190, 0.4), spot(500, 0.3)], [GOAL])
    assert [round(action.confidence or 0, 2) for action in fused] == [0.5, 0.94, 0.3]


def test_fuse_spots_observation_without_spot_becomes_one() -> None:
    fused = fuse_spots([spot(180, 0.9, "Foul"), spot(180, 0.9, period=2)], [GOAL])
    (added,) = [action for action in fused if (action.label, action.period) == ("Goal", 1)]
    assert (added.position_ms, added.confidence) == (195_000, 0.9 * ALONE_FACTOR)


@pytest.mark.parametrize(("position_s", "confidence"), [(190, 0.015), (120, 0.2)])
def test_fuse_spots_unlikely_spot_does_not_date_the_observation(
    position_s: float, confidence: float
) -> None:
    watched = [WatchedStretch("Goal", 1, 0, 2_000_000)]
    fused = fuse_spots([spot(position_s, confidence)], [GOAL], watched)
    goal = max(fused, key=lambda action: action.confidence or 0)
    unlikely = min(fused, key=lambda action: abs(action.position_ms - 1000 * position_s))
    assert (goal.position_ms, goal.confidence) == (195_000, 0.9 * ALONE_FACTOR)
    assert unlikely.confidence == confidence * UNSEEN_FACTOR


def test_fuse_spots_sure_spot_long_before_the_change_is_taken() -> None:
    (fused,) = fuse_spots([spot(105, 0.9)], [GOAL])
    assert fused.position_ms == 105_000
    assert fused.confidence == pytest.approx(0.99)


def test_fuse_spots_unconfirmed_spot_in_a_watched_stretch_is_lowered() -> None:
    watched = [WatchedStretch("Goal", 1, 0, 2_000_000)]
    fused = fuse_spots([spot(180, 0.4), spot(900, 0.8), spot(2500, 0.8)], [GOAL], watched)
    assert [action.confidence for action in fused[1:]] == [0.8 * UNSEEN_FACTOR, 0.8]


def test_fuse_spots_two_observations_take_different_spots() -> None:
    fused = fuse_spots([spot(150, 0.5), spot(190, 0.5)], [GOAL, GOAL])
    assert all((action.confidence or 0) > 0.9 for action in fused)


def test_fuse_spots_nothing_observed_changes_nothing() -> None:
    spots = (spot(10, 0.2), spot(20, 0.3))
    assert fuse_spots(spots, []) == spots


def observe(usual_s: float) -> Observation:
    usual_ms = round(1000 * usual_s)
    return replace(
        GOAL, usual_ms=usual_ms, earliest_ms=usual_ms - 95_000, latest_ms=usual_ms + 25_000
    )


def test_adjust_delays_same_delay_of_sure_spots_moves_the_other_observation() -> None:
    # three goals ten seconds later than usual have sure spots, the fourth has none
    usual_s = (500, 1000, 1500, 2000)
    spots = [spot(time + 10, 0.8) for time in usual_s[:3]]
    adjusted = adjust_delays(spots, [observe(time) for time in usual_s])
    assert [o.usual_ms for o in adjusted] == [1000 * time + 7500 for time in usual_s]
    assert {o.spread_ms for o in adjusted} == {12_500}

    # the fourth is dated by the three, and a weak spot there is preferred to one at the usual place
    fused = fuse_spots([*spots, spot(2008, 0.06)], [observe(time) for time in usual_s])
    assert [action.position_ms for action in fused][-1] == 2_008_000


def test_adjust_delays_unsure_spots_and_other_classes_move_nothing() -> None:
    observed = [observe(500), observe(1000)]
    spots = [spot(510, 0.39), spot(1010, 0.9, "Foul"), spot(1010, 0.9, period=2)]
    assert adjust_delays(spots, observed) == observed


def test_adjust_delays_delays_that_differ_keep_a_wide_spread_within_the_window() -> None:
    observed = [observe(500), observe(1000), observe(1500)]
    adjusted = adjust_delays([spot(420, 0.9), spot(1020, 0.9)], observed)
    assert adjusted[2].spread_ms > 25_000
    far = adjust_delays([spot(time + 24, 0.9) for time in (500, 1000)], [*observed[:2]] * 4)
    assert all(o.usual_ms <= o.latest_ms for o in far)


@pytest.mark.parametrize(("spot_spread_ms", "expected_ms"), [(0, 180_000), (25_000, 187_500)])
def test_fuse_spots_unexact_spot_gives_way_to_the_observed_time(
    spot_spread_ms: int, expected_ms: int
) -> None:
    # unsure, so that the usual delay stays as it is: 195 s with a spread of 25 s
    (fused,) = fuse_spots([spot(180, 0.3)], [GOAL], spot_spread_ms=spot_spread_ms)
    assert fused.position_ms == expected_ms
