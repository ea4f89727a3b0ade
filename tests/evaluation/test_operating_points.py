"""GroupCounts at thresholds, and the thresholds themselves, against brute force."""

import random

import numpy as np
import pytest

from spotkick.actions import Action, ActionClasses, MatchActions
from spotkick.errors import InputError
from spotkick.evaluation import AssignmentResult, assign_predictions
from spotkick.evaluation.average_precision import THRESHOLDS
from spotkick.evaluation.operating_points import (
    SpotCounts,
    count_curve,
    count_spots,
    legacy_tolerances_s,
    tune_class_thresholds,
    tune_common_threshold,
)

CLASSES = ActionClasses(("a", "b"))
TOLERANCES = (5.0, 20.0, 60.0)


def make(seed: int) -> tuple[list[MatchActions], list[MatchActions]]:
    rng = random.Random(seed)
    truth = [Action(rng.choice("ab"), 1, 1000 * second) for second in rng.sample(range(2000), 25)]
    seconds = set()
    found = []
    for action in truth:
        second = max(0, action.position_ms // 1000 + rng.randrange(-20, 20))
        if second not in seconds:
            seconds.add(second)
            found.append(
                Action(
                    rng.choice([action.label, "a"]),
                    1,
                    1000 * second,
                    rng.choice([rng.random(), 0.5]),
                )
            )
    return [MatchActions("m", tuple(found))], [MatchActions("m", tuple(truth))]


def assign(seed: int = 0) -> AssignmentResult:
    return assign_predictions(*make(seed), CLASSES, tolerances_s=TOLERANCES)


@pytest.mark.parametrize("threshold", [0.0, 0.31, 0.5, 0.9, 2.0])
def test_count_spots_threshold_equals_assigning_stronger_predictions(threshold: float) -> None:
    predictions, labels = make(3)
    above = [
        MatchActions(
            "m", tuple(a for a in predictions[0].actions if (a.confidence or 0) >= threshold)
        )
    ]
    for tolerance in TOLERANCES:
        counts = count_spots(
            assign_predictions(predictions, labels, CLASSES, tolerances_s=TOLERANCES),
            dict.fromkeys("ab", threshold),
            tolerance,
        )
        alone = assign_predictions(above, labels, CLASSES, tolerances_s=[tolerance])
        for index, name in enumerate(CLASSES.names):
            own = alone.predictions.class_index == index
            hits = int(np.sum(alone.assigned[0][own] >= 0))
            total = sum(action.label == name for action in labels[0].actions)
            assert counts[name] == SpotCounts(threshold, hits, int(own.sum()) - hits, total - hits)


def test_spot_counts_shares_follow_their_definitions() -> None:
    counts = SpotCounts(0.5, 6, 2, 4)
    assert (counts.precision, counts.recall, counts.f1) == (0.75, 0.6, pytest.approx(2 / 3))
    nothing = SpotCounts(0.5, 0, 0, 0)
    assert (nothing.precision, nothing.recall, nothing.f1) == (0, 0, 0)
    assert counts.to_json()["f1"] == counts.f1


@pytest.mark.parametrize("seed", range(8))
def test_tune_class_thresholds_random_sets_reach_best_f1(seed: int) -> None:
    sets = assign(seed)
    tuned = tune_class_thresholds(sets, 20.0)
    for name in CLASSES.names:
        candidates = sorted({*sets.predictions.value.tolist(), np.inf}, reverse=True)
        scores = [
            count_spots(sets, {**dict.fromkeys("ab", 0.5), name: value}, 20.0)[name].f1
            for value in candidates
        ]
        assert tuned[name] == candidates[int(np.argmax(scores))]


@pytest.mark.parametrize("seed", range(4))
def test_tune_common_threshold_random_sets_is_best_of_grid(seed: int) -> None:
    sets = assign(seed)
    means = [
        np.mean([c.f1 for c in count_spots(sets, dict.fromkeys("ab", t), 20.0).values()])
        for t in THRESHOLDS.tolist()
    ]
    assert tune_common_threshold(sets, 20.0) == THRESHOLDS[int(np.argmax(means))]


def test_tune_class_thresholds_class_without_hit_gets_infinity() -> None:
    sets = assign_predictions(
        [MatchActions("m", (Action("b", 1, 0, 0.9),))],
        [MatchActions("m", (Action("a", 1, 0),))],
        CLASSES,
        tolerances_s=[5.0],
    )
    assert dict(tune_class_thresholds(sets, 5.0)) == {"a": np.inf, "b": np.inf}


def test_count_curve_other_set_decides_thresholds() -> None:
    valid, test = assign(1), assign(2)
    curve = count_curve(test, tuned_on=valid)
    assert tuple(curve) == TOLERANCES
    assert curve[5.0]["a"].threshold == tune_common_threshold(valid, 5.0)
    assert count_curve(test)[5.0]["a"].threshold == tune_common_threshold(test, 5.0)
    hits = [
        sum(counts.true_positives for counts in count_curve(test)[tolerance].values())
        for tolerance in TOLERANCES
    ]
    assert hits[0] < hits[-1]


def test_legacy_tolerances_s_frames_become_seconds() -> None:
    assert legacy_tolerances_s((5.0, 60.0), 2) == (2.5, 30.0)


def test_count_spots_bad_input_is_refused() -> None:
    with pytest.raises(InputError, match="assigned at 5, 20, 60 s, not at 7 s"):
        count_spots(assign(), dict.fromkeys("ab", 0.5), 7.0)
    with pytest.raises(InputError, match="no threshold for class 'b'"):
        count_spots(assign(), {"a": 0.5}, 5.0)
