"""Thresholds for classes with few labels, on planted sets whose best thresholds are known."""

import math
import random
import warnings

import numpy as np
import pytest

from spotkick.actions import Action, ActionClasses, MatchActions
from spotkick.errors import SpotkickWarning
from spotkick.evaluation import (
    AssignmentResult,
    assign_predictions,
    choose_class_thresholds,
    count_spots,
    tune_class_thresholds,
)
from spotkick.evaluation.operating_points import PRIOR_LABELS

AT_S = 10.0


def plant(
    numbers: dict[str, int],
    seed: int,
    *,
    hit_mean: float = 0.55,
    false_mean: float = 0.3,
    false_per_label: float = 4,
    missed: float = 0.1,
) -> AssignmentResult:
    """Classes with so many labels each; hits and false spots overlap in confidence."""
    rng = random.Random(seed)
    labels, found = [], []
    for label, number in numbers.items():
        for k in range(number):
            at = 60_000 * k
            labels.append(Action(label, 1, at))
            if rng.random() >= missed:
                found.append(Action(label, 1, at, min(1, max(0, rng.gauss(hit_mean, 0.12)))))
        for k in range(round(false_per_label * max(number, 3))):
            confidence = min(1, max(0, rng.gauss(false_mean, 0.1)))
            found.append(Action(label, 2, 60_000 * k, confidence))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SpotkickWarning)
        return assign_predictions(
            [MatchActions("m", tuple(found))],
            [MatchActions("m", tuple(labels))],
            ActionClasses(tuple(numbers)),
            tolerances_s=(AT_S,),
        )


def mean_f1(assignment: AssignmentResult, thresholds: dict[str, float]) -> float:
    counts = count_spots(assignment, thresholds, AT_S)
    return float(np.mean([one.f1 for one in counts.values()]))


@pytest.mark.parametrize("number", [1, 2, 3, 5])
def test_choose_class_thresholds_few_labels_beat_best_f1_on_other_matches(number: int) -> None:
    """Mean over 30 sets of 8 rare and 2 common classes, applied to 20 times as many labels."""
    names = {f"rare{k}": number for k in range(8)} | {"x": 80, "y": 60}
    test = plant(dict.fromkeys(names, 100), seed=999)
    chosen, tuned = [], []
    for seed in range(30):
        valid = plant(names, seed)
        chosen.append(mean_f1(test, dict(choose_class_thresholds(valid, AT_S))))
        tuned.append(mean_f1(test, dict(tune_class_thresholds(valid, AT_S))))
    assert np.mean(chosen) > np.mean(tuned) + 0.01
    assert np.std(chosen) < np.std(tuned)


def test_choose_class_thresholds_many_labels_agree_with_best_f1() -> None:
    valid = plant({"a": 400, "b": 300}, seed=1)
    chosen, tuned = choose_class_thresholds(valid, AT_S), tune_class_thresholds(valid, AT_S)
    for name in ("a", "b"):
        assert chosen[name] == pytest.approx(tuned[name], abs=0.02)


@pytest.mark.parametrize(("hit", "false"), [(0.30, 0.25), (0.98, 0.02), (0.012, 0.010)])
def test_choose_class_thresholds_gap_is_split_in_the_middle(hit: float, false: float) -> None:
    """A perfect ranking whose scale differs from that of the other classes: spots that are a
    little weaker than the weakest hit of the validation set still count."""
    labels = [Action("rare", 1, 60_000 * k) for k in range(2)]
    found = [Action("rare", 1, a.position_ms, hit) for a in labels]
    found += [Action("rare", 2, 60_000 * k, false) for k in range(30)]
    for k in range(60):
        labels.append(Action("common", 1, 60_000 * k))
        found.append(Action("common", 1, 60_000 * k, 0.8))
        found.append(Action("common", 2, 60_000 * k, 0.4))
    valid = assign_predictions(
        [MatchActions("m", tuple(found))],
        [MatchActions("m", tuple(labels))],
        ActionClasses(("rare", "common")),
        tolerances_s=(AT_S,),
    )
    chosen = choose_class_thresholds(valid, AT_S)
    assert chosen["rare"] == pytest.approx((hit + false) / 2)
    assert chosen["common"] == pytest.approx(0.6)


def test_choose_class_thresholds_class_without_labels_gets_pooled_one() -> None:
    valid = plant({"a": 50, "none": 0}, seed=3)
    chosen = choose_class_thresholds(valid, AT_S)
    assert 0.3 < chosen["none"] < 0.6
    assert chosen["none"] != pytest.approx(chosen["a"], abs=1e-9)


def test_choose_class_thresholds_class_without_hits_depends_on_labels() -> None:
    few, many = 2, round(PRIOR_LABELS) + 5
    valid = plant({"a": 50, "few": few, "many": many}, seed=4, missed=0.0)
    lost = valid.assigned.copy()
    lost[:, valid.predictions.class_index > 0] = -1
    valid = AssignmentResult(
        valid.labels,
        valid.predictions,
        valid.tolerances_s,
        assigned=lost,
        closest=valid.closest,
        has_visibility=False,
        messages=(),
    )
    chosen = choose_class_thresholds(valid, AT_S)
    assert math.isfinite(chosen["few"])
    assert chosen["many"] == math.inf


def test_choose_class_thresholds_no_predictions_is_infinity() -> None:
    empty = assign_predictions(
        [MatchActions("m", ())],
        [MatchActions("m", (Action("a", 1, 0),))],
        ActionClasses(("a",)),
        tolerances_s=(AT_S,),
    )
    assert choose_class_thresholds(empty, AT_S)["a"] == math.inf
