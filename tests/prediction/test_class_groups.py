import numpy as np
import pytest

from spotkick.actions import SOCCERNET_BALL, SOCCERNET_V1, SOCCERNET_V2
from spotkick.errors import ConfigError
from spotkick.prediction.class_groups import ClassGroups
from spotkick.prediction.decoding import Candidates


def test_join_scores_card_is_any_of_three() -> None:
    scores = np.zeros((2, 17), dtype=np.float32)
    scores[0, [2, 14, 15, 16]] = 0.7, 0.5, 0.2, 0.1
    joined = ClassGroups.find(SOCCERNET_V2, SOCCERNET_V1).join_scores(scores)
    np.testing.assert_allclose(
        joined, [[0.7, 1 - 0.5 * 0.8 * 0.9, 0.0], [0.0, 0.0, 0.0]], rtol=1e-6
    )


def test_join_scores_single_classes_keep_their_bits() -> None:
    scores = np.random.default_rng(0).random((5, 17), dtype=np.float32)
    joined = ClassGroups.find(SOCCERNET_V2, SOCCERNET_V1).join_scores(scores)
    np.testing.assert_array_equal(joined[:, [0, 2]], scores[:, [2, 3]])


def test_join_candidates_take_the_name_of_their_group() -> None:
    groups = ClassGroups.find(SOCCERNET_V2, SOCCERNET_V1)
    spots = Candidates(np.arange(4), np.array([16, 0, 2, 3]), np.array([0.1, 0.2, 0.3, 0.4]))
    joined = groups.join_candidates(spots)
    assert joined.frames.tolist() == [0, 2, 3]
    assert joined.classes.tolist() == [1, 0, 2]
    assert joined.confidences.tolist() == [0.1, 0.3, 0.4]


def test_join_displacements_are_those_of_the_surest_class() -> None:
    groups = ClassGroups.find(SOCCERNET_V2, SOCCERNET_V1)
    moves, scores = np.arange(34.0).reshape(2, 17), np.zeros((2, 17), dtype=np.float32)
    scores[0, 15], scores[1, 16] = 0.5, 0.5
    joined = groups.join_displacements(moves, scores)
    assert joined.tolist() == [[2, 15, 3], [19, 33, 20]]


def test_find_classes_that_the_network_lacks_are_config_error() -> None:
    with pytest.raises(ConfigError, match=r"does not spot PASS, .*; it knows goal, card"):
        ClassGroups.find(SOCCERNET_V1, SOCCERNET_BALL)
