"""The metric of 2018 against a slow transcription."""

import random

import numpy as np
import pytest

from spotkick.actions import Action, ActionClasses, MatchActions
from spotkick.errors import InputError
from spotkick.evaluation.original_metric import evaluate_original

CLASSES = ActionClasses(("goal", "card"))


def slow_average_precision(
    predictions: list[tuple[str, float, float]], labels: list[tuple[str, float]], width: float
) -> float:
    """One class: (video, second, score) against (video, second)."""
    order = np.argsort([row[2] for row in predictions], kind="stable")[::-1]
    taken: set[int] = set()
    hits = []
    for index in order:
        video, second, _ = predictions[index]
        own = [number for number, row in enumerate(labels) if row[0] == video]
        overlaps = []
        for number in own:
            start, end = labels[number][1] - width / 2, labels[number][1] + width / 2
            shared = max(0.0, min(end, second + 1) - max(start, second))
            overlaps.append(shared / (1 + width - shared))
        choices = [own[c] for c in np.argsort(overlaps, kind="stable")[::-1] if overlaps[c] > 0]
        free = next((number for number in choices if number not in taken), None)
        hits.append(free is not None)
        if free is not None:
            taken.add(free)
    found = np.cumsum(hits)
    area, before = 0.0, 0.0
    for number in range(len(hits)):
        recall = found[number] / len(labels)
        if recall > before:
            area += (recall - before) * max(found[j] / (j + 1) for j in range(number, len(hits)))
            before = recall
    return area


@pytest.mark.parametrize("seed", range(15))
def test_evaluate_original_random_sets_equals_slow_definition(seed: int) -> None:
    rng = random.Random(seed)
    labels, predictions = [], []
    for match in ("m", "n"):
        truths = [
            (rng.choice(CLASSES.names), rng.choice([1, 2]), rng.randrange(200)) for _ in range(8)
        ]
        found = [
            (label, half, max(0, second + rng.randrange(-25, 25)), rng.choice([rng.random(), 0.5]))
            for label, half, second in truths
            for _ in range(rng.choice([0, 1, 2]))
        ]
        labels.append(MatchActions(match, tuple(Action(c, h, 1000 * s) for c, h, s in truths)))
        predictions.append(
            MatchActions(match, tuple(Action(c, h, 1000 * s, p) for c, h, s, p in found))
        )
    labels.append(MatchActions("o", (Action("goal", 1, 0), Action("card", 2, 0))))
    predictions.append(MatchActions("o", ()))
    widths = (5.0, 20.0, 60.0)
    table = np.array(
        [
            [
                slow_average_precision(
                    [
                        (f"{m.match}{a.period}", a.position_s, a.confidence or 0)
                        for m in predictions
                        for a in m.actions
                        if a.label == name
                    ],
                    [
                        (f"{m.match}{a.period}", a.position_s)
                        for m in labels
                        for a in m.actions
                        if a.label == name
                    ],
                    width,
                )
                for name in CLASSES.names
            ]
            for width in widths
        ]
    )
    result = evaluate_original(predictions, labels, CLASSES, tolerances_s=widths)
    means = table.mean(axis=1)
    assert list(result.map_at.values()) == pytest.approx(means, abs=1e-12)
    assert result.average_map == pytest.approx(
        ((means[0] + means[1]) / 2 + (means[1] + means[2]) / 2) / 2, abs=1e-12
    )


def test_evaluate_original_touching_segments_are_no_hit() -> None:
    truth = [MatchActions("m", (Action("goal", 1, 100_000),))]
    for second, hit in ((94, 0), (95, 1), (104, 1), (105, 0)):
        found = [MatchActions("m", (Action("goal", 1, 1000 * second, 0.5),))]
        assert evaluate_original(found, truth, CLASSES, tolerances_s=[10.0]).average_map == hit, (
            second
        )


def test_evaluate_original_bad_input_is_refused() -> None:
    truth = [MatchActions("m", (Action("goal", 1, 0),))]
    with pytest.raises(InputError, match="no labels"):
        evaluate_original(truth, [MatchActions("m", ())], CLASSES)
    with pytest.raises(InputError, match="no confidence"):
        evaluate_original(truth, truth, CLASSES)
