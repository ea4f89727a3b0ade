"""Moments worth showing: spots, and peaks of the segmentation scores that were not spotted.

The scores are high for some moments that are no action of the class but are like one: chances that were missed, fouls that went
unpunished. Source: CALF paper, automatic highlights.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

from spotkick.actions import Action
from spotkick.formats.scores import MatchScores
from spotkick.highlights.profile import HighlightsConfig
from spotkick.timeline import format_game_time


@dataclass(frozen=True, slots=True)
class Candidate:
    """A moment that may be shown.

    Attributes:
        label: class.
        period: of the match.
        position_s: seconds since the start of the period.
        score: confidence of the spot, or segmentation score of the peak.
        spotted: False for a peak that nobody spotted.
    """

    label: str
    period: int
    position_s: float
    score: float
    spotted: bool = True

    @property
    def title(self) -> str:
        """What to call it: a peak that was not spotted is only possible."""
        return self.label if self.spotted else f"Possible {self.label[:1].lower()}{self.label[1:]}"

    @property
    def reason(self) -> str:
        """Why it is proposed, for people."""
        when = format_game_time(self.period, round(1000 * self.position_s))
        if self.spotted:
            return f"{self.label} spotted at {when} with confidence {self.score:.2f}"
        return f"segmentation score of {self.label} peaks at {when} with {self.score:.2f}, no spot near it"


def find_candidates(
    actions: Iterable[Action], scores: MatchScores | None = None, config: HighlightsConfig | None = None
) -> tuple[Candidate, ...]:
    """Spots above their threshold, and peaks of the scores far from any of them.

    Args:
        actions: predictions or labels; labels, which have no confidence, count in full.
        scores: per-frame scores of the match; None proposes spots only.
        config: thresholds.

    Returns:
        candidates in order of time.
    """
    config = config or HighlightsConfig()
    spots = [
        Candidate(action.label, action.period, action.position_s, 1.0 if action.confidence is None else action.confidence)
        for action in actions
        if action.position_ms >= 0 and (action.confidence is None or action.confidence >= config.threshold_of(action.label))
    ]
    peaks = [] if scores is None else _unspotted_peaks(spots, scores, config)
    return tuple(sorted([*spots, *peaks], key=lambda item: (item.period, item.position_s, item.label)))


def _unspotted_peaks(spots: list[Candidate], scores: MatchScores, config: HighlightsConfig) -> list[Candidate]:
    peaks = []
    for period, values in scores.periods.items():
        for column, label in enumerate(scores.classes):
            near = [spot.position_s for spot in spots if spot.period == period and spot.label == label]
            for frame in _peaks(values[:, column], config.peak_threshold):
                position_s = float(Fraction(int(frame)) / scores.frame_rate)
                if all(abs(position_s - other) > config.apart_s for other in near):
                    near.append(position_s)
                    peaks.append(Candidate(label, period, position_s, float(values[frame, column]), spotted=False))
    return peaks


def _peaks(values: npt.NDArray[np.floating[Any]], threshold: float) -> npt.NDArray[np.intp]:
    """Frames of local maxima, the highest first; the middle frame of a level top."""
    starts = np.flatnonzero(np.append(True, np.diff(values) != 0))
    level = values[starts]
    rises = np.append(True, level[1:] > level[:-1])
    falls = np.append(level[:-1] > level[1:], True)
    tops = np.flatnonzero(rises & falls & (level >= threshold))
    ends = np.append(starts[1:], len(values))
    middle = (starts[tops] + ends[tops] - 1) // 2
    highest_first: npt.NDArray[np.intp] = middle[np.argsort(-values[middle], kind="stable")]
    return highest_first
