import numpy as np
import pytest

from spotkick.actions import SOCCERNET_BALL, SOCCERNET_V1, SOCCERNET_V2
from spotkick.errors import ConfigError
from spotkick.prediction.class_groups import ClassGroups


def test_join_scores_card_is_any_of_three() -> None:
    scores = np.zeros((2, 17), dtype=np.float32)
    scores[0, [2, 14, 15, 16]] = 0.7, 0.5, 0.2, 0.1
    joined = ClassGroups.find(SOCCERNET_V2, SOCCERNET_V1).join_scores(scores)
    np.testing.assert_allclose(joined, [[0.7, 1 - 0.5 * 0.8 * 0.9, 0], [0, 0, 0]], rtol=1e-6)


def test_join_scores_single_classes_keep_their_bits() -> None:
    scores = np.random.default_rng(0).random((5, 17), dtype=np.float32)
    joined = ClassGroups.find(SOCCERNET_V2, SOCCERNET_V1).join_scores(scores)
    np.testing.assert_array_equal(joined[:, [0, 2]], scores[:, [2, 3]])


def test_join_spots_adds_class_probabilities() -> None:
    spots = np.zeros((1, 1, 19), dtype=np.float32)
    spots[0, 0, [0, 1, 16, 17]] = 0.9, 0.5, 0.25, 0.5
    joined = ClassGroups.find(SOCCERNET_V2, SOCCERNET_V1).join_spots(spots)
    assert joined.tolist() == [[[np.float32(0.9), 0.5, 0, 0.75, 0]]]


def test_find_classes_that_the_network_lacks_are_config_error() -> None:
    with pytest.raises(ConfigError, match=r"does not spot PASS, .*; it knows goal, card"):
        ClassGroups.find(SOCCERNET_V1, SOCCERNET_BALL)
