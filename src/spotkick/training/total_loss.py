"""What is minimised: the total loss of the paper."""

from dataclasses import dataclass

from torch import Tensor

from spotkick.losses import Margins, context_aware_loss, spotting_loss
from spotkick.models import NetworkOutput
from spotkick.training.config import LossConfig, SamplingConfig, TrainingConfig


@dataclass(frozen=True, slots=True)
class TrainingPlan:
    """The configurations that a training needs.

    Attributes:
        loss: total loss.
        sampling: chunks of an epoch.
        training: optimisation.
        slicing_frames: (classes, 4) K1..K4 in frames.
        frame_rate: feature frames per second.
    """

    loss: LossConfig
    sampling: SamplingConfig
    training: TrainingConfig
    slicing_frames: Tensor
    frame_rate: float


def total_loss(
    output: NetworkOutput,
    shifts: Tensor,
    spots: Tensor,
    slicing_frames: Tensor,
    mask: Tensor,
    plan: TrainingPlan,
) -> Tensor:
    """Eq. (11): spotting loss plus weighted segmentation loss; a dense network has the latter alone.

    Args:
        output: of the network.
        shifts: (chunks, frames, classes).
        spots: (chunks, spots, 2 + classes) targets.
        slicing_frames: (classes, 4).
        mask: (frames,) False where a frame carries no loss.
        plan: weights and variants.
    """
    config = plan.loss
    loss = output.scores.new_zeros(())
    if config.segmentation_weight:
        loss = config.segmentation_weight * context_aware_loss(
            output.scores,
            shifts,
            slicing_frames,
            variant=config.segmentation,
            margins=Margins(config.margin_low, config.margin_high),
            mask=mask,
            target_radius_frames=config.target_radius_s * plan.frame_rate,
            focal_gamma=config.focal_gamma,
        )
    if output.spots.shape[1]:
        loss = loss + spotting_loss(
            output.spots,
            spots,
            matching=config.matching,
            location_weight=config.location_weight,
            unmatched_weight=config.unmatched_weight,
        )
    return loss
