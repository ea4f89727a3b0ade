import math
from collections import Counter

import numpy as np
import pytest

from spotkick.errors import ConfigError
from spotkick.models.token_embeddings import WINDOW_TOKENS, _mutual_information, embed_tokens


@pytest.fixture(scope="module")
def halves() -> list[np.ndarray]:
    """Tokens 2 to 5 stand between 6 and 7, tokens 8 to 11 between 12 and 13."""
    generator = np.random.default_rng(0)
    made = []
    for _ in range(8):
        phrases = [
            (6, generator.integers(2, 6), 7)
            if generator.random() < 0.5
            else (12, generator.integers(8, 12), 13)
            for _ in range(80)
        ]
        made.append(np.array(phrases, dtype=np.int64).ravel())
    return made


def test_embed_tokens_shared_neighbours_gives_near_vectors(halves: list[np.ndarray]) -> None:
    vectors = embed_tokens(halves, 14, 4)
    assert vectors.shape == (14, 4)
    unit = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
    assert min(unit[2] @ unit[other] for other in (3, 4, 5)) > max(
        unit[2] @ unit[other] for other in (8, 9, 10, 11)
    )


def test_embed_tokens_padding_and_unknown_are_zero(halves: list[np.ndarray]) -> None:
    vectors = embed_tokens(halves, 14, 4)
    assert not vectors[:2].any()
    assert vectors[2:].all(axis=1).any()


def test_embed_tokens_same_seed_gives_same_vectors(halves: list[np.ndarray]) -> None:
    np.testing.assert_array_equal(
        embed_tokens(halves, 14, 4, seed=3), embed_tokens(halves, 14, 4, seed=3)
    )


def test_mutual_information_equals_slow_reference(halves: list[np.ndarray]) -> None:
    few = [half[:30] for half in halves[:2]] + [np.zeros(0, dtype=np.int64), np.array([5])]
    pairs: Counter[tuple[int, int]] = Counter()
    for half in few:
        for place, word in enumerate(half.tolist()):
            for distance in range(1, WINDOW_TOKENS + 1):
                if place + distance < len(half):
                    other = int(half[place + distance])
                    pairs[word, other] += 1 / distance
                    pairs[other, word] += 1 / distance
    total = [
        sum(count for (word, _), count in pairs.items() if word == number) for number in range(14)
    ]
    smooth = [count**0.75 for count in total]
    expected = np.zeros((14, 14))
    for (word, other), count in pairs.items():
        expected[word, other] = max(
            0.0, math.log(count / (total[word] * smooth[other] / sum(smooth)))
        )
    np.testing.assert_allclose(_mutual_information(few, 14).toarray(), expected, atol=1e-5)


def test_embed_tokens_too_few_tokens_is_config_error(halves: list[np.ndarray]) -> None:
    with pytest.raises(
        ConfigError, match="more than 14 different words in the commentary, found 14"
    ):
        embed_tokens(halves, 14, 13)
