"""Comparison of systems whose order is known."""

import json

import numpy as np
import pytest

from spotkick.actions import Action, MatchActions
from spotkick.errors import InputError
from spotkick.evaluation.comparison import _share_in_order, compare_systems
from support.planted_systems import assignment_of, make_sets


def test_share_in_order_ties_count_as_any_order() -> None:
    assert _share_in_order(np.array([[1.0, 1.0], [1.0, 1.0]])) == 0.5
    assert _share_in_order(np.array([[1.0], [1.0], [1.0]])) == pytest.approx(1 / 6)
    assert _share_in_order(np.array([[2.0], [1.0], [1.0]])) == 0.5
    assert _share_in_order(np.array([[2.0, 1.0], [1.0, 2.0]])) == 0.5


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
