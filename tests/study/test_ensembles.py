"""Ensembles of a stack."""

import numpy as np
import torch

from spotkick.study.ensembles import average_networks, choose_members
from spotkick.study.prediction import StackScores


def test_choose_members_best_of_the_half_come_first() -> None:
    loose = {"A": (0.3, 0.1, 0.5), "B": (0.2, 0.9, 0.4)}
    scores = [
        {half: {"loose": own[n], "tight": 0.0} for half, own in loose.items()} for n in (0, 1, 2)
    ]
    assert choose_members(scores, "A", 2) == [2, 0]
    assert choose_members(scores, "B", 9) == [1, 2, 0]


def test_average_networks_displacements_weigh_as_their_scores() -> None:
    scores = torch.tensor([0.2, 0.9, 0.3]).view(3, 1, 1).expand(3, 4, 2)
    offsets = torch.tensor([1.0, -1.0]).view(2, 1, 1).expand(2, 4, 2)
    found = StackScores(scores, offsets, np.array([0, 4]), first_displaced=1)
    averaged = average_networks(found, [[0, 1, 2], [0]])
    torch.testing.assert_close(averaged.scores[0], torch.full((4, 2), (0.2 + 0.9 + 0.3) / 3))
    torch.testing.assert_close(averaged.offsets[0], torch.full((4, 2), (0.9 - 0.3) / 1.2))
    assert not averaged.offsets[1].any()


def test_average_networks_without_displacement_leave_refinement_to_the_peaks() -> None:
    scores = torch.rand(2, 4, 1)
    found = StackScores(scores, scores[:0], np.array([0, 4]))
    assert not len(average_networks(found, [[0, 1]]).offsets)
