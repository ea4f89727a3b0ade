from collections.abc import Callable

import numpy as np
import pytest

from spotkick.commentary.inference import CONTEXT_DILATIONS, WordNetwork

NUMBERS, DIM, HIDDEN, CLASSES = 9, 4, 5, 3


@pytest.fixture(scope="session")
def word_network() -> Callable[[int], WordNetwork]:
    """Makes a network of random weights for 9 words and 3 classes, 5 values wide, from a seed."""
    return _random_network


def _random_network(seed: int) -> WordNetwork:
    generator = np.random.default_rng(seed)

    def normal(*shape: int) -> np.ndarray:
        return generator.normal(scale=0.4, size=shape).astype(np.float32)

    words = ((normal(HIDDEN, DIM, 5), normal(HIDDEN)), (normal(HIDDEN, HIDDEN, 3), normal(HIDDEN)))
    context = tuple((normal(HIDDEN, HIDDEN, 3), normal(HIDDEN)) for _ in CONTEXT_DILATIONS)
    mix, output = (
        (normal(HIDDEN, 2 * HIDDEN + 1), normal(HIDDEN)),
        (normal(CLASSES, HIDDEN), normal(CLASSES)),
    )
    return WordNetwork(normal(NUMBERS, DIM), words, mix, context, output)
