"""Calibration on predictions whose hit rate is known."""

import math

import pytest

from spotkick.actions import Action, ActionClasses, MatchActions
from spotkick.evaluation import assign_predictions
from spotkick.evaluation.calibration import calibrate

CLASSES = ActionClasses(("a", "b"))


def test_known_hit_rates() -> None:
    labels, found = [], []
    for number in range(10):
        at = 100_000 * number
        labels += [Action("a", 1, at)] * (number < 8) + [Action("b", 1, at)] * (number < 1)
        found += [Action("a", 1, at, 0.85), Action("b", 1, at, 0.15 + number / 1000)]
    sets = assign_predictions(
        [MatchActions("m", tuple(found))],
        [MatchActions("m", tuple(labels))],
        CLASSES,
        tolerances_s=[5.0],
    )
    curve = calibrate(sets, 5.0)
    assert curve.count.tolist() == [0, 10, 0, 0, 0, 0, 0, 0, 10, 0]
    assert curve.accuracy[8] == pytest.approx(0.8)
    assert curve.confidence[8] == pytest.approx(0.85)
    assert curve.accuracy[1] == pytest.approx(0.1)
    assert curve.confidence[1] == pytest.approx(0.1545)
    assert curve.expected_error == pytest.approx((0.05 + 0.0545) / 2)
    assert math.isnan(curve.accuracy[0])
    assert curve.to_json()["bins"][0] == {
        "low": 0,
        "high": 0.1,
        "confidence": None,
        "accuracy": None,
        "count": 0,
    }
    only = calibrate(sets, 5.0, label="a", bins=2)
    assert only.count.tolist() == [0, 10]
    assert only.expected_error == pytest.approx(0.05)


def test_nothing_predicted() -> None:
    sets = assign_predictions(
        [MatchActions("m", ())],
        [MatchActions("m", (Action("a", 1, 0),))],
        CLASSES,
        tolerances_s=[5.0],
    )
    assert calibrate(sets, 5.0).expected_error == 0


def test_confidence_of_one_and_above_is_in_the_last_bin() -> None:
    found = (Action("a", 1, 0, 1.0), Action("a", 1, 90_000, 7.0))
    sets = assign_predictions(
        [MatchActions("m", found)],
        [MatchActions("m", (Action("a", 1, 0),))],
        CLASSES,
        tolerances_s=[5.0],
    )
    assert calibrate(sets, 5.0).count[-1] == 2
