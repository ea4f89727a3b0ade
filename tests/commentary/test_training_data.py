import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spotkick.commentary.tokenizer import TokenSequence
from spotkick.commentary.training_data import (
    LabelledPeriod,
    class_weights,
    gather_crops,
    gaussian_targets,
)
from spotkick.features.token_rows import BIN_MS

CELLS = 200
positions = st.lists(st.integers(0, 2000 * CELLS), max_size=5)


@given(positions, positions)
def test_gaussian_targets_equal_slow_reference(goals: list[int], cards: list[int]) -> None:
    arrays = [np.array(own, dtype=np.int64) for own in (goals, cards)]
    found = gaussian_targets(arrays, CELLS, sigma_s=3.0)
    for cell in range(0, CELLS, 7):
        middle_s = (BIN_MS / 1000) * (cell + 0.5)
        for value, own in zip(found[cell], (goals, cards), strict=True):
            expected = max(
                (np.exp(-(((middle_s - position / 1000) / 3.0) ** 2) / 2) for position in own),
                default=0.0,
            )
            assert value == pytest.approx(expected, abs=1e-6)


def test_class_weights_rare_classes_weigh_more_and_sum_stays() -> None:
    targets = np.zeros((10_000, 4), dtype=np.float32)
    targets[:1000, 0] = targets[:10, 1] = targets[:1, 2] = 1  # the last class never happens
    weights = class_weights([targets[:3000], targets[3000:]])
    share = np.array([0.1, 0.001, 0.0001, 0.0001])
    loss = -share * np.log(share) - (1 - share) * np.log(1 - share)
    np.testing.assert_allclose(weights @ loss, loss.sum(), rtol=1e-5)
    np.testing.assert_allclose(weights[1:] / weights[0], np.sqrt(loss[0] / loss[1:]), rtol=1e-5)
    assert weights[2] == weights[3] > weights[1] > weights[0] > 0


def test_gather_crops_hold_tokens_and_targets_of_their_place() -> None:
    generator = np.random.default_rng(0)
    cells = np.sort(generator.integers(0, CELLS, 500))
    targets = np.arange(CELLS, dtype=np.float32)[:, None]
    half = LabelledPeriod(
        "m", TokenSequence(2 + cells, cells), targets
    )  # each word names its cell, each target too
    short = LabelledPeriod(
        "n", TokenSequence(np.array([7]), np.array([5])), np.ones((9, 1), dtype=np.float32)
    )
    silent = LabelledPeriod(
        "o",
        TokenSequence(np.zeros(0, np.int64), np.zeros(0, np.int64)),
        np.zeros((300, 1), np.float32),
    )
    for _ in range(20):
        batch = gather_crops([half, short, silent], 50, generator)
        first = int(batch.targets[0, 0, 0])
        assert batch.targets[0, :, 0].tolist() == list(range(first, first + 50))
        rows = batch.rows[0].numpy()
        own = [row[4 : 4 + row[0]] for row in rows]  # the number of tokens, three before, its own
        for place, (tokens, row) in enumerate(zip(own, rows, strict=True)):
            assert (tokens - 2 == first + place).all()
            assert row[0] == (cells == first + place).sum()
        assert int(batch.rows[1, 5, 4]) == 7
        assert int(batch.rows[1, :, 0].sum()) == 1
        assert float(batch.targets[1].sum()) == 9
        assert not batch.rows[2].any()
