"""Breakdowns on matches whose parts are known, and against the whole score."""

import json
import math
import random

import pytest

from spotkick.actions import SOCCERNET_V2, Action, ActionClasses, MatchActions
from spotkick.evaluation import assign_predictions, score_assignment
from spotkick.evaluation.breakdowns import (
    by_distance,
    by_game_time,
    distance_to_others,
    without_first_frame,
)

CLASSES = ActionClasses(("a", "b"))
MINUTE = 60_000


def one(*actions: Action) -> list[MatchActions]:
    return [MatchActions("m", actions)]


def test_game_time() -> None:
    labels = one(
        Action("a", 1, 1 * MINUTE),
        Action("a", 1, 6 * MINUTE),
        Action("b", 1, 6 * MINUTE),
        Action("a", 2, 1 * MINUTE),
        Action("a", 2, 47 * MINUTE),
    )
    found = one(
        Action("a", 1, 6 * MINUTE, 0.9),
        Action("a", 2, 47 * MINUTE, 0.9),
        Action("b", 1, 1 * MINUTE, 0.9),
    )
    parts = by_game_time(assign_predictions(found, labels, CLASSES))
    assert len(parts) == 20
    assert [part.name for part in (*parts[:2], parts[9])] == [
        "first half, 0-5 min", "first half, 5-10 min", "first half, from 45 min"
    ]  # fmt: skip
    scores = {(part.period, part.low): part.average_map for part in parts if part.num_labels}
    assert scores == {(1, 0): 0, (1, 5): pytest.approx(0.5), (2, 0): 0, (2, 45): pytest.approx(1)}
    assert all(math.isnan(part.average_map) for part in parts if not part.num_labels)
    assert sum(part.num_labels for part in parts) == 5
    assert sum(part.num_predictions for part in parts) == 3
    assert parts[9].to_json()["high"] is None
    assert json.dumps([part.to_json() for part in parts], allow_nan=False)


def test_one_bin_over_everything_is_the_score_itself() -> None:
    rng = random.Random(0)
    labels = [
        MatchActions(
            "m", tuple(Action(rng.choice("ab"), 1, rng.randrange(2_000_000)) for _ in range(20))
        )
    ]
    found = [
        MatchActions(
            "m",
            tuple(
                Action(
                    a.label, 1, max(0, a.position_ms + rng.randrange(-20_000, 20_000)), rng.random()
                )
                for a in labels[0].actions
            ),
        )
    ]
    sets = assign_predictions(found, labels, CLASSES, periods=(1,))
    whole = score_assignment(sets).average_map
    (part,) = by_distance(sets, edges_s=[0])
    assert part.average_map == pytest.approx(whole, abs=1e-12)
    assert (part.num_labels, part.num_predictions) == (len(sets.labels), len(sets.predictions))
    assert by_game_time(sets, bin_minutes=120, last_minute=120)[0].average_map == pytest.approx(
        whole, abs=1e-12
    )


def test_distance_to_others_of_any_class() -> None:
    labels = [
        MatchActions(
            "m",
            (Action("a", 1, 0), Action("b", 1, 3000), Action("a", 1, 100_000), Action("a", 2, 0)),
        ),
        MatchActions("n", (Action("b", 1, 0), Action("a", 1, 0))),
    ]
    sets = assign_predictions([MatchActions("m", ()), MatchActions("n", ())], labels, CLASSES)
    by_label = dict(
        zip(sets.labels.source.tolist(), distance_to_others(sets).tolist(), strict=True)
    )
    assert by_label == {0: 3, 1: 3, 2: 97, 3: math.inf, 4: 0, 5: 0}


def test_distance_parts() -> None:
    labels = one(
        Action("a", 1, 0), Action("b", 1, 3000), Action("a", 1, 100_000), Action("a", 2, 0)
    )
    found = one(
        Action("a", 1, 99_000, 0.9),
        Action("b", 1, 3000, 0.9),
        Action("b", 2, 0, 0.9),
        Action("a", 2, 600_000, 0.5),
    )
    parts = {part.name: part for part in by_distance(assign_predictions(found, labels, CLASSES))}
    assert next(iter(parts)) == "0-5 s"
    assert parts["0-5 s"].num_labels == 2
    assert parts["0-5 s"].average_map == pytest.approx(0.5)  # b found, a not
    assert parts["60-120 s"].average_map == pytest.approx(1)
    assert parts["from 300 s"].num_labels == 1  # alone in its half
    assert parts["from 300 s"].average_map == 0
    assert (
        sum(part.num_predictions for part in parts.values()) == 3
    )  # b has no label in the second half


def test_substitutions_of_the_break() -> None:
    kept = (Action("Substitution", 1, 0), Action("Substitution", 2, 600), Action("Goal", 2, 0))
    labels = one(Action("Substitution", 2, 0), *kept, Action("Substitution", 2, 499))
    assert without_first_frame(labels, SOCCERNET_V2, "Substitution") == (MatchActions("m", kept),)
