"""The losses of the paper, usable alone with any per-frame model."""

from spotkick.losses.context_aware import Margins, SegmentationLoss, context_aware_loss
from spotkick.losses.matching import MatchingMethod, match_spots
from spotkick.losses.spotting import spotting_loss

__all__ = [
    "Margins",
    "MatchingMethod",
    "SegmentationLoss",
    "context_aware_loss",
    "match_spots",
    "spotting_loss",
]
