"""Candidates for a reel: spots, and unspotted peaks of the segmentation scores.

The scores are also high where something resembles an action without being one: missed chances,
fouls that went unpunished. Source: CALF paper, automatic highlights.
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
    """A spot or a peak that may be shown.

    Attributes:
        label: class.
        period: of the match.
        position_s: seconds since the start of the period.
        score: confidence of the spot, or segmentation score of the peak.
        spotted: False for a peak of the scores without a spot near it.
        is_certain: whether a person has set or confirmed it, so that its score says nothing.
    """

    label: str
    period: int
    position_s: float
    score: float
    spotted: bool = True
    is_certain: bool = False

    @property
    def title(self) -> str:
        """Name for display: an unspotted peak is only a possible action."""
        return self.label if self.spotted else peak_title(self.label)

    @property
    def reason(self) -> str:
        """Why it is proposed, as a sentence for display."""
        when = format_game_time(self.period, round(1000 * self.position_s))
        if self.is_certain:
            return f"{self.label} at {when}"
        if self.spotted:
            return f"{self.label} spotted at {when} with confidence {self.score:.2f}"
        score = f"peaks at {when} with {self.score:.2f}"
        return f"segmentation score of {self.label} {score}, no spot near it"


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
        _make_spot(action)
        for action in actions
        if action.position_ms >= 0 and _reaches_threshold(action, config)
    ]

    peaks = [] if scores is None else _find_unspotted_peaks(spots, scores, config)
    return tuple(
        sorted([*spots, *peaks], key=lambda item: (item.period, item.position_s, item.label))
    )


def find_early_spots(actions: Iterable[Action], config: HighlightsConfig) -> tuple[Candidate, ...]:
    """Spots above their threshold that lie before their period, where no video shows them."""
    return tuple(
        _make_spot(action)
        for action in actions
        if action.position_ms < 0 and _reaches_threshold(action, config)
    )


def _reaches_threshold(action: Action, config: HighlightsConfig) -> bool:
    return action.confidence is None or action.confidence >= config.threshold_of(action.label)


def _make_spot(action: Action) -> Candidate:
    """The candidate of a spot; labels have no confidence and count in full."""
    return Candidate(
        label=action.label,
        period=action.period,
        position_s=action.position_s,
        score=1.0 if action.confidence is None else action.confidence,
        is_certain=action.confidence is None,
    )


def _find_unspotted_peaks(
    spots: list[Candidate], scores: MatchScores, config: HighlightsConfig
) -> list[Candidate]:
    peaks = []
    for period, values in scores.periods.items():  # (frames, classes)
        for column, label in enumerate(scores.classes):
            spots_s = [
                spot.position_s for spot in spots if spot.period == period and spot.label == label
            ]

            found = unspotted_peaks(
                values[:, column],
                scores.frame_rate,
                spots_s,
                threshold=config.peak_threshold,
                apart_s=config.apart_s,
            )
            peaks += [
                Candidate(
                    label, period, position_s, score=float(values[frame, column]), spotted=False
                )
                for frame, position_s in found
            ]
    return peaks
