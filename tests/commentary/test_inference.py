from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spotkick.commentary.inference import CONTEXT_S, TokenNetwork
from spotkick.commentary.tokenizer import TokenSequence
from spotkick.errors import InputError
from spotkick.features.token_rows import BIN_MS, TOKEN_KERNELS

NUM_IDS, UNITS = 9, 5
Maker = Callable[[int], TokenNetwork]
CELLS = 100
REACH_CELLS = CONTEXT_S * 1000 // BIN_MS
REACH_WORDS = sum(kernel // 2 for kernel in TOKEN_KERNELS)


def _slow(network: TokenNetwork, words: TokenSequence, num_bins: int) -> np.ndarray:
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

    read = layer([network.embedding[number] for number in words.ids], *network.token_layers[0], 1)
    read = [
        value + more
        for value, more in zip(read, layer(read, *network.token_layers[1], 1), strict=True)
    ]
    cells = []
    for cell in range(num_bins):
        own = [
            value
            for value, place in zip(read, words.bins, strict=True)
            if min(place, num_bins - 1) == cell
        ]
        greatest = np.max(own, axis=0) if own else np.zeros(UNITS)
        mean = np.sum(own, axis=0) / (len(own) + 1) if own else np.zeros(UNITS)
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


sequences = st.lists(st.tuples(st.integers(1, NUM_IDS - 1), st.integers(0, 27)), max_size=20).map(
    lambda pairs: TokenSequence(
        np.array([number for number, _ in pairs], dtype=np.int64),
        np.array(sorted(cell for _, cell in pairs), dtype=np.int64),
    )
)


@given(sequences, st.integers(0, 5))
@settings(max_examples=10)
def test_logits_equal_slow_reference(token_network: Maker, words: TokenSequence, seed: int) -> None:
    network = token_network(seed)
    found = network.logits(words, 24)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, _slow(network, words, 24), rtol=1e-3, atol=1e-3)


@given(st.integers(0, CELLS - 1), st.integers(0, 3))
@settings(max_examples=25)
def test_logits_changed_token_reaches_context_and_no_further(
    token_network: Maker, changed: int, seed: int
) -> None:
    network = token_network(seed)
    ids = np.random.default_rng(seed).integers(1, NUM_IDS, 2 * CELLS)
    cells = np.repeat(np.arange(CELLS), 2)
    other = ids.copy()
    other[cells == changed] = 1 + ids[cells == changed] % (NUM_IDS - 1)
    difference = network.logits(TokenSequence(ids, cells), CELLS) - network.logits(
        TokenSequence(other, cells), CELLS
    )
    far = np.abs(np.arange(CELLS) - changed) > REACH_CELLS + -(-REACH_WORDS // 2)
    assert not difference[far].any()
    assert difference[changed].any()


def test_from_arrays_round_trip_keeps_logits(token_network: Maker) -> None:
    network = token_network(1)
    back = TokenNetwork.from_arrays(network.arrays(), "here")
    words = TokenSequence(np.array([3, 4, 5]), np.array([0, 1, 9]))
    np.testing.assert_array_equal(back.logits(words, 20), network.logits(words, 20))
    assert set(network.arrays()) == set(network.shapes())


@pytest.mark.parametrize(
    ("name", "array", "message"),
    [
        ("mix.weight", None, "here: not a token network: array 'mix.weight' is missing"),
        (
            "context3.bias",
            np.zeros(4, dtype=np.float32),
            r"array 'context3.bias' .* float32 of shape \(5,\), found float32 \(4,\)",
        ),
        ("output.bias", np.zeros(3, dtype=np.float64), "found float64"),
        ("embedding", np.zeros(3, dtype=np.float32), "array 'embedding'"),
    ],
)
def test_from_arrays_mismatched_array_is_input_error(
    token_network: Maker, name: str, array: np.ndarray | None, message: str
) -> None:
    arrays = dict(token_network(0).arrays())
    arrays.pop(name, None)
    with pytest.raises(InputError, match=message):
        TokenNetwork.from_arrays(arrays if array is None else {**arrays, name: array}, "here")
