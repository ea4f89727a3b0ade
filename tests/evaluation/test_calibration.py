"""Calibration on predictions whose hit rate is known."""

import json
import math

import pytest

from spotkick.actions import Action, ActionClasses, MatchActions
from spotkick.evaluation import assign_predictions
from spotkick.evaluation.calibration import Calibration, calibrate

CLASSES = ActionClasses(("a", "b"))


def test_calibrate_known_hit_rates_are_found() -> None:
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


def test_calibrate_no_predictions_has_no_error() -> None:
    sets = assign_predictions(
        [MatchActions("m", ())],
        [MatchActions("m", (Action("a", 1, 0),))],
        CLASSES,
        tolerances_s=[5.0],
    )
    assert calibrate(sets, 5.0).expected_error == 0


def calibration_of(*confidences: float) -> Calibration:
    found = tuple(Action("a", 1, 90_000 * k, value) for k, value in enumerate(confidences))
    labels = [MatchActions("m", (Action("a", 1, 0),))]
    sets = assign_predictions([MatchActions("m", found)], labels, CLASSES, tolerances_s=[5.0])
    return calibrate(sets, 5.0)


def test_calibrate_confidence_of_one_is_in_last_bin() -> None:
    curve = calibration_of(1.0, 0.95)
    assert curve.count[-1] == 2
    assert (curve.above_one, curve.highest) == (0, 1.0)
    assert curve.expected_error == pytest.approx(abs(0.5 - 0.975))


@pytest.mark.parametrize("high", [98.7, 3.2, math.inf, 1.0000001])
def test_calibrate_confidence_above_one_is_no_probability(high: float) -> None:
    """Percentages, logits, infinity and a rounding error: in no bin, and no expected error."""
    curve = calibration_of(0.5, high)
    assert curve.count.sum() == 1
    assert (curve.above_one, curve.highest) == (1, high)
    assert math.isnan(curve.expected_error)
    assert json.loads(json.dumps(curve.to_json(), allow_nan=False))["expected_error"] is None
