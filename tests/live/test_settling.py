"""Decided spots against suppression of everything that may come."""

import numpy as np
import pytest

from spotkick.live.settling import find_undecided
from spotkick.suppression import SuppressionMethod, suppress

END = 60
METHODS: list[SuppressionMethod] = ["fixed", "soft-linear", "soft-gauss", "none"]


def draw_spots(rng: np.random.Generator, first: int, end: int) -> tuple[np.ndarray, np.ndarray]:
    """Some spots of a span, with confidences of which some are equal."""
    frames = np.flatnonzero(rng.random(end - first) < rng.choice([0.1, 0.3, 0.6])) + first
    return frames, rng.integers(1, 21, size=len(frames)) / 20


@pytest.mark.parametrize("method", METHODS)
def test_find_undecided_no_future_changes_what_is_decided(method: SuppressionMethod) -> None:
    rng = np.random.default_rng(1)
    decided = 0
    for _ in range(30):
        window = float(rng.choice([5, 8, 15]))
        frames, values = draw_spots(rng, 0, END)
        first = find_undecided(frames, values, window, method, END)
        inside = frames < first
        now = suppress(frames, values, window, method)[inside]
        decided += len(now)
        for _ in range(6):
            later, strengths = draw_spots(rng, END, END + 40)
            together = suppress(
                np.append(frames, later), np.append(values, strengths), window, method
            )
            np.testing.assert_array_equal(together[: len(frames)][inside], now)
    assert decided > 50


def test_find_undecided_first_spot_is_mostly_changed_by_some_future() -> None:
    rng, changed = np.random.default_rng(2), []
    for number in range(20):
        frames, values = draw_spots(rng, 30, END)
        method = METHODS[number % 2]
        first = find_undecided(frames, values, 8.0, method, END)
        results = set()
        for _ in range(40 if first < END else 0):
            later, strengths = draw_spots(rng, END, END + 10)
            together = suppress(np.append(frames, later), np.append(values, strengths), 8.0, method)
            results.add(float(together[: len(frames)][frames == first][0]))
        changed += [len(results) > 1] if results else []

    # Bounds leave a few open that are decided.
    assert sum(changed) > 0.6 * len(changed) > 7


def test_find_undecided_certain_neighbour_ends_a_chain() -> None:
    # Spots every four frames of a window of ten, each stronger than the one before.
    frames, rising = np.arange(0, END, 4), np.linspace(0.2, 0.8, 15)
    assert find_undecided(frames, rising, 10.0, "fixed", END) == 0

    # The strongest of all suppresses its neighbours, whatever comes.
    rising[10] = 0.9
    assert find_undecided(frames, rising, 10.0, "fixed", END) == 48


def test_find_undecided_without_suppression_is_the_end() -> None:
    assert find_undecided(np.array([END - 1]), np.array([0.5]), 10.0, "none", END) == END
