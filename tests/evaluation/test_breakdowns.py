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


def test_by_game_time_planted_hits_score_in_their_bins() -> None:
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


def test_by_game_time_single_bin_equals_score() -> None:
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


def test_distance_to_others_neighbours_of_any_class_count() -> None:
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


def test_by_distance_planted_hits_score_in_their_bins() -> None:
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
    assert parts["from 300 s"].num_labels == 1  # alone in its period
    assert parts["from 300 s"].average_map == 0
    assert sum(part.num_predictions for part in parts.values()) == 3  # b has no label in period 2


def test_without_first_frame_labels_at_break_are_left_out() -> None:
    kept = (Action("Substitution", 1, 0), Action("Substitution", 2, 600), Action("Goal", 2, 0))
    labels = one(Action("Substitution", 2, 0), *kept, Action("Substitution", 2, 499))
    assert without_first_frame(labels, SOCCERNET_V2, "Substitution") == (MatchActions("m", kept),)


@pytest.mark.parametrize(
    ("label_ms", "spot_ms", "low"),
    [
        (5 * MINUTE - 1000, 5 * MINUTE + 1000, 0),
        (5 * MINUTE + 1000, 5 * MINUTE - 1000, 5),
        (45 * MINUTE, 45 * MINUTE - 500, 45),
    ],
)
def test_by_game_time_hit_across_edge_counts_in_bin_of_label(
    label_ms: int, spot_ms: int, low: float
) -> None:
    assignment = assign_predictions(
        one(Action("a", 1, spot_ms, 0.9)), one(Action("a", 1, label_ms)), CLASSES
    )
    scores = {part.low: part.average_map for part in by_game_time(assignment) if part.num_labels}
    assert scores == {low: pytest.approx(1)}


def test_by_game_time_spot_beyond_narrow_tolerance_counts_in_its_own_bin() -> None:
    """At 60 s the spot of 5:20 is a hit of 4:59; at 5 s it is a false spot of its own bin."""
    labels = one(Action("a", 1, 299_000), Action("a", 1, 400_000))
    found = one(Action("a", 1, 320_000, 0.9), Action("a", 1, 400_000, 0.5))
    wide, narrow = (
        by_game_time(assign_predictions(found, labels, CLASSES, tolerances_s=[width]))
        for width in (60.0, 5.0)
    )
    assert [part.average_map for part in wide[:2]] == pytest.approx([1, 1])
    assert [part.average_map for part in narrow[:2]] == pytest.approx([0, 0.5])


def test_by_distance_hit_nearer_to_other_label_counts_in_bin_of_its_label() -> None:
    """The only spot lies nearer to the second label, but the first one takes it."""
    labels = one(Action("a", 1, 0), Action("a", 1, 8000), Action("b", 1, 8500))
    assignment = assign_predictions(
        one(Action("a", 1, 5000, 0.9)), labels, ActionClasses(("a",)), tolerances_s=[20.0]
    )
    both = by_distance(assignment, edges_s=(0, 5, 7))
    assert [part.num_labels for part in both] == [0, 0, 2]
    with_b = assign_predictions(
        one(Action("a", 1, 5000, 0.9)), labels, CLASSES, tolerances_s=[20.0]
    )
    parts = by_distance(with_b, edges_s=(0, 5))
    assert [part.num_labels for part in parts] == [2, 1]
    assert parts[1].average_map == pytest.approx(1)  # the label at 0, 8 s from the next
    assert parts[0].average_map == 0
