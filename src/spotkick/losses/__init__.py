"""The losses of the paper, usable alone with any per-frame model."""

from spotkick.losses.context_aware import (
    Margins,
    Reduction,
    context_aware_loss,
    context_aware_loss_with_logits,
    segmentation_losses,
)
from spotkick.losses.displacement import displacement_loss
from spotkick.losses.matching import MatchingMethod, match_spots
from spotkick.losses.per_frame import PerFrameOptions
from spotkick.losses.spotting import spotting_loss

__all__ = [
    "Margins",
    "MatchingMethod",
    "PerFrameOptions",
    "Reduction",
    "context_aware_loss",
    "context_aware_loss_with_logits",
    "displacement_loss",
    "match_spots",
    "segmentation_losses",
    "spotting_loss",
]
