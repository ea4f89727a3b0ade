from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from spotkick.actions import Action, ActionClasses, MatchActions
from spotkick.doctor.alignment import check_alignment
from spotkick.doctor.findings import Finding
from spotkick.doctor.pairing import Pairing
from spotkick.tasks import Task

TASK = Task(ActionClasses(("Corner kick", "Goal", "Foul")), periods=(1, 2))
HALF_MS = 45 * 60_000
Change = Callable[[Action], Action]


def make_labels(matches: int, per_half: int = 30) -> tuple[MatchActions, ...]:
    random = np.random.default_rng(matches)
    return tuple(
        MatchActions(
            f"match {number}",
            tuple(
                Action(
                    str(random.choice(TASK.classes.names)), period, int(random.integers(HALF_MS))
                )
                for period in (1, 2)
                for _ in range(per_half)
            ),
        )
        for number in range(matches)
    )


def make_predictions(labels: tuple[MatchActions, ...]) -> tuple[MatchActions, ...]:
    """Three of four labels within two seconds, and as many false ones of lower confidence."""
    random = np.random.default_rng(7)
    found = []
    for match in labels:
        actions = []
        for label in match.actions:
            near_ms = max(0, label.position_ms + int(random.normal(0, 2000)))
            if random.random() < 0.75:
                actions.append(
                    replace(label, position_ms=near_ms, confidence=random.uniform(0.4, 1))
                )
            false_ms = int(random.integers(HALF_MS))
            actions.append(replace(label, position_ms=false_ms, confidence=random.uniform(0, 0.5)))
        found.append(MatchActions(match.match, tuple(actions)))
    return tuple(found)


LABELS = make_labels(6)
PREDICTIONS = make_predictions(LABELS)


def check(predicted: tuple[MatchActions, ...]) -> list[Finding]:
    return list(check_alignment(Pairing(predicted, LABELS, TASK, "out")))


def change(move: Change, *, only: int | None = None) -> tuple[MatchActions, ...]:
    return tuple(
        MatchActions(match.match, tuple(move(action) for action in match.actions))
        if only in (None, number)
        else match
        for number, match in enumerate(PREDICTIONS)
    )


def scale(factor: float) -> Change:
    return lambda action: replace(action, position_ms=int(action.position_ms * factor))


def add(seconds: float, period: int | None = None) -> Change:
    def move(action: Action) -> Action:
        chosen = period in (None, action.period)
        return replace(action, position_ms=action.position_ms + int(1000 * seconds) * chosen)

    return move


def test_check_alignment_good_predictions_have_no_findings() -> None:
    assert check(PREDICTIONS) == []


@pytest.mark.parametrize(
    ("move", "message", "fix"),
    [
        (add(20), "s late", "subtract "),
        (add(-7.5), "s early", "add 7"),
        (add(33, period=2), "of period 2 are 33", "subtract 33"),
        (add(2700, period=2), "counted from the kick-off", "subtract 2700 s"),
        (scale(1 / 1000), "positions are seconds", "multiply by 1000"),
        (scale(25 / 1000), "frames at 25 per second", "by 40"),
        (scale(2 / 1000), "frames at 2 per second", "by 500"),
        (scale(1000), "microseconds", "1/1000"),
        (scale(25 / 24), "at 24 per second and not at 25", "24/25"),
        (scale(0.5), "at 2 per second and not at 1", "2/1"),
        (lambda a: replace(a, period=3 - a.period), "halves are swapped", "first half 1"),
        (lambda a: replace(a, period=a.period - 1), "counted from 0", "add 1"),
        (lambda a: replace(a, period=1), "numbered as one half", "period 2"),
        (
            lambda a: replace(a, period=1, position_ms=a.position_ms + HALF_MS * (a.period - 1)),
            "counted on in the first",
            "period 2",
        ),
    ],
)
def test_check_alignment_mistake_of_all_times_is_named_with_its_cost(
    move: Change, message: str, fix: str
) -> None:
    (finding,) = check(change(move))
    assert finding.check == "predictions-shifted"
    assert message in finding.message
    assert fix in finding.fix

    # The score as it is, and as it would be.
    before, after = finding.message.rpartition("Average-mAP is ")[2].split(", corrected ")
    assert float(after.removeprefix("up to ")) > float(before) + 10


def test_check_alignment_each_match_with_a_shift_of_its_own() -> None:
    predicted = tuple(
        MatchActions(
            match.match,
            tuple(add(2700 + 61 * number, period=2)(action) for action in match.actions),
        )
        for number, match in enumerate(PREDICTIONS)
    )
    (finding,) = check(predicted)
    assert "each match has a shift of its own" in finding.message
    assert "period 2 by -28" in finding.message


@pytest.mark.parametrize(
    ("move", "message"),
    [
        (add(45), "45."),
        (lambda action: replace(action, period=3 - action.period), "halves are swapped"),
    ],
)
def test_check_alignment_single_match_that_disagrees_is_named(move: Change, message: str) -> None:
    (finding,) = check(change(move, only=3))
    assert (finding.check, finding.where) == ("match-shifted", "match 3")
    assert message in finding.message


@pytest.mark.parametrize(
    "rename",
    [
        lambda label: label.upper(),
        lambda label: label.lower().replace(" ", "_"),
        lambda label: str(TASK.classes.names.index(label)),
    ],
)
def test_check_alignment_class_names_in_another_spelling(rename: Callable[[str], str]) -> None:
    (finding,) = check(change(lambda action: action.with_label(rename(action.label))))
    assert finding.check == "class-names"
    assert "Average-mAP is 0.0, corrected" in finding.message


def test_check_alignment_times_at_random_are_not_explained() -> None:
    random = np.random.default_rng(3)
    move: Change = lambda action: replace(action, position_ms=int(random.integers(HALF_MS)))  # noqa: E731
    assert check(change(move)) == []


@pytest.mark.parametrize("actions", [0, 1, 3])
def test_check_alignment_few_labels_explain_nothing(actions: int) -> None:
    labels = (MatchActions("m", LABELS[0].actions[:actions]),)
    late = tuple(
        replace(a, position_ms=a.position_ms + 90_000, confidence=0.5) for a in labels[0].actions
    )
    assert list(check_alignment(Pairing((MatchActions("m", late),), labels, TASK, "out"))) == []
