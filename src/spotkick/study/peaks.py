"""From the scores of a stack to predictions: peaks, refined in time, suppressed, written small."""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from spotkick.actions import Action, MatchActions
from spotkick.study.data import StudyData
from spotkick.study.plan import Recipe
from spotkick.study.prediction import StackScores
from spotkick.suppression import suppress

_FLAT: Final = 1e-12


class Peaks(NamedTuple):
    """Peaks of a stack: (networks, periods, classes, peaks) each.

    Attributes:
        positions_ms: inside the period.
        confidences: 0 where a period has fewer peaks.
    """

    positions_ms: npt.NDArray[np.int32]
    confidences: npt.NDArray[np.float32]

    def select(self, networks: Sequence[int] | npt.NDArray[np.int64]) -> "Peaks":
        """Those of some networks."""
        return Peaks(self.positions_ms[networks], self.confidences[networks])


def find_peaks(found: StackScores, recipe: Recipe, rate: float) -> Peaks:
    """The highest local maxima of each period and class.

    The rule is that of `spotkick.prediction.decoding.find_peaks`, for all networks and classes at
    once and on the device of the scores; positions are those of the middles of frames.

    Args:
        found: scores of all held frames.
        recipe: number of peaks.
        rate: frames per second.
    """
    # Periods are looked at one by one, so that no peak reaches across their ends.
    periods = len(found.starts) - 1
    networks, _, classes = found.scores.shape
    shape = (networks, periods, classes, recipe.peaks)
    positions, confidences = np.zeros(shape, dtype=np.int32), np.zeros(shape, dtype=np.float32)

    for number in range(periods):
        part = slice(int(found.starts[number]), int(found.starts[number + 1]))
        scores = found.scores[:, part].transpose(1, 2)  # (networks, classes, frames)
        before = torch.nn.functional.pad(scores, (1, 0), value=-1.0)[..., :-1]
        after = torch.nn.functional.pad(scores, (0, 1), value=-1.0)[..., 1:]
        is_peak = (scores > before) & (scores >= after)
        heights = torch.where(is_peak, scores, torch.zeros_like(scores))
        best = heights.topk(min(recipe.peaks, heights.shape[2]), dim=2)

        # Frame, and the displacement or the top of the parabola through the neighbours.
        shift = _refine_peaks(scores, before, after).gather(2, best.indices)
        first, count = found.first_displaced, len(found.offsets)
        if count:
            displaced = found.offsets[:, part].transpose(1, 2)
            moved = slice(first, first + count)
            shift[moved] = displaced.gather(2, best.indices[moved])
        frames = (best.indices + 0.5 + shift).clamp(0, heights.shape[2])
        kept = best.values.shape[2]
        positions[:, number, :, :kept] = (1000 / rate * frames).round().int().cpu().numpy()
        confidences[:, number, :, :kept] = best.values.cpu().numpy()
    return Peaks(positions, confidences)


def _refine_peaks(scores: Tensor, before: Tensor, after: Tensor) -> Tensor:
    """Top of the parabola through the logarithms, at most half a frame away."""
    inside = (before >= 0) & (after >= 0)
    before, scores, after = (one.clamp(min=_FLAT).log() for one in (before, scores, after))
    curvature = before - 2 * scores + after
    shift = 0.5 * (before - after) / curvature.clamp(max=-_FLAT)
    return torch.where(inside, shift.clamp(-0.5, 0.5), torch.zeros_like(shift))


def suppress_peaks(peaks: Peaks, recipe: Recipe) -> Peaks:
    """Confidences after suppression, the same for every network."""
    result = np.zeros_like(peaks.confidences)
    for index in np.ndindex(peaks.confidences.shape[:3]):
        confidences = peaks.confidences[index]
        own = confidences > 0
        result[index][own] = suppress(
            peaks.positions_ms[index][own],
            confidences[own].astype(np.float64),
            1000 * recipe.window_s,
            method=recipe.suppression,
        )
    return Peaks(peaks.positions_ms, result)


def predictions_of(
    peaks: Peaks, network: int, data: StudyData, matches: Sequence[int]
) -> list[MatchActions]:
    """Predictions of one network for some held matches."""
    wanted = {match: number for number, match in enumerate(matches)}
    actions: list[list[Action]] = [[] for _ in matches]
    for number, period in enumerate(data.periods(held=True)):
        match = wanted.get(int(data.period_match[period]))
        if match is None:
            continue
        confidences = peaks.confidences[network, number]
        for column, row in zip(*(part.tolist() for part in np.nonzero(confidences)), strict=True):
            actions[match].append(
                Action(
                    data.classes[column],
                    int(data.period_number[period]),
                    int(peaks.positions_ms[network, number, column, row]),
                    confidence=min(float(confidences[column, row]), 1.0),
                )
            )
    return [
        MatchActions(data.matches[match], tuple(own))
        for match, own in zip(matches, actions, strict=True)
    ]
