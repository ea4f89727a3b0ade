"""Bootstrap and comparison against scores of resamples that are really drawn."""

import random
import warnings

import numpy as np
import pytest

from spotkick.actions import Action, ActionClasses, MatchActions
from spotkick.errors import InputError, SpotkickWarning
from spotkick.evaluation import AssignmentResult, assign_predictions, evaluate
from spotkick.evaluation.uncertainty import _draws, _resampled, bootstrap, compare_systems

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


def test_a_resample_scores_as_the_drawn_matches_do() -> None:
    predictions, labels = make_sets(5, 20_000)
    weights = _draws(5, 12, seed=3)
    averages, per_class = _resampled(assignment_of(predictions, labels), weights)
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


def test_each_match_once_gives_the_score_itself() -> None:
    predictions, labels = make_sets(6, 20_000)
    averages, _ = _resampled(assignment_of(predictions, labels), np.ones((1, 6), dtype=np.int64))
    assert averages[0] == pytest.approx(
        bootstrap(assignment_of(predictions, labels), resamples=5).average_map.value, abs=1e-12
    )


def test_interval_holds_the_score_and_narrows_with_more_matches() -> None:
    few, many = (
        bootstrap(assignment_of(*make_sets(matches, 20_000, rare=False)), resamples=200).average_map
        for matches in (5, 60)
    )
    assert few.low < few.value < few.high
    assert many.low < many.value < many.high
    assert many.high - many.low < (few.high - few.low) * 0.6


def test_the_same_seed_gives_the_same_interval() -> None:
    assignment = assignment_of(*make_sets(6, 20_000))
    assert bootstrap(assignment, resamples=50, seed=7) == bootstrap(
        assignment, resamples=50, seed=7
    )
    assert bootstrap(assignment, resamples=50, seed=7) != bootstrap(
        assignment, resamples=50, seed=8
    )


def test_clear_order_is_sure_and_a_tie_is_not() -> None:
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
    assert result.order_probability == 0
    two = compare_systems({name: systems[name] for name in ("bad", "good")}, resamples=100)
    assert two.order_probability == 1
    assert two.to_json()["pairs"][0]["better"] == "good"


def test_paired_differences_are_surer_than_single_scores() -> None:
    """One system is always a little better: the pairs know, although the intervals of the scores overlap."""
    good, labels = make_sets(20, 20_000)
    worse = [
        MatchActions(m.match, (*m.actions, Action("a", 1, 2_600_000, 1.0))) for m in good
    ]  # one false spot each
    result = compare_systems(
        {"good": assignment_of(good, labels), "worse": assignment_of(worse, labels)}, resamples=200
    )
    assert result.scores["good"].low < result.scores["worse"].high
    assert result.differences["good", "worse"].low > 0


def test_comparison_needs_the_same_labels() -> None:
    predictions, labels = make_sets(4, 5_000)
    fewer = [MatchActions(labels[0].match, labels[0].actions[1:]), *labels[1:]]
    with pytest.raises(InputError, match="'other' was assigned with other labels"):
        compare_systems(
            {"one": assignment_of(predictions, labels), "other": assignment_of(predictions, fewer)}
        )
    with pytest.raises(InputError, match="at least two"):
        compare_systems({"one": assignment_of(predictions, labels)})
