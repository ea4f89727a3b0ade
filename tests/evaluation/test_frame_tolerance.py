"""mAP at frame tolerances against a slow transcription of E2E-Spot's definition."""

import random
from fractions import Fraction

import numpy as np
import pytest

from spotkick.actions import Action, ActionClasses, MatchActions
from spotkick.errors import InputError, SpotkickWarning
from spotkick.evaluation.frame_tolerance import evaluate_frames
from spotkick.timeline import position_of_frame

RATE = Fraction(25)


def slow_average_precision(
    predictions: list[tuple[str, int, float]], labels: dict[str, list[int]], tolerance: int
) -> float:
    """One class: (video, frame, score) predictions against frames by video."""
    recalled: set[tuple[str, int]] = set()
    precisions = []
    for number, (video, frame, _) in enumerate(
        sorted(predictions, key=lambda row: row[2], reverse=True), start=1
    ):
        free = [other for other in labels.get(video, []) if (video, other) not in recalled]
        nearest = min(free, key=lambda other: abs(other - frame), default=None)
        if nearest is not None and abs(nearest - frame) <= tolerance:
            recalled.add((video, nearest))
            precisions.append(len(recalled) / number)
    envelope = [max(precisions[i:]) for i in range(len(precisions))]
    return sum(envelope) / sum(len(frames) for frames in labels.values())


@pytest.mark.parametrize("seed", range(25))
def test_evaluate_frames_random_sets_equals_slow_definition(seed: int) -> None:
    rng = random.Random(seed)
    labels, predictions = [], []
    for match in ("m", "n"):
        frames = [
            (rng.choice("ab"), rng.choice([1, 2]), rng.randrange(60))
            for _ in range(rng.choice([1, 12]))
        ]
        frames += frames[:1] * rng.choice([0, 1])  # two labels on one frame
        found = [
            (
                rng.choice([label, "a"]),
                period,
                max(0, frame + rng.randrange(-5, 6)),
                rng.choice([rng.random(), 0.5]),
            )
            for label, period, frame in frames
            for _ in range(rng.choice([0, 1, 3]))
        ]
        labels.append(
            MatchActions(
                match, tuple(Action(c, p, position_of_frame(f, RATE)) for c, p, f in frames)
            )
        )
        predictions.append(
            MatchActions(
                match, tuple(Action(c, p, position_of_frame(f, RATE), s) for c, p, f, s in found)
            )
        )
    labels.append(MatchActions("o", (Action("a", 1, 0), Action("b", 1, 0))))
    predictions.append(MatchActions("o", ()))
    tolerances = (0, 1, 2, 4)
    result = evaluate_frames(predictions, labels, frame_rate=RATE, tolerances_frames=tolerances)
    expected = []
    for name in "ab":
        truth: dict[str, list[int]] = {}
        for match in labels:
            for action in match.actions:
                if action.label == name:
                    truth.setdefault(f"{match.match}/{action.period}", []).append(
                        action.position_ms * 25 // 1000
                    )
        rows = [
            (
                f"{match.match}/{action.period}",
                action.position_ms * 25 // 1000,
                action.confidence or 0.0,
            )
            for match in predictions
            for action in match.actions
            if action.label == name
        ]
        expected.append(
            [slow_average_precision(rows, truth, tolerance) for tolerance in tolerances]
        )
    table = np.array(expected)
    assert list(result.per_class.values()) == pytest.approx(table.mean(axis=1), abs=1e-12)
    assert list(result.map_at.values()) == pytest.approx(table.mean(axis=0), abs=1e-12)
    assert result.average_map == pytest.approx(table.mean(), abs=1e-12)


def one(*actions: Action) -> list[MatchActions]:
    return [MatchActions("m", actions)]


def test_evaluate_frames_tolerance_is_one_sided_and_inclusive() -> None:
    truth = one(Action("a", 1, 400))
    found = one(Action("a", 1, 480, 0.9))  # two frames of 40 ms later
    result = evaluate_frames(found, truth, frame_rate=RATE)
    assert list(result.map_at.items()) == [(0, 0), (1, 0), (2, 1), (4, 1)]


def test_evaluate_frames_two_labels_on_one_frame_are_found_once() -> None:
    truth = one(Action("a", 1, 400), Action("a", 1, 410))
    found = one(Action("a", 1, 400, 0.9), Action("a", 1, 400, 0.8))
    assert evaluate_frames(found, truth, frame_rate=RATE).average_map == 0.5


def test_evaluate_frames_aliases_group_labels() -> None:
    classes = ActionClasses(("card",), aliases={"y-card": "card"})
    result = evaluate_frames(
        one(Action("card", 1, 0, 1.0)),
        one(Action("y-card", 1, 0)),
        frame_rate=RATE,
        classes=classes,
    )
    assert dict(result.per_class) == {"card": 1}


def test_evaluate_frames_bad_input_is_refused() -> None:
    truth = one(Action("a", 1, 0))
    with pytest.raises(InputError, match="'m' is in one of them only"):
        evaluate_frames([], truth, frame_rate=RATE)
    with pytest.raises(InputError, match="no labels"):
        evaluate_frames(one(), one(), frame_rate=RATE)
    with pytest.raises(InputError, match="no confidence"):
        evaluate_frames(truth, truth, frame_rate=RATE)
    with pytest.warns(SpotkickWarning, match="1 classes without labels"):
        evaluate_frames(one(Action("b", 1, 0, 1.0)), truth, frame_rate=RATE)
