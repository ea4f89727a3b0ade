from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spotkick.commentary.inference import CONTEXT_S, WORD_KERNELS, WordNetwork
from spotkick.commentary.tokens import CELL_MS, WordSequence
from spotkick.errors import InputError

NUMBERS, HIDDEN = 9, 5
Maker = Callable[[int], WordNetwork]
CELLS = 100
REACH_CELLS = CONTEXT_S * 1000 // CELL_MS
REACH_WORDS = sum(kernel // 2 for kernel in WORD_KERNELS)


def _slow(network: WordNetwork, words: WordSequence, num_cells: int) -> np.ndarray:
    """The network written out, one position at a time."""

    def at(values: list[np.ndarray], place: int) -> np.ndarray:
        return values[place] if 0 <= place < len(values) else np.zeros_like(values[0])

    def layer(
        values: list[np.ndarray], weights: np.ndarray, bias: np.ndarray, step: int
    ) -> list[np.ndarray]:
        taps = weights.shape[2]
        sums = [
            bias
            + sum(
                weights[:, :, tap] @ at(values, place + step * (tap - taps // 2))
                for tap in range(taps)
            )
            for place in range(len(values))
        ]
        return [np.maximum(value, 0) for value in sums]

    read = layer([network.embedding[number] for number in words.ids], *network.word_layers[0], 1)
    read = [
        value + more
        for value, more in zip(read, layer(read, *network.word_layers[1], 1), strict=True)
    ]
    cells = []
    for cell in range(num_cells):
        own = [
            value
            for value, place in zip(read, words.cells, strict=True)
            if min(place, num_cells - 1) == cell
        ]
        greatest = np.max(own, axis=0) if own else np.zeros(HIDDEN)
        mean = np.sum(own, axis=0) / (len(own) + 1) if own else np.zeros(HIDDEN)
        cells.append(
            np.maximum(
                network.mix[0] @ np.concatenate([greatest, mean, [len(own) > 0]]) + network.mix[1],
                0,
            )
        )
    for dilation, (weights, bias) in zip((1, 2, 4, 8, 16), network.context_layers, strict=True):
        cells = [
            cell + more
            for cell, more in zip(cells, layer(cells, weights, bias, dilation), strict=True)
        ]
    return np.stack([network.output[0] @ cell + network.output[1] for cell in cells])


sequences = st.lists(st.tuples(st.integers(1, NUMBERS - 1), st.integers(0, 27)), max_size=20).map(
    lambda pairs: WordSequence(
        np.array([number for number, _ in pairs], dtype=np.int64),
        np.array(sorted(cell for _, cell in pairs), dtype=np.int64),
    )
)


@given(sequences, st.integers(0, 5))
@settings(max_examples=10)
def test_equals_a_slow_reference(word_network: Maker, words: WordSequence, seed: int) -> None:
    network = word_network(seed)
    found = network.log_odds(words, 24)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, _slow(network, words, 24), rtol=1e-3, atol=1e-3)


@given(st.integers(0, CELLS - 1), st.integers(0, 3))
@settings(max_examples=25)
def test_sees_so_far_and_no_further(word_network: Maker, changed: int, seed: int) -> None:
    network = word_network(seed)
    ids = np.random.default_rng(seed).integers(1, NUMBERS, 2 * CELLS)
    cells = np.repeat(np.arange(CELLS), 2)
    other = ids.copy()
    other[cells == changed] = 1 + ids[cells == changed] % (NUMBERS - 1)
    difference = network.log_odds(WordSequence(ids, cells), CELLS) - network.log_odds(
        WordSequence(other, cells), CELLS
    )
    far = np.abs(np.arange(CELLS) - changed) > REACH_CELLS + -(-REACH_WORDS // 2)
    assert not difference[far].any()
    assert difference[changed].any()


def test_arrays_are_a_round_trip(word_network: Maker) -> None:
    network = word_network(1)
    back = WordNetwork.from_arrays(network.arrays(), "here")
    words = WordSequence(np.array([3, 4, 5]), np.array([0, 1, 9]))
    np.testing.assert_array_equal(back.log_odds(words, 20), network.log_odds(words, 20))
    assert set(network.arrays()) == set(network.shapes())


@pytest.mark.parametrize(
    ("name", "array", "message"),
    [
        ("mix.weight", None, "here: not a word network: array 'mix.weight' is missing"),
        (
            "context3.bias",
            np.zeros(4, dtype=np.float32),
            r"array 'context3.bias' .* float32 of shape \(5,\), found float32 \(4,\)",
        ),
        ("output.bias", np.zeros(3, dtype=np.float64), "found float64"),
        ("embedding", np.zeros(3, dtype=np.float32), "array 'embedding'"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(
    word_network: Maker, name: str, array: np.ndarray | None, message: str
) -> None:
    arrays = dict(word_network(0).arrays())
    arrays.pop(name, None)
    with pytest.raises(InputError, match=message):
        WordNetwork.from_arrays(arrays if array is None else {**arrays, name: array}, "here")
