import math
from collections import Counter

import numpy as np
import pytest

from spotkick.commentary.token_vectors import WINDOW_WORDS, _mutual_information, word_vectors
from spotkick.errors import ConfigError


@pytest.fixture(scope="module")
def halves() -> list[np.ndarray]:
    """Words 2 to 5 stand between the same neighbours, 6 and 7; words 8 to 11 between others, 12 and 13."""
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


def test_words_of_the_same_neighbours_are_near_each_other(halves: list[np.ndarray]) -> None:
    vectors = word_vectors(halves, 14, 4)
    assert vectors.shape == (14, 4)
    unit = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
    assert min(unit[2] @ unit[other] for other in (3, 4, 5)) > max(
        unit[2] @ unit[other] for other in (8, 9, 10, 11)
    )


def test_padding_and_unknown_words_say_nothing(halves: list[np.ndarray]) -> None:
    vectors = word_vectors(halves, 14, 4)
    assert not vectors[:2].any()
    assert vectors[2:].all(axis=1).any()


def test_vectors_depend_on_the_seed_only(halves: list[np.ndarray]) -> None:
    np.testing.assert_array_equal(
        word_vectors(halves, 14, 4, seed=3), word_vectors(halves, 14, 4, seed=3)
    )


def test_information_equals_a_slow_reference(halves: list[np.ndarray]) -> None:
    few = [half[:30] for half in halves[:2]] + [np.zeros(0, dtype=np.int64), np.array([5])]
    pairs: Counter[tuple[int, int]] = Counter()
    for half in few:
        for place, word in enumerate(half.tolist()):
            for distance in range(1, WINDOW_WORDS + 1):
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


def test_too_few_words_are_an_error(halves: list[np.ndarray]) -> None:
    with pytest.raises(
        ConfigError, match="more than 14 different words in the commentary, found 14"
    ):
        word_vectors(halves, 14, 13)
