"""Suppression at each tolerance against vectors in loops."""

import random
import warnings
from collections.abc import Sequence

import numpy as np
import pytest

from spotkick.actions import Action, ActionClasses, MatchActions
from spotkick.errors import SpotkickWarning
from spotkick.evaluation import assign_predictions, evaluate
from spotkick.evaluation.per_tolerance import suppress_framed

CLASSES = ActionClasses(("a", "b"), name="two")
FRAME_MS = 500
SOME_TOLERANCES_S = (5.0, 10.0, 15.0, 20.0)


def random_matches(seed: int) -> tuple[list[MatchActions], list[MatchActions]]:
    """Unsuppressed predictions, many on neighbouring frames, with ties and zeros; labels."""
    rng = random.Random(seed)
    labels, predictions = [], []
    for number in range(3):
        truth = [
            Action(rng.choice("ab"), rng.choice((1, 2)), FRAME_MS * rng.randrange(600))
            for _ in range(15)
        ]
        found = [
            Action(
                t.label,
                t.period,
                max(0, t.position_ms + FRAME_MS * rng.randrange(-20, 20)),
                rng.choice([rng.random(), 0.5, 0.0]),
            )
            for t in truth
            for _ in range(8)
        ]
        labels.append(MatchActions(f"m{number}", tuple(truth)))
        predictions.append(MatchActions(f"m{number}", tuple(found)))
    return predictions, labels


def suppress_slowly(match: MatchActions, width_s: float) -> MatchActions:
    """The authors' loop: the greatest value stays, the others in its window are erased."""
    width = round(1000 * width_s / FRAME_MS)
    kept = []
    for label in "ab":
        for period in (1, 2):
            values = np.full(800, -1.0)
            for action in match.actions:
                if (action.label, action.period) == (label, period):
                    values[action.position_ms // FRAME_MS] = action.confidence or 0
            while values.max() >= 0:
                best = int(values.argmax())
                kept.append(Action(label, period, FRAME_MS * best, float(values[best])))
                values[max(0, best - width // 2) : best + width // 2] = -1
                values[best] = -1
    return MatchActions(match.match, tuple(kept))


def evaluate_quietly(
    predictions: Sequence[MatchActions], labels: Sequence[MatchActions], **options: object
) -> dict[float, float]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SpotkickWarning)
        return dict(evaluate(predictions, labels, CLASSES, **options).overall.map_at)  # type: ignore[arg-type]


@pytest.mark.parametrize("seed", range(6))
def test_evaluate_nms_per_tolerance_equals_loop_at_each_tolerance(seed: int) -> None:
    predictions, labels = random_matches(seed)
    found = evaluate_quietly(predictions, labels, metric=SOME_TOLERANCES_S, nms="per-tolerance")
    for width_s in SOME_TOLERANCES_S:
        suppressed = [suppress_slowly(match, width_s) for match in predictions]
        alone = evaluate_quietly(suppressed, labels, metric=[width_s])
        assert found[width_s] == pytest.approx(alone[width_s], abs=1e-12)
    assert found != evaluate_quietly(predictions, labels, metric=SOME_TOLERANCES_S)


@pytest.mark.filterwarnings("ignore::spotkick.errors.SpotkickWarning")
def test_evaluate_nms_per_tolerance_averages_and_counts_all_predictions() -> None:
    predictions, labels = random_matches(0)
    score = evaluate(predictions, labels, CLASSES, metric=SOME_TOLERANCES_S, nms="per-tolerance")
    values = list(score.overall.map_at.values())
    assert score.average_map == pytest.approx(np.trapezoid(values) / 3)
    plain = evaluate(predictions, labels, CLASSES, metric=SOME_TOLERANCES_S)
    assert score.num_predictions == plain.num_predictions
    assert score.warnings == plain.warnings


def test_suppress_framed_confidence_of_zero_is_kept_when_alone() -> None:
    found = [MatchActions("m", (Action("a", 1, 0, 0.0), Action("b", 1, 500, 0.3)))]
    labels = [MatchActions("m", (Action("a", 1, 0), Action("b", 1, 0)))]
    framed = assign_predictions(found, labels, CLASSES).predictions
    assert len(suppress_framed(framed, 40)) == 2  # other classes do not silence each other
    assert len(suppress_framed(framed.take(np.zeros(2, dtype=bool)), 40)) == 0


@pytest.mark.filterwarnings("ignore::spotkick.errors.SpotkickWarning")
def test_suppress_framed_window_is_half_open() -> None:
    frames = (90, 100, 110)
    found = [
        MatchActions(
            "m", tuple(Action("a", 1, FRAME_MS * f, 0.9 if f == 100 else 0.5) for f in frames)
        )
    ]
    labels = [MatchActions("m", (Action("a", 1, 0),))]
    framed = assign_predictions(found, labels, CLASSES).predictions
    assert suppress_framed(framed, 20.0).frame.tolist() == [100, 110]
    assert suppress_framed(framed, 22.0).frame.tolist() == [100]
