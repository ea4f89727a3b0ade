"""What is minimised: the total loss of the paper."""

from dataclasses import dataclass
from fractions import Fraction

from torch import Tensor

from spotkick.losses import (
    Margins,
    context_aware_loss,
    context_aware_loss_with_logits,
    displacement_loss,
    spotting_loss,
)
from spotkick.models import NetworkOutput
from spotkick.training.config import LossConfig, SamplingConfig, TrainingConfig
from spotkick.training.mixup import Mixture


@dataclass(frozen=True, slots=True)
class TrainingPlan:
    """The configurations that a training needs.

    Attributes:
        loss: total loss.
        sampling: chunks of an epoch.
        training: optimisation.
        slicing_frames: (classes, 4) K1..K4 in frames.
        frame_rate: feature frames per second.
        displacement_radius_frames: of the network, 0 for one without displacements.
    """

    loss: LossConfig
    sampling: SamplingConfig
    training: TrainingConfig
    slicing_frames: Tensor
    frame_rate: Fraction
    displacement_radius_frames: float = 0.0


def total_loss(
    output: NetworkOutput,
    shifts: Tensor,
    spots: Tensor,
    *,
    slicing_frames: Tensor,
    mask: Tensor,
    plan: TrainingPlan,
    max_actions: int | None = None,
    mixture: Mixture | None = None,
) -> Tensor:
    """Eq. (11): spotting loss plus weighted segmentation loss.

    A network without spots has the latter alone; one with displacements has their loss, too. The
    segmentation loss is computed on logits where the network has any.

    Args:
        output: of the network.
        shifts: (chunks, frames, classes).
        spots: (chunks, spots, 2 + classes) targets.
        slicing_frames: (classes, 4).
        mask: (frames,) False where a frame carries no loss; or weights (1, frames, classes).
        plan: weights and variants.
        max_actions: no chunk has more of them; see `spotkick.losses.match_spots`.
        mixture: of the chunks whose sums the network was shown; None without mixup.
    """
    config = plan.loss
    loss = output.scores.new_zeros(())
    if config.segmentation_weight:
        for labels, weights in _label_sets(shifts, mask, mixture):
            loss = loss + config.segmentation_weight * _segmentation_loss(
                output, labels, slicing_frames=slicing_frames, mask=weights, plan=plan
            )

    if output.displacements is not None and config.displacement_weight:
        radius = plan.displacement_radius_frames
        for labels, weights in _label_sets(shifts, mask, mixture):
            own = displacement_loss(output.displacements, labels, radius, weights)
            loss = loss + config.displacement_weight * own

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


def _label_sets(
    shifts: Tensor, mask: Tensor, mixture: Mixture | None
) -> list[tuple[Tensor, Tensor]]:
    """Labels and the weight of each frame: once, or of both chunks of each sum.

    A cross-entropy is linear in its target, so that the two together are that of mixed targets.
    """
    if mixture is None:
        return [(shifts, mask)]

    # (chunks, frames, classes), or (chunks, frames) where all classes are alike.
    weights = mask if mask.ndim > 1 else mask.unsqueeze(0)
    shares = mixture.shares.reshape(-1, *(1,) * (weights.ndim - 1))
    return [
        (shifts, shares * weights),
        (shifts[mixture.partners], (1 - shares) * weights),
    ]


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
