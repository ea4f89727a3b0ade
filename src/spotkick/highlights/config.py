"""What counts as a highlight: length of the clips of each class, and interest in it.

Lengths follow from the context slicing K of the class: K1 says how early the context of an action
begins, K3 how long what follows still belongs to it. The interest is our own choice;
any of it can be set.
"""

from collections.abc import Mapping
from typing import Annotated, Final

from pydantic import Field

from spotkick.configuration import FrozenConfig
from spotkick.encoding.slicing import DEFAULT_BOUNDS_S, SLICING_V1, SLICING_V2, Bounds
from spotkick.peaks import APART_S, PEAK_THRESHOLD, SPOT_THRESHOLD

_LEAD_IN_OF_K1: Final = 0.75
_LEAD_IN_S: Final = (4.0, 15.0)
_LEAD_OUT_S: Final = (8.0, 30.0)
_OTHER_INTEREST: Final = 0.3

INTEREST: Final[Mapping[str, float]] = {
    "goal": 1.0,
    "penalty": 0.9,
    "red card": 0.8,
    "yellow->red card": 0.8,
    "card": 0.5,
    "yellow card": 0.45,
    "shots on target": 0.6,
    "shots off target": 0.4,
    "direct free-kick": 0.35,
    "free-kick": 0.3,
    "corner": 0.3,
    "substitution": 0.2,
    "kick-off": 0.1,
    "foul": 0.2,
    "foul or offside": 0.1,
    "offside": 0.1,
    "indirect free-kick": 0.1,
    "goal kick": 0.02,
    "clearance": 0.02,
    "throw-in": 0.01,
    "ball out of play": 0.01,
}
"""How much a class is worth in a reel, between 0 and 1, by lower-case name."""


class HighlightsConfig(FrozenConfig):
    """How clips are proposed and chosen.

    Attributes:
        spot_threshold: least confidence of a spot. Default: the authors' display threshold.
        is_strict: whether spots below their threshold are never shown; otherwise the strongest are,
            as possible actions, where no spot of the match reaches its own.
        class_thresholds: the same per class, as tuned for F1 on validation matches.
        peak_threshold: least segmentation score of an unspotted peak.
        apart_s: such a peak lies further than this from every spot of its class.
        lead_s: (seconds before, seconds after) per class, in place of what follows from K.
        slicing_s: K1..K4 per class, as in a checkpoint; others are looked up by name.
        interest: per class, in place of the built-in values.
        possible_share: an unspotted peak is worth this share of a spot.
        repeat_share: the second clip of a class counts this share of its value, the third the
            square, and so on.
        least_value: clips worth less are left out, unless there are no others.
        top_interest: clips of classes with at least this interest are shortened before one of them
            is left out for want of room.
        least_lead_s: shortest (seconds before, seconds after) what a clip shows.
        period_lengths_s: regular length of each period, for the clock of the match; None takes that
            of soccer where all classes are of soccer, and time within the period elsewhere.
        snap_s: an end of a clip moves to a shot change that is at most this far away; 0 leaves it.
    """

    spot_threshold: Annotated[float, Field(ge=0, le=1)] = SPOT_THRESHOLD
    is_strict: bool = False
    class_thresholds: dict[str, float] = Field(default_factory=dict)
    peak_threshold: Annotated[float, Field(ge=0, le=1)] = PEAK_THRESHOLD
    apart_s: Annotated[float, Field(ge=0)] = APART_S
    lead_s: dict[str, tuple[Annotated[float, Field(ge=0)], Annotated[float, Field(ge=0)]]] = Field(
        default_factory=dict
    )
    slicing_s: dict[str, Bounds] = Field(default_factory=dict)
    interest: dict[str, Annotated[float, Field(ge=0)]] = Field(default_factory=dict)
    possible_share: Annotated[float, Field(ge=0, le=1)] = 0.6
    repeat_share: Annotated[float, Field(gt=0, le=1)] = 0.85
    least_value: Annotated[float, Field(ge=0)] = 0.1
    top_interest: Annotated[float, Field(ge=0)] = 0.8
    least_lead_s: tuple[Annotated[float, Field(ge=0)], Annotated[float, Field(ge=0)]] = (2.0, 3.0)
    period_lengths_s: tuple[Annotated[int, Field(gt=0)], ...] | None = None
    snap_s: Annotated[float, Field(ge=0)] = 2.0

    def lead_of(self, label: str) -> tuple[float, float]:
        """Seconds of a clip before and after an action.

        Example:
            >>> HighlightsConfig().lead_of("Goal")
            (15.0, 30.0)
        """
        if label in self.lead_s:
            return self.lead_s[label]
        k1, _, k3, _ = self.slicing_s.get(label) or _default_slicing(label)
        return (
            min(max(_LEAD_IN_OF_K1 * -k1, _LEAD_IN_S[0]), _LEAD_IN_S[1]),
            min(max(float(k3), _LEAD_OUT_S[0]), _LEAD_OUT_S[1]),
        )

    def interest_of(self, label: str) -> float:
        """How much a class is worth."""
        return self.interest.get(label, INTEREST.get(label.lower(), _OTHER_INTEREST))

    def threshold_of(self, label: str) -> float:
        """Least confidence of a spot of a class."""
        return self.class_thresholds.get(label, self.spot_threshold)


def _default_slicing(label: str) -> Bounds:
    return SLICING_V2.get(label) or SLICING_V1.get(label.lower()) or DEFAULT_BOUNDS_S
