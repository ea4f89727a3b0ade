"""Ensembles of a stack: the mean scores of the networks that are best on one half.

The half that chose the members is never the one that the ensemble is scored on; see
`spotkick.study.selection`.
"""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import torch

from spotkick.study.prediction import StackScores

ENSEMBLE: Final = "ensemble"
"""Name of the arm: its draw 0 was chosen on half A, its draw 1 on half B."""

_CHOSEN_BY: Final = "loose"
_SMALLEST: Final = 1e-12


def choose_members(
    scores: Sequence[Mapping[str, Mapping[str, float]]], half: str, count: int
) -> list[int]:
    """The networks with the best loose scores on a half, the best one first.

    Args:
        scores: of each network: by half and metric.
        half: that chooses.
        count: of members; at most all networks.
    """
    values = np.array([own[half][_CHOSEN_BY] for own in scores])
    best: list[int] = np.argsort(-values, kind="stable")[:count].tolist()
    return best


def average_networks(found: StackScores, ensembles: Sequence[Sequence[int]]) -> StackScores:
    """Mean scores of each ensemble.

    Members with displacements move its peaks, each by as much as its score weighs.
    """
    scores, offsets = [], []
    for members in ensembles:
        scores.append(found.scores[list(members)].mean(dim=0))
        displaced = [one for one in members if found.is_displaced(one)]
        weights = torch.zeros_like(scores[-1]) + _SMALLEST
        moved = torch.zeros_like(scores[-1])
        for one in displaced:
            moved += found.scores[one] * found.offsets_of(one)
            weights += found.scores[one]
        offsets.append(moved / weights)
    if not any(found.is_displaced(one) for members in ensembles for one in members):
        offsets = []
    stacked = torch.stack(offsets) if offsets else found.offsets[:0]
    return StackScores(torch.stack(scores), stacked, found.starts)
