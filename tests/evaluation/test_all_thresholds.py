"""The companion score knows the ranking only, and weak predictions cannot lower it."""

import random
import warnings

import numpy as np
import pytest

from spotkick.actions import Action, ActionClasses, MatchActions
from spotkick.errors import SpotkickWarning
from spotkick.evaluation import evaluate, evaluate_all_thresholds
from spotkick.evaluation.all_thresholds import eleven_points

CLASSES = ActionClasses(("a", "b"), aliases={"A": "a"})


def make_sets(seed: int = 1) -> tuple[list[Action], list[Action]]:
    rng = random.Random(seed)
    truth = [Action(rng.choice("ab"), 1, rng.randrange(2_000_000)) for _ in range(60)]
    found = [
        Action(t.label, 1, max(0, t.position_ms + rng.randrange(-30_000, 30_000)), rng.random())
        for t in truth
    ]
    return truth, found


def score_all(found: list[Action], truth: list[Action]) -> float:
    predictions, labels = [MatchActions("m", tuple(found))], [MatchActions("m", tuple(truth))]
    return evaluate_all_thresholds(predictions, labels, CLASSES).average_map


def score_official(found: list[Action], truth: list[Action]) -> float:
    predictions, labels = [MatchActions("m", tuple(found))], [MatchActions("m", tuple(truth))]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SpotkickWarning)
        return evaluate(predictions, labels, CLASSES).average_map


@pytest.mark.parametrize("power", [0.1, 0.5, 4.0])
def test_evaluate_all_thresholds_other_scale_gives_same_score(power: float) -> None:
    truth, found = make_sets()
    scaled = [Action(a.label, 1, a.position_ms, 0.01 * (a.confidence or 0) ** power) for a in found]
    assert score_official(found, truth) != score_official(scaled, truth)
    assert score_all(found, truth) == score_all(scaled, truth)


@pytest.mark.parametrize("count", [1, 40, 400])
def test_evaluate_all_thresholds_weaker_predictions_never_lower_score(count: int) -> None:
    truth, found = make_sets()
    raised = [Action(a.label, 1, a.position_ms, 0.5 + (a.confidence or 0) / 2) for a in found]
    rng = random.Random(2)
    weak = [
        Action(rng.choice("ab"), 1, rng.randrange(2_700_000), 0.004 * rng.random())
        for _ in range(count)
    ]
    assert score_all([*raised, *weak], truth) >= score_all(raised, truth)


def test_evaluate_all_thresholds_confidences_between_thresholds_are_told_apart() -> None:
    """Two spots between the same two official thresholds: only the order of them matters here."""
    truth = [Action("a", 1, 100_000), Action("b", 1, 100_000)]
    found = [Action("a", 1, 100_000, 0.5002), Action("a", 1, 900_000, 0.5001)]
    assert score_all(found, truth) == pytest.approx(0.5)  # a is 1, b has no prediction
    assert score_official(found, truth) == pytest.approx(0.25)


@pytest.mark.parametrize("seed", range(10))
def test_eleven_points_random_ranks_equals_definition_in_loops(seed: int) -> None:
    rng = np.random.default_rng(seed)
    value = np.sort(rng.integers(0, 8, 30))[::-1]
    hit, num_labels = rng.random(30) < 0.5, 25
    last = np.append(value[1:] != value[:-1], True)
    curve = []
    for threshold in set(value.tolist()):
        chosen = value >= threshold
        hits = int(hit[chosen].sum())
        curve.append((hits / num_labels, hits / int(chosen.sum())))
    expected = [
        max((precision for recall, precision in curve if recall >= level / 10), default=0)
        for level in range(11)
    ]
    assert eleven_points(hit, last, num_labels) == pytest.approx(np.mean(expected), abs=1e-12)


def test_eleven_points_nothing_found_is_zero() -> None:
    none = np.zeros(0, dtype=bool)
    assert eleven_points(none, none, 3) == 0
    assert eleven_points(np.ones(2, dtype=bool), np.ones(2, dtype=bool), 0) == 0
