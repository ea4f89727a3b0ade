from collections.abc import Callable

import numpy as np
import pytest

from spotkick.commentary.inference import CONTEXT_DILATIONS, TokenNetwork

NUM_IDS, DIM, UNITS, CLASSES = 9, 4, 5, 3


@pytest.fixture(scope="session")
def token_network() -> Callable[[int], TokenNetwork]:
    """Makes a network of random weights for 9 words and 3 classes, 5 values wide, from a seed."""
    return _random_network


def _random_network(seed: int) -> TokenNetwork:
    generator = np.random.default_rng(seed)

    def normal(*shape: int) -> np.ndarray:
        return generator.normal(scale=0.4, size=shape).astype(np.float32)

    words = ((normal(UNITS, DIM, 5), normal(UNITS)), (normal(UNITS, UNITS, 3), normal(UNITS)))
    context = tuple((normal(UNITS, UNITS, 3), normal(UNITS)) for _ in CONTEXT_DILATIONS)
    mix, output = (
        (normal(UNITS, 2 * UNITS + 1), normal(UNITS)),
        (normal(CLASSES, UNITS), normal(CLASSES)),
    )
    return TokenNetwork(normal(NUM_IDS, DIM), words, mix, context, output)
