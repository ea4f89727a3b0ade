"""The error taxonomy on planted errors, and against its definition written as loops."""

import random

import numpy as np
import pytest

from spotkick.actions import Action, ActionClasses, MatchActions, Visibility
from spotkick.evaluation import AssignmentResult, assign_predictions, score_assignment
from spotkick.evaluation.error_analysis import KINDS, ErrorKind, find_errors
from spotkick.evaluation.error_costs import error_costs

CLASSES = ActionClasses(("goal", "card", "corner"))
LABELS = (
    Action("goal", 1, 100_000, visibility=Visibility.VISIBLE),
    Action("goal", 1, 300_000, visibility=Visibility.VISIBLE),
    Action("card", 1, 500_000, visibility=Visibility.NOT_SHOWN),
    Action("corner", 2, 100_000, visibility=Visibility.VISIBLE),
    Action("corner", 2, 900_000, visibility=Visibility.NOT_SHOWN),
    Action("card", 2, 900_000, visibility=Visibility.VISIBLE),
)
SPOTS = (
    Action("goal", 1, 100_000, 0.9),  # correct
    Action("goal", 1, 101_000, 0.8),  # duplicate
    Action("goal", 1, 290_000, 0.7),  # early
    Action("card", 1, 512_000, 0.6),  # late
    Action("goal", 2, 100_000, 0.5),  # corner, called a goal
    Action("card", 1, 1_500_000, 0.4),  # background
    Action("card", 2, 900_000, 0.3),  # correct
)


def planted(spots: tuple[Action, ...] = SPOTS) -> AssignmentResult:
    return assign_predictions(
        [MatchActions("m", spots)], [MatchActions("m", LABELS)], CLASSES, tolerances_s=(5.0, 60.0)
    )


def total(counts: dict[str, dict[ErrorKind, int]]) -> dict[ErrorKind, int]:
    return {kind: sum(row[kind] for row in counts.values()) for kind in KINDS}


def test_find_errors_planted_errors_are_found() -> None:
    errors = find_errors(planted(), 5.0)
    counts = errors.counts()
    assert total(counts) == dict.fromkeys(KINDS, 1)  # the corner of 900 s is the missed one
    assert (
        counts["goal"][ErrorKind.DUPLICATE]
        == counts["goal"][ErrorKind.EARLY]
        == counts["goal"][ErrorKind.WRONG_CLASS]
        == 1
    )
    assert counts["card"][ErrorKind.LATE] == counts["card"][ErrorKind.BACKGROUND] == 1
    assert counts["corner"][ErrorKind.MISSED] == 1


def test_counts_visible_and_unshown_add_up_to_all() -> None:
    errors = find_errors(planted(), 5.0)
    shown, hidden = total(errors.counts(visible=True)), total(errors.counts(visible=False))
    assert [kind for kind in KINDS if hidden[kind]] == [
        ErrorKind.LATE,
        ErrorKind.BACKGROUND,
        ErrorKind.MISSED,
    ]
    assert {kind: shown[kind] + hidden[kind] for kind in KINDS} == total(errors.counts())


def test_cases_planted_errors_have_their_times() -> None:
    errors = find_errors(planted(), 5.0)
    (wrong,) = errors.cases(ErrorKind.WRONG_CLASS)
    assert wrong.to_json() == {
        "kind": "wrong class", "match": "m", "period": 2, "position_s": 100, "label": "goal",
        "confidence": 0.5,
        "other_label": "corner", "other_position_s": 100,
    }  # fmt: skip
    (early,) = errors.cases(ErrorKind.EARLY)
    assert (early.position_s, early.other_position_s) == (290, 300)
    (missed,) = errors.cases(ErrorKind.MISSED)
    assert (missed.label, missed.period, missed.position_s, missed.confidence) == (
        "corner",
        2,
        900,
        None,
    )
    (background,) = errors.cases(ErrorKind.BACKGROUND)
    assert background.other_label is None


def test_cases_limit_keeps_most_confident() -> None:
    noise = tuple(
        Action("goal", 1, 1_000_000 + 60_000 * number, number / 10) for number in range(5)
    )
    errors = find_errors(planted(noise), 5.0)
    assert [case.confidence for case in errors.cases(ErrorKind.BACKGROUND, limit=3)] == [
        0.4,
        0.3,
        0.2,
    ]


def test_find_errors_thresholds_ignore_weak_spots() -> None:
    errors = find_errors(planted(), 5.0, thresholds={"goal": 0.75, "card": 0.0, "corner": 0.0})
    counts = errors.counts()
    assert counts["goal"] == {
        **dict.fromkeys(KINDS, 0),
        ErrorKind.DUPLICATE: 1,
        ErrorKind.MISSED: 1,
    }
    assert counts["corner"][ErrorKind.MISSED] == 2


def test_error_costs_planted_errors_equal_gain_of_fixing() -> None:
    sets = planted()
    base = score_assignment(sets).average_map
    mended = {
        ErrorKind.EARLY: tuple(
            a if a.position_ms != 290_000 else Action("goal", 1, 300_000, 0.7) for a in SPOTS
        ),
        ErrorKind.LATE: tuple(
            a if a.position_ms != 512_000 else Action("card", 1, 500_000, 0.6) for a in SPOTS
        ),
        ErrorKind.WRONG_CLASS: tuple(
            a if a.confidence != 0.5 else Action("corner", 2, 100_000, 0.5) for a in SPOTS
        ),
        ErrorKind.DUPLICATE: tuple(a for a in SPOTS if a.confidence != 0.8),
        ErrorKind.BACKGROUND: tuple(a for a in SPOTS if a.confidence != 0.4),
    }
    costs = error_costs(sets, 5.0)
    for kind, spots in mended.items():
        assert costs[kind] == pytest.approx(
            score_assignment(planted(spots)).average_map - base, abs=1e-12
        )
        assert costs[kind] > 0
    fewer = assign_predictions(
        [MatchActions("m", SPOTS)],
        [MatchActions("m", LABELS[:4] + LABELS[5:])],
        CLASSES,
        tolerances_s=(5.0, 60.0),
    )
    assert costs[ErrorKind.MISSED] == pytest.approx(
        score_assignment(fewer).average_map - base, abs=1e-12
    )


def test_error_costs_perfect_predictions_are_zero() -> None:
    spots = tuple(Action(a.label, a.period, a.position_ms, 0.9) for a in LABELS)
    errors = find_errors(planted(spots), 5.0)
    assert total(errors.counts()) == dict.fromkeys(KINDS, 0)
    assert all(cost == pytest.approx(0) for cost in error_costs(planted(spots), 5.0).values())


@pytest.mark.parametrize("seed", range(10))
def test_find_errors_random_sets_equals_definition_in_loops(seed: int) -> None:
    rng = random.Random(seed)
    labels = [
        MatchActions(
            name,
            tuple(
                Action(rng.choice(CLASSES.names), rng.choice([1, 2]), 500 * rng.randrange(300))
                for _ in range(12)
            ),
        )
        for name in "mn"
    ]
    spots = [
        MatchActions(
            name,
            tuple(
                Action(
                    rng.choice(CLASSES.names),
                    rng.choice([1, 2]),
                    500 * rng.randrange(300),
                    rng.random(),
                )
                for _ in range(40)
            ),
        )
        for name in "mn"
    ]
    sets = assign_predictions(spots, labels, CLASSES, tolerances_s=(10.0,))
    errors = find_errors(sets, 10.0, near_s=40.0)
    truth, found = sets.labels, sets.predictions
    taken = {int(index) for index in sets.assigned[0] if index >= 0}
    for number in range(len(found)):
        if sets.assigned[0][number] >= 0:
            assert errors.kind[number] == -1
            continue
        same_half = [
            i for i in range(len(truth)) if truth.group[i] // 3 == found.group[number] // 3
        ]
        own = [i for i in same_half if truth.group[i] == found.group[number]]
        away = np.abs(truth.frame - found.frame[number]) / 2
        if any(away[i] <= 5 for i in own):
            expected = ErrorKind.DUPLICATE
        elif any(away[i] <= 20 and i not in taken for i in own):
            nearest = min(
                (i for i in own if i not in taken), key=lambda i: (away[i], truth.frame[i])
            )
            expected = (
                ErrorKind.EARLY if found.frame[number] < truth.frame[nearest] else ErrorKind.LATE
            )
        elif any(away[i] <= 5 for i in same_half):
            expected = ErrorKind.WRONG_CLASS
        else:
            expected = ErrorKind.BACKGROUND
        assert KINDS[errors.kind[number]] is expected
    pointed = {int(index) for index in errors.other if index >= 0}
    assert set(np.flatnonzero(errors.missed)) == set(range(len(truth))) - taken - pointed
