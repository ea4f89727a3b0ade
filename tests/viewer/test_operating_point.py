"""Matching at a threshold against a slow and literal reading of the rule."""

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from spotkick.actions import Action
from spotkick.viewer.operating_point import best_f1, measure


def literal_correct(predictions: list[Action], labels: list[Action], tolerance_ms: int) -> int:
    """Labels in order of time; each takes the most confident free prediction within tolerance."""
    free = sorted(predictions, key=lambda action: action.position_ms)
    correct = 0
    for label in sorted(labels, key=lambda action: action.position_ms):
        near = [
            action
            for action in free
            if (action.label, action.period) == (label.label, label.period)
            and abs(action.position_ms - label.position_ms) <= tolerance_ms
        ]
        if near:
            free.remove(max(near, key=lambda action: action.confidence or 0))
            correct += 1
    return correct


@settings(deadline=None, max_examples=50)
@given(st.integers(0, 10**9))
def test_measure_counts_follow_the_rule(seed: int) -> None:
    chance = random.Random(seed)

    def actions(number: int) -> list[Action]:
        times = chance.sample(range(0, 60_000, 7), number)
        return [
            Action(chance.choice("AB"), chance.choice((1, 2)), time, chance.random())
            for time in times
        ]

    predictions, labels = actions(25), actions(15)
    threshold = chance.random()
    kept = [action for action in predictions if (action.confidence or 0) >= threshold]
    correct = literal_correct(kept, labels, 2000)
    point = measure(predictions, labels, threshold, 2000)
    assert point.recall == correct / 15
    assert point.precision == (correct / len(kept) if kept else 0)
    assert best_f1(predictions, labels, 2000).f1 >= max(
        measure(predictions, labels, step / 20, 2000).f1 for step in range(1, 20)
    )


def test_best_f1_without_spots_is_zero() -> None:
    assert measure([], [], 0.5).f1 == 0
