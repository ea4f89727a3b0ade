"""Intervals of planted systems, and how often they hold a known truth."""

import json

import numpy as np
import pytest

from spotkick.actions import ActionClasses
from spotkick.evaluation import assign_predictions, score_assignment
from spotkick.evaluation.resampling import MIN_MATCHES
from spotkick.evaluation.uncertainty import bootstrap
from support.planted_systems import assignment_of, make_sets


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
