"""What is minimised: the total loss of the paper."""

from dataclasses import dataclass
from fractions import Fraction

from torch import Tensor

from spotkick.losses import (
    Margins,
    context_aware_loss,
    context_aware_loss_with_logits,
    spotting_loss,
)
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
    frame_rate: Fraction


def total_loss(
    output: NetworkOutput,
    shifts: Tensor,
    spots: Tensor,
    *,
    slicing_frames: Tensor,
    mask: Tensor,
    plan: TrainingPlan,
    max_actions: int | None = None,
) -> Tensor:
    """Eq. (11): spotting loss plus weighted segmentation loss.

    A network without spots has the latter alone. The segmentation loss is computed on logits where
    the network has any.

    Args:
        output: of the network.
        shifts: (chunks, frames, classes).
        spots: (chunks, spots, 2 + classes) targets.
        slicing_frames: (classes, 4).
        mask: (frames,) False where a frame carries no loss.
        plan: weights and variants.
        max_actions: no chunk has more of them; see `spotkick.losses.match_spots`.
    """
    config = plan.loss
    loss = output.scores.new_zeros(())
    if config.segmentation_weight:
        loss = config.segmentation_weight * _segmentation_loss(
            output, shifts, slicing_frames=slicing_frames, mask=mask, plan=plan
        )

    if output.spots.shape[1]:
        loss = loss + spotting_loss(
            output.spots,
            spots,
            matching=config.matching,
            location_weight=config.location_weight,
            unmatched_weight=config.unmatched_weight,
            max_actions=max_actions,
        )
    return loss


def _segmentation_loss(
    output: NetworkOutput,
    shifts: Tensor,
    *,
    slicing_frames: Tensor,
    mask: Tensor,
    plan: TrainingPlan,
) -> Tensor:
    has_logits = output.logits is not None
    compute = context_aware_loss_with_logits if has_logits else context_aware_loss
    return compute(
        output.scores if output.logits is None else output.logits,
        shifts,
        slicing_frames,
        variant=plan.loss.segmentation,
        margins=Margins(plan.loss.margin_low, plan.loss.margin_high),
        mask=mask,
        frame_rate=plan.frame_rate,
        options=plan.loss,
    )
