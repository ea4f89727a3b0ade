"""Moments worth showing: spots, and peaks of the segmentation scores that were not spotted.

The scores are high for some moments that are no action of the class but are like one: chances that
were missed, fouls that went unpunished. Source: CALF paper, automatic highlights.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from spotkick.actions import Action
from spotkick.formats.scores import MatchScores
from spotkick.highlights.config import HighlightsConfig
from spotkick.peaks import peak_title, unspotted_peaks
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
        return self.label if self.spotted else peak_title(self.label)

    @property
    def reason(self) -> str:
        """Why it is proposed, for people."""
        when = format_game_time(self.period, round(1000 * self.position_s))
        if self.spotted:
            return f"{self.label} spotted at {when} with confidence {self.score:.2f}"
        return f"segmentation score of {self.label} peaks at {when} with {self.score:.2f}, no spot near it"


def find_candidates(
    actions: Iterable[Action],
    scores: MatchScores | None = None,
    config: HighlightsConfig | None = None,
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
        Candidate(
            action.label,
            action.period,
            action.position_s,
            1.0 if action.confidence is None else action.confidence,
        )
        for action in actions
        if action.position_ms >= 0
        and (action.confidence is None or action.confidence >= config.threshold_of(action.label))
    ]
    peaks = [] if scores is None else _unspotted_peaks(spots, scores, config)
    return tuple(
        sorted([*spots, *peaks], key=lambda item: (item.period, item.position_s, item.label))
    )


def _unspotted_peaks(
    spots: list[Candidate], scores: MatchScores, config: HighlightsConfig
) -> list[Candidate]:
    peaks = []
    for period, values in scores.periods.items():
        for column, label in enumerate(scores.classes):
            near = [
                spot.position_s for spot in spots if spot.period == period and spot.label == label
            ]
            found = unspotted_peaks(
                values[:, column],
                scores.frame_rate,
                near,
                threshold=config.peak_threshold,
                apart_s=config.apart_s,
            )
            peaks += [
                Candidate(label, period, at_s, float(values[frame, column]), spotted=False)
                for frame, at_s in found
            ]
    return peaks
