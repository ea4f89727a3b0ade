"""Spots below the threshold of their class: when they are shown, and when they are named.

Thresholds are tuned on a few labels, and scores of rare classes are ranked well but stay low. A
reel needs no exact threshold: where no spot reaches its own, the strongest of each class are shown
as possible actions; where a class that people look for has none, the reel says so.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from spotkick.actions import Action
from spotkick.highlights.candidates import Candidate
from spotkick.highlights.config import HighlightsConfig
from spotkick.timeline import format_game_time

_STRONG_SHARE: Final = 0.8
"""Spots with at least this share of the highest confidence of their class are strong ones."""

_MAX_PER_CLASS: Final = 5
_NAMED_INTEREST: Final = 0.3
_NAMED_SHARE: Final = 0.4
"""A class is named when its best spot has at least this share of its threshold."""


@dataclass(frozen=True, slots=True)
class MissedClass:
    """A class of which no spot reaches the threshold.

    Attributes:
        label: class.
        threshold: of the class.
        best: its spot with the highest confidence.
    """

    label: str
    threshold: float
    best: Action

    def describe(self) -> str:
        """One line for the terminal."""
        when = format_game_time(self.best.period, self.best.position_ms)
        confidence = self.best.confidence or 0.0
        return (
            f"{self.label}: no spot reaches {self.threshold:.2f}, the best has {confidence:.2f} at "
            f"{when}; --threshold {confidence:.2f} shows it"
        )


def find_strongest(actions: Iterable[Action], config: HighlightsConfig) -> tuple[Candidate, ...]:
    """The strongest spots of each class of interest, as possible actions, in order of time.

    Args:
        actions: spots, none of which reaches its threshold.
        config: interest in the classes.
    """
    by_class: dict[str, list[Action]] = {}
    for action in actions:
        if action.position_ms >= 0 and config.interest_of(action.label) >= _NAMED_INTEREST:
            by_class.setdefault(action.label, []).append(action)

    found = []
    for label, own in by_class.items():
        own.sort(key=lambda action: -(action.confidence or 0.0))
        least = _STRONG_SHARE * (own[0].confidence or 0.0)
        found += [
            Candidate(
                label=label,
                period=action.period,
                position_s=action.position_s,
                score=action.confidence or 0.0,
                spotted=False,
            )
            for action in own[:_MAX_PER_CLASS]
            if (action.confidence or 0.0) >= max(least, 1e-6)
        ]
    return tuple(sorted(found, key=lambda item: (item.period, item.position_s, item.label)))


def find_missed_classes(
    actions: Sequence[Action], config: HighlightsConfig
) -> tuple[MissedClass, ...]:
    """Classes of interest that have spots, but none that reaches the threshold."""
    best: dict[str, Action] = {}
    for action in actions:
        known = best.get(action.label)
        if action.confidence is not None and (
            known is None or action.confidence > (known.confidence or 0.0)
        ):
            best[action.label] = action
    return tuple(
        MissedClass(label, config.threshold_of(label), action)
        for label, action in best.items()
        if config.interest_of(label) >= _NAMED_INTEREST
        and _NAMED_SHARE * config.threshold_of(label)
        <= (action.confidence or 0.0)
        < config.threshold_of(label)
    )
