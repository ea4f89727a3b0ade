"""Peaks and scores of a study."""

from fractions import Fraction

import numpy as np
import pytest
import torch

from spotkick.checkpoint import DecodingConfig
from spotkick.prediction.decoding import find_peaks as find_peaks_of_period
from spotkick.study.data import StudyData
from spotkick.study.peaks import find_peaks, predictions_of, suppress_peaks
from spotkick.study.plan import Recipe
from spotkick.study.prediction import StackScores
from spotkick.study.scoring import rank_peaks, score_network
from spotkick.study.synthetic import SyntheticConfig, make_synthetic

RECIPE = Recipe(peaks=4, suppression="fixed", window_s=30.0)


@pytest.fixture(scope="module")
def data() -> StudyData:
    return make_synthetic("toy", SyntheticConfig(train_matches=1, held_matches=4, period_s=300))


def scores_at(data: StudyData, heights: dict[tuple[int, int, int], float]) -> StackScores:
    """Scores of one network: (held period, frame, class) -> score."""
    lengths = [data.num_frames(p) for p in data.periods(held=True)]
    starts = np.concatenate(([0], np.cumsum(lengths)))
    scores = torch.zeros(1, int(starts[-1]), 2)
    for (period, frame, column), value in heights.items():
        scores[0, starts[period] + frame, column] = value
    return StackScores(scores, scores[:0], starts)


def test_find_peaks_highest_come_first_and_stay_in_their_period(data: StudyData) -> None:
    found = scores_at(data, {(0, 149, 0): 0.3, (1, 0, 0): 0.9, (1, 50, 0): 0.5})
    peaks = find_peaks(found, RECIPE, 0.5)
    assert peaks.confidences[0, 0, 0].tolist() == pytest.approx([0.3, 0, 0, 0])
    assert peaks.positions_ms[0, 1, 0, :2].tolist() == [1000, 101_000]


def test_find_peaks_parabola_recovers_a_planted_vertex(data: StudyData) -> None:
    vertex = 20.3
    heights = {(0, f, 1): 0.9 * np.exp(-0.1 * (f - vertex) ** 2) for f in (19, 20, 21)}
    peaks = find_peaks(scores_at(data, heights), RECIPE, 0.5)
    assert peaks.positions_ms[0, 0, 1, 0] == pytest.approx(2000 * (vertex + 0.5), abs=2)


@pytest.mark.parametrize("displaced", [False, True])
def test_find_peaks_places_are_those_of_prediction(data: StudyData, displaced: bool) -> None:
    generator = torch.Generator().manual_seed(5)
    lengths = [data.num_frames(p) for p in data.periods(held=True)]
    starts = np.concatenate(([0], np.cumsum(lengths)))
    scores = torch.rand(2, int(starts[-1]), 2, generator=generator)
    moves = 2 * torch.rand(1, int(starts[-1]), 2, generator=generator) - 1

    # The second network alone has displacements.
    found = StackScores(scores, moves if displaced else moves[:0], starts, first_displaced=1)
    peaks = find_peaks(found, Recipe(peaks=200), 0.5)
    part = slice(int(starts[1]), int(starts[2]))
    expected = find_peaks_of_period(
        scores[1, part].numpy(),
        moves[0, part].numpy().astype(np.float64) if displaced else None,
        DecodingConfig(refine="parabola"),
        Fraction(1, 2),
    )
    for column in range(2):
        own = expected.classes == column
        order = np.argsort(-expected.confidences[own])
        kept = peaks.confidences[1, 1, column] > 0
        np.testing.assert_allclose(
            peaks.confidences[1, 1, column, kept], expected.confidences[own][order]
        )
        # Prediction clips half a frame later at the end of a period.
        middles_ms = 2000 * (expected.frames[own][order] + 0.5)
        np.testing.assert_allclose(peaks.positions_ms[1, 1, column, kept], middles_ms, atol=1001)
        assert np.mean(np.abs(peaks.positions_ms[1, 1, column, kept] - middles_ms) <= 1) > 0.95


def test_find_peaks_offsets_move_predictions(data: StudyData) -> None:
    found = scores_at(data, {(0, 20, 0): 0.9})
    moves = torch.zeros_like(found.scores)
    moves[0, 20, 0] = -2.5
    found = StackScores(found.scores, moves, found.starts)
    assert find_peaks(found, RECIPE, 0.5).positions_ms[0, 0, 0, 0] == 36_000


def test_suppress_peaks_neighbours_go(data: StudyData) -> None:
    found = scores_at(data, {(0, 20, 0): 0.9, (0, 24, 0): 0.8, (0, 60, 0): 0.7})
    kept = suppress_peaks(find_peaks(found, RECIPE, 0.5), RECIPE)
    assert sorted(kept.confidences[0, 0, 0].tolist(), reverse=True)[:3] == pytest.approx(
        [0.9, 0.7, 0]
    )


def test_rank_peaks_is_the_same_for_any_scale(data: StudyData) -> None:
    heights = {(p, 20 * f, 0): 0.1 + 0.01 * (7 * p + 3 * f) for p in range(4) for f in (1, 2, 3)}
    one = find_peaks(scores_at(data, heights), RECIPE, 0.5)
    two = find_peaks(scores_at(data, {k: v**4 for k, v in heights.items()}), RECIPE, 0.5)
    ranked = rank_peaks(one, data)
    np.testing.assert_array_equal(ranked.confidences, rank_peaks(two, data).confidences)

    # Each half has a first rank of its own.
    first = data.halves()[0]
    rows = np.flatnonzero(np.isin(data.period_match[data.periods(held=True)], first))
    best = one.confidences[0, rows, 0].argmax()
    assert ranked.confidences[0, rows, 0].flat[best] == pytest.approx(1 - 0.5 / 200)
    assert ranked.confidences[0, rows, 0].argmax() == best


def test_score_network_perfect_predictions_score_one(data: StudyData) -> None:
    heights: dict[tuple[int, int, int], float] = {}
    held = data.periods(held=True).tolist()
    for (period, column, _), frame in zip(
        data.actions.tolist(), data.action_frames().tolist(), strict=True
    ):
        if period in held:
            heights[held.index(period), frame, column] = 0.01
    recipe = Recipe(peaks=12, suppression="none")
    peaks = rank_peaks(find_peaks(scores_at(data, heights), recipe, 0.5), data)
    first, second = data.halves()
    assert score_network(peaks, 0, data, (*first, *second))["loose"] == pytest.approx(1.0)
    assert [match.match for match in predictions_of(peaks, 0, data, second)] == [
        data.matches[index] for index in second
    ]
