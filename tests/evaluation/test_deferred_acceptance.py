"""Matching and the nearest label against the official loops, written out again here."""

from fractions import Fraction

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spotkick.actions import ActionClasses
from spotkick.evaluation import deferred_acceptance
from spotkick.evaluation.deferred_acceptance import (
    assign_to_labels,
    assigned_proposers,
    closest_labels,
)
from spotkick.evaluation.frames import FramedActions, FrameGrid

FRAMES = 60
CLASSES = ActionClasses(("a", "b"))
GRID = FrameGrid(
    ("m", "n"), CLASSES, Fraction(1, 120)
)  # 60 frames, 2 matches x 2 periods x 2 classes

cells = st.tuples(st.integers(0, 7), st.integers(0, FRAMES - 1))
labels_of = st.dictionaries(cells, st.sampled_from([1.0, -1.0]), max_size=30)
predictions_of = st.dictionaries(cells, st.sampled_from([0.0, 0.25, 0.5, 0.75, 1.0]), max_size=60)


def framed(cells_and_values: dict[tuple[int, int], float]) -> FramedActions:
    ordered = sorted(cells_and_values.items())
    group = np.array([cell[0] for cell, _ in ordered], dtype=np.int64)
    frame = np.array([cell[1] for cell, _ in ordered], dtype=np.int64)
    return FramedActions(
        GRID,
        group,
        frame,
        np.array([value for _, value in ordered], dtype=np.float64),
        np.arange(len(ordered)),
    )


def official_matching(
    labels: FramedActions, predictions: FramedActions, delta: float
) -> npt.NDArray[np.int64]:
    result = np.full(len(predictions), -1)
    for number, (group, frame) in enumerate(zip(labels.group, labels.frame, strict=True)):
        best, chosen = -1.0, None
        for candidate in range(len(predictions)):
            near = (
                predictions.group[candidate] == group
                and abs(predictions.frame[candidate] - frame) <= delta / 2
            )
            if near and result[candidate] < 0 and predictions.value[candidate] > best:
                best, chosen = predictions.value[candidate], candidate
        if chosen is not None:
            result[chosen] = number
    return result


def official_closest(labels: FramedActions, predictions: FramedActions) -> npt.NDArray[np.int64]:
    result = np.full(len(predictions), -1)
    for series in range(8):
        numbers = np.flatnonzero(labels.group == series)
        if not len(numbers):
            continue
        indexes = labels.frame[numbers].tolist()
        indexes = [-indexes[0], *indexes, 2 * FRAMES]
        region = np.full(FRAMES, -1)
        for i in range(1, len(indexes) - 1):
            start = max(0, (indexes[i - 1] + indexes[i]) // 2)
            stop = min(FRAMES, (indexes[i] + indexes[i + 1]) // 2)
            region[start:stop] = numbers[i - 1]
        mine = predictions.group == series
        result[mine] = region[predictions.frame[mine]]
    return result


@settings(deadline=None, max_examples=50)
@given(
    labels_of,
    predictions_of,
    st.lists(st.sampled_from([0.5, 1, 2, 3, 7, 11, 40, 300]), min_size=1, max_size=4),
)
def test_assign_to_labels_random_sets_equals_official_loops(
    labels: dict[tuple[int, int], float],
    predictions: dict[tuple[int, int], float],
    tolerances: list[float],
) -> None:
    truth, found = framed(labels), framed(predictions)
    result = assign_to_labels(truth, found, tolerances)
    assert result.shape == (len(tolerances), len(found))
    for row, tolerance in zip(result, tolerances, strict=True):
        np.testing.assert_array_equal(row, official_matching(truth, found, tolerance))


@settings(deadline=None, max_examples=50)
@given(labels_of, predictions_of)
def test_closest_labels_random_sets_equals_official_loops(
    labels: dict[tuple[int, int], float], predictions: dict[tuple[int, int], float]
) -> None:
    truth, found = framed(labels), framed(predictions)
    np.testing.assert_array_equal(closest_labels(truth, found), official_closest(truth, found))


def test_assign_to_labels_shared_prediction_goes_to_first_label() -> None:
    truth = framed({(0, 10): 1.0, (0, 14): 1.0})
    found = framed({(0, 9): 0.4, (0, 12): 0.9, (0, 16): 0.1})
    assert assign_to_labels(truth, found, [6.0]).tolist() == [[-1, 0, 1]]


def test_assign_to_labels_bounded_parts_equals_one_part(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(2)
    truth = framed(
        {
            (int(g), int(f)): 1.0
            for g, f in zip(rng.integers(0, 8, 150), rng.integers(0, FRAMES, 150), strict=True)
        }
    )
    found = framed(
        {
            (int(g), int(f)): float(v)
            for g, f, v in zip(
                rng.integers(0, 8, 200), rng.integers(0, FRAMES, 200), rng.random(200), strict=True
            )
        }
    )
    whole = assign_to_labels(truth, found, [4.0, 20.0])
    for limit in (1, 50, 400):
        monkeypatch.setattr(deferred_acceptance, "_PAIRS_AT_ONCE", limit)
        np.testing.assert_array_equal(assign_to_labels(truth, found, [4.0, 20.0]), whole)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.lists(st.integers(0, 4), unique=True), min_size=1, max_size=8))
def test_assigned_proposers_equals_choosing_one_after_the_other(wishes: list[list[int]]) -> None:
    free: set[int | None] = set(range(5))
    expected = []
    for wanted in wishes:
        choice = next((receiver for receiver in wanted if receiver in free), None)
        free.discard(choice)
        expected.append(choice is not None)

    proposer = np.repeat(np.arange(len(wishes)), [len(wanted) for wanted in wishes])
    receiver = np.array([wish for wanted in wishes for wish in wanted], dtype=np.int64)
    found = assigned_proposers(proposer, receiver, num_proposers=len(wishes), num_receivers=5)
    assert found.tolist() == expected
