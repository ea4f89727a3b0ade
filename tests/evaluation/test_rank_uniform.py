"""The companion score knows the ranking only."""

import random
import warnings

import pytest

from spotkick.actions import Action, ActionClasses, MatchActions
from spotkick.errors import SpotkickWarning
from spotkick.evaluation import evaluate
from spotkick.evaluation.rank_uniform import evaluate_rank_uniform, rank_uniform

CLASSES = ActionClasses(("a", "b"), aliases={"A": "a"})


def test_even_ranks_by_class_over_matches() -> None:
    sets = [
        MatchActions(
            "m",
            (
                Action("a", 1, 0, 0.9),
                Action("b", 1, 0, 0.3),
                Action("A", 1, 0, 0.2),
                Action("other", 1, 0, 0.7),
            ),
        ),
        MatchActions(
            "n", (Action("a", 1, 0, 0.2), Action("a", 1, 0, -1.0), Action("a", 1, 0, 0.95))
        ),
    ]
    result = rank_uniform(sets, CLASSES)
    assert [action.confidence for action in result[0].actions] == [0.625, 0.5, 0.25, 0.7]
    assert [action.confidence for action in result[1].actions] == [0.25, -1.0, 0.875]


def score_of(predictions: list[MatchActions], labels: list[MatchActions]) -> float:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SpotkickWarning)
        return evaluate(predictions, labels, CLASSES).average_map


@pytest.mark.parametrize("power", [0.1, 4.0])
def test_score_does_not_depend_on_the_scale(power: float) -> None:
    rng = random.Random(1)
    truth = [Action(rng.choice("ab"), 1, rng.randrange(2_000_000)) for _ in range(60)]
    found = [
        Action(t.label, 1, max(0, t.position_ms + rng.randrange(-30_000, 30_000)), rng.random())
        for t in truth
    ]
    scaled = [Action(a.label, 1, a.position_ms, 0.01 * (a.confidence or 0) ** power) for a in found]
    labels = [MatchActions("m", tuple(truth))]
    first, second = [MatchActions("m", tuple(found))], [MatchActions("m", tuple(scaled))]
    assert score_of(first, labels) != score_of(second, labels)
    even = evaluate_rank_uniform(first, labels, CLASSES)
    assert even.average_map == evaluate_rank_uniform(second, labels, CLASSES).average_map
    assert even.metric == "loose, rank-uniform"
