"""Systems of known quality on the same labels, for tests of intervals and comparisons."""

import random

from spotkick.actions import Action, ActionClasses, MatchActions
from spotkick.evaluation import AssignmentResult, assign_predictions

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
