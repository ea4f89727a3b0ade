"""Bootstrap and comparison against scores of resamples that are really drawn."""

import json
import random
import warnings

import numpy as np
import pytest

from spotkick.actions import Action, ActionClasses, MatchActions
from spotkick.errors import InputError, SpotkickWarning
from spotkick.evaluation import AssignmentResult, assign_predictions, evaluate, score_assignment
from spotkick.evaluation.uncertainty import (
    MIN_MATCHES,
    _draw_matches,
    _leave_one_out,
    _score_resamples,
    _share_in_order,
    bootstrap,
    compare_systems,
    corrected_interval,
)

CLASSES = ActionClasses(("a", "b", "rare", "never"))


def make_sets(
    matches: int, error_ms: int, seed: int = 0, *, rare: bool = True
) -> tuple[list[MatchActions], list[MatchActions]]:
    """Predictions and labels; a larger error makes a worse system, on the same labels."""
    labels, predictions = [], []
    for number in range(matches):
        rng = random.Random(number)
        truths = [
            Action(rng.choice("ab"), rng.choice([1, 2]), rng.randrange(2_000_000)) for _ in range(8)
        ]
        if number == 0 and rare:
            truths.append(Action("rare", 1, 5000))
        noise = random.Random(1000 * seed + number)
        found = [
            Action(
                t.label,
                t.period,
                max(0, t.position_ms + noise.randrange(-error_ms, error_ms)),
                noise.random(),
            )
            for t in truths
        ]
        labels.append(MatchActions(f"m{number}", tuple(truths)))
        predictions.append(MatchActions(f"m{number}", tuple(found)))
    return predictions, labels


def assignment_of(predictions: list[MatchActions], labels: list[MatchActions]) -> AssignmentResult:
    return assign_predictions(predictions, labels, CLASSES)


def test_score_resamples_drawn_matches_score_as_copies() -> None:
    predictions, labels = make_sets(5, 20_000)
    weights = _draw_matches(5, 12, seed=3)
    resampled = _score_resamples(assignment_of(predictions, labels), weights)
    averages, per_class = resampled.average_map, resampled.per_class
    for row, weight in enumerate(weights):
        copies = [(number, copy) for number, times in enumerate(weight) for copy in range(times)]
        drawn = [
            [MatchActions(f"{n}/{c}", sets[n].actions) for n, c in copies]
            for sets in (predictions, labels)
        ]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SpotkickWarning)
            score = evaluate(drawn[0], drawn[1], CLASSES)
        lost = weight[0] == 0  # the only label of the rare class
        expected = [
            np.nan if name == "rare" and lost else value
            for name, value in score.overall.per_class.items()
        ]
        np.testing.assert_allclose(per_class[row], expected, rtol=0, atol=1e-12)
        assert averages[row] == pytest.approx(score.average_map * (4 / 3 if lost else 1), abs=1e-12)


def test_score_resamples_each_match_once_gives_score() -> None:
    assignment = assignment_of(*make_sets(6, 20_000))
    once = _score_resamples(assignment, np.ones((1, 6), dtype=np.int64)).average_map
    assert once[0] == pytest.approx(score_assignment(assignment).average_map, abs=1e-12)


def test_bootstrap_more_matches_narrow_interval() -> None:
    few, many = (
        bootstrap(assignment_of(*make_sets(matches, 20_000, rare=False)), resamples=200).average_map
        for matches in (10, 60)
    )
    assert few.low < few.value < few.high
    assert many.low < many.value < many.high
    assert many.high - many.low < (few.high - few.low) * 0.6


def test_bootstrap_same_seed_gives_same_interval() -> None:
    assignment = assignment_of(*make_sets(10, 20_000))
    first, again, other = (bootstrap(assignment, resamples=50, seed=seed) for seed in (7, 7, 8))
    assert first == again
    assert first != other


@pytest.mark.parametrize("matches", [1, 2, MIN_MATCHES - 1])
def test_bootstrap_few_matches_has_no_interval(matches: int) -> None:
    assignment = assignment_of(*make_sets(matches, 20_000))
    result = bootstrap(assignment, resamples=50)
    assert result.average_map.value == score_assignment(assignment).average_map
    assert not result.average_map.known
    assert not any(interval.known for interval in result.per_class.values())
    document = json.loads(json.dumps(result.to_json(), allow_nan=False))
    assert document["average_map"]["low"] is None
    assert document["resamples"] == 0


def test_corrected_interval_symmetric_values_are_percentiles() -> None:
    """Without bias and skewness the corrected ends are the plain percentiles."""
    drawn = np.linspace(0.3, 0.7, 4001)
    interval = corrected_interval(0.5, drawn, np.array([0.45, 0.5, 0.55]))
    assert (interval.low, interval.high) == pytest.approx((0.31, 0.69), abs=1e-4)


def test_corrected_interval_biased_draws_move_towards_value() -> None:
    """Draws that lie above the value, as those of 11-point precision do, give lower ends."""
    drawn = np.random.default_rng(0).normal(0.52, 0.02, 20_000)
    interval = corrected_interval(0.5, drawn, np.array([0.49, 0.5, 0.51]))
    plain = np.quantile(drawn, [0.025, 0.975])
    assert interval.low < plain[0] - 0.015
    assert interval.high < plain[1] - 0.015


def test_corrected_interval_equal_draws_have_no_width() -> None:
    interval = corrected_interval(1.0, np.ones(50), np.ones(12))
    assert (interval.low, interval.high) == (1.0, 1.0)


def test_bootstrap_simulated_matches_cover_known_truth() -> None:
    """Of 40 intervals of 90 % on 15 matches each, 30 or more hold the score of 400 matches."""
    predictions, labels = make_sets(400, 30_000, rare=False)
    classes = ActionClasses(("a", "b"))
    truth = score_assignment(assign_predictions(predictions, labels, classes, tolerances_s=[20.0]))
    rng, held = np.random.default_rng(1), 0
    for seed in range(40):
        chosen = rng.choice(400, 15, replace=False)
        sample = assign_predictions(
            [predictions[k] for k in chosen],
            [labels[k] for k in chosen],
            classes,
            tolerances_s=[20.0],
        )
        interval = bootstrap(sample, resamples=100, level=0.9, seed=seed).average_map
        held += interval.low <= truth.average_map <= interval.high
    assert held >= 30


def test_share_in_order_ties_count_as_any_order() -> None:
    assert _share_in_order(np.array([[1.0, 1.0], [1.0, 1.0]])) == 0.5
    assert _share_in_order(np.array([[1.0], [1.0], [1.0]])) == pytest.approx(1 / 6)
    assert _share_in_order(np.array([[2.0], [1.0], [1.0]])) == 0.5
    assert _share_in_order(np.array([[2.0, 1.0], [1.0, 2.0]])) == 0.5
    weights = _leave_one_out(3)
    assert weights.tolist() == [[0, 1, 1], [1, 0, 1], [1, 1, 0]]


@pytest.mark.parametrize("matches", [1, 2])
def test_compare_systems_few_matches_claim_nothing(matches: int) -> None:
    good, labels = make_sets(matches, 5_000)
    bad, _ = make_sets(matches, 60_000, seed=1)
    result = compare_systems(
        {"bad": assignment_of(bad, labels), "good": assignment_of(good, labels)}, resamples=50
    )
    assert result.order == ("good", "bad")
    assert not result.scores["good"].known
    assert not result.differences["good", "bad"].known
    document = json.loads(json.dumps(result.to_json(), allow_nan=False))
    assert document["order_probability"] is None
    assert document["pairs"][0]["probability"] is None


def test_compare_systems_identical_systems_agree_on_half() -> None:
    good, labels = make_sets(12, 20_000)
    systems = {name: assignment_of(good, labels) for name in ("one", "two")}
    result = compare_systems(systems, resamples=50)
    assert result.probability["one", "two"] == result.order_probability == 0.5


def test_compare_systems_tie_and_clear_lead_get_their_probabilities() -> None:
    good, labels = make_sets(20, 5_000)
    bad, _ = make_sets(20, 60_000, seed=1)
    systems = {
        "bad": assignment_of(bad, labels),
        "good": assignment_of(good, labels),
        "same": assignment_of(good, labels),
    }
    result = compare_systems(systems, resamples=100)
    assert result.order == ("good", "same", "bad")
    assert result.probability["good", "bad"] == 1
    assert result.probability["good", "same"] == 0.5
    assert result.differences["good", "same"].value == result.differences["good", "same"].high == 0
    assert result.differences["good", "bad"].low > 0
    assert result.order_probability == 0.5  # the two equal ones could stand either way
    two = compare_systems({name: systems[name] for name in ("bad", "good")}, resamples=100)
    assert two.order_probability == 1
    assert two.to_json()["pairs"][0]["better"] == "good"


def test_compare_systems_constant_lead_excludes_zero() -> None:
    """The intervals of the scores overlap, that of the difference does not hold 0."""
    good, labels = make_sets(20, 20_000)
    worse = [
        MatchActions(m.match, (*m.actions, Action("a", 1, 2_600_000, 1.0))) for m in good
    ]  # one false spot each
    result = compare_systems(
        {"good": assignment_of(good, labels), "worse": assignment_of(worse, labels)}, resamples=200
    )
    assert result.scores["good"].low < result.scores["worse"].high
    assert result.differences["good", "worse"].low > 0


def test_compare_systems_other_labels_are_refused() -> None:
    predictions, labels = make_sets(4, 5_000)
    fewer = [MatchActions(labels[0].match, labels[0].actions[1:]), *labels[1:]]
    with pytest.raises(InputError, match="'other' was assigned with other labels"):
        compare_systems(
            {"one": assignment_of(predictions, labels), "other": assignment_of(predictions, fewer)}
        )
    with pytest.raises(InputError, match="at least two"):
        compare_systems({"one": assignment_of(predictions, labels)})
