"""Team-mAP against the official package's average precision by class and team."""

import random
import warnings
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from spotkick.actions import Action, ActionClasses, MatchActions, Visibility
from spotkick.errors import SpotkickWarning
from spotkick.evaluation.team_map import evaluate_teams
from spotkick.formats.results import results_document
from spotkick.formats.soccernet import label_document

CLASSES = ActionClasses(("PASS", "DRIVE", "SHOT"), name="three")


def random_sets(seed: int) -> tuple[list[MatchActions], list[MatchActions]]:
    rng = random.Random(seed)
    labels, predictions = [], []
    for match in ("a/b/c", "a/b/d"):
        truths = [
            Action(
                rng.choice(["PASS", "PASS", "DRIVE", "SHOT"]),
                1,
                rng.randrange(90_000),
                team=rng.choice(["left", "right", "left"]),
            )
            for _ in range(40)
        ]
        found = [
            Action(
                t.label,
                1,
                max(0, t.position_ms + rng.randrange(-700, 700)),
                rng.random(),
                team=rng.choice([t.team, t.team, "left"]),
            )
            for t in truths
            if rng.random() < 0.9
        ]
        labels.append(MatchActions(match, tuple(truths)))
        predictions.append(MatchActions(match, tuple(found)))
    return predictions, labels


def with_team(match: MatchActions) -> MatchActions:
    return MatchActions(
        match.match,
        tuple(action.with_label(f"{action.label}-{action.team}") for action in match.actions),
    )


@pytest.mark.parametrize("metric", ["at1", "tight"])
def test_evaluate_teams_random_sets_equals_weighted_official_values(
    metric: str, official_scores: Callable[..., dict[str, Any]]
) -> None:
    predictions, labels = random_sets(1)
    names = [f"{name}-{team}" for name in CLASSES.names for team in ("left", "right")]
    expected = official_scores(
        {match.match: results_document(with_team(match)) for match in predictions},
        {match.match: label_document(with_team(match)) for match in labels},
        {name: index for index, name in enumerate(names)},
        metric=metric,
        framerate=5,
        version=2,
    )
    truths = [with_team(match).actions for match in labels]
    cells = [
        {(a.label, a.position_ms * 5 // 1000) for a in actions} for actions in truths
    ]  # one label a frame
    counts = np.array(
        [sum(name == label for match in cells for label, _ in match) for name in names], dtype=float
    )
    weighted = (np.array(expected["a_mAP_per_class"]) * counts).reshape(3, 2).sum(
        axis=1
    ) / counts.reshape(3, 2).sum(axis=1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SpotkickWarning)
        result = evaluate_teams(predictions, labels, CLASSES, metric=metric, frame_rate=5)
    assert list(result.per_class.values()) == pytest.approx(weighted, abs=1e-12)
    assert result.average_map == pytest.approx(weighted.mean(), abs=1e-12)
    assert result.average_map > 0.1


def test_evaluate_teams_wrong_team_is_miss() -> None:
    truth = [
        MatchActions(
            "m", (Action("PASS", 1, 1000, team="left"), Action("PASS", 1, 9000, team="right"))
        )
    ]
    found = [
        MatchActions(
            "m",
            (
                Action("PASS", 1, 1000, 0.9, team="right"),
                Action("PASS", 1, 9000, 0.9, team="right"),
            ),
        )
    ]
    result = evaluate_teams(found, truth, ActionClasses(("PASS",)))
    assert result.average_map == pytest.approx(0.25)  # left: 0; right: precision 1/2 at recall 1


def test_evaluate_teams_missing_team_and_class_warn() -> None:
    truth = [MatchActions("m", (Action("PASS", 1, 1000, team="left"), Action("DRIVE", 1, 1000)))]
    found = [MatchActions("m", (Action("PASS", 1, 1000, 0.9, team="left"),))]
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        result = evaluate_teams(found, truth, CLASSES)
    messages = [str(warning.message) for warning in caught]
    assert "1 actions without a team (left, right) were left out" in messages
    assert "2 of 3 classes have no label here and are left out of the mean" in messages
    assert result.average_map == 1
    assert dict(result.per_class) == {"PASS": 1}


def test_evaluate_teams_unshown_labels_weigh_minus_one_and_warn() -> None:
    """Both visible passes are found, the hidden one is not: (2 * 1 - 1 * 0) / (2 - 1)."""
    hidden = Action("PASS", 1, 50_000, team="right", visibility=Visibility.NOT_SHOWN)
    truth = [
        MatchActions(
            "m",
            (Action("PASS", 1, 1000, team="left"), Action("PASS", 1, 9000, team="left"), hidden),
        )
    ]
    found = [
        MatchActions("m", tuple(Action("PASS", 1, ms, 0.9, team="left") for ms in (1000, 9000)))
    ]
    with pytest.warns(
        SpotkickWarning, match="1 labels are not shown; the official weights count them as -1"
    ):
        assert evaluate_teams(found, truth, ActionClasses(("PASS",))).average_map == 2


@pytest.mark.parametrize("pairs", [1, 2])
def test_evaluate_teams_as_many_unshown_as_shown_labels_is_left_out(pairs: int) -> None:
    """The official weights add up to 0: no infinity and no warning of numpy."""
    actions = [Action("DRIVE", 1, 500_000, team="left")]
    for number in range(pairs):
        actions.append(Action("PASS", 1, 1000 + 20_000 * number, team="left"))
        actions.append(
            Action("PASS", 2, 1000 + 20_000 * number, team="left", visibility=Visibility.NOT_SHOWN)
        )
    truth = [MatchActions("m", tuple(actions))]
    found = [MatchActions("m", tuple(replace(a, confidence=0.9) for a in actions))]
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        result = evaluate_teams(found, truth, CLASSES)
    assert result.average_map == 1
    assert dict(result.per_class) == {"DRIVE": 1}
    assert all(warning.category is SpotkickWarning for warning in caught)
    assert any("as many shown as unshown" in str(warning.message) for warning in caught)
