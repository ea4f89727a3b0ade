"""Per-frame losses to compare the context-aware loss with: each frame has a target of its own.

A further loss is a function here and a line in `PER_FRAME_LOSSES`; a parameter of it is a field of
`PerFrameOptions`, which is part of the ``[loss]`` table. docs/add-loss.md is the recipe.
"""

from collections.abc import Callable
from typing import Annotated, Final

import torch
from pydantic import Field
from torch import Tensor

from spotkick.configuration import FrozenConfig
from spotkick.losses.log_scores import LogScores

NonNegative = Annotated[float, Field(ge=0)]


class PerFrameOptions(FrozenConfig):
    """Parameters of the per-frame losses, lengths in seconds.

    Attributes:
        target_radius_s: ``bce`` and ``focal``: frames this near to an action count as action.
        target_sigma_s: ``gaussian``: standard deviation of the target around an action.
        focal_gamma: ``focal``: exponent of the focal modulating factor.
    """

    target_radius_s: NonNegative = 0.0
    target_sigma_s: Annotated[float, Field(gt=0)] = 1.0
    focal_gamma: NonNegative = 2.0


PerFrameLoss = Callable[[LogScores, Tensor, PerFrameOptions], Tensor]
"""(log scores, distance in seconds to the action that dominates the frame, options) -> loss, all of
the shape (..., frames, classes). Distances are >= 0."""


def binary_cross_entropy(scores: LogScores, distance_s: Tensor, options: PerFrameOptions) -> Tensor:
    """Cross-entropy with targets that are 1 near an action and 0 elsewhere."""
    return -scores.choose(distance_s <= options.target_radius_s)


def focal_loss(scores: LogScores, distance_s: Tensor, options: PerFrameOptions) -> Tensor:
    """Cross-entropy times the focal modulating factor, (1 - probability of the target) ** gamma.

    Source: Lin et al., ICCV 2017.
    """
    is_action = distance_s <= options.target_radius_s
    cross_entropy = -scores.choose(is_action)
    if not options.focal_gamma:
        return cross_entropy

    # (1 - probability of the target) ** gamma
    modulating = torch.exp(options.focal_gamma * scores.choose(~is_action))
    return modulating * cross_entropy


def gaussian_cross_entropy(
    scores: LogScores, distance_s: Tensor, options: PerFrameOptions
) -> Tensor:
    """Cross-entropy with Gaussian targets, exp(-d^2 / (2 sigma^2)); its least value is not 0.

    The targets of token networks have the same form. They are made in numpy, once per period and
    from positions: `spotkick.commentary.training_data.gaussian_targets`. Here the distances come as
    torch tensors of a batch, on the device of the network.
    """
    target = torch.exp(-0.5 * (distance_s / options.target_sigma_s) ** 2)
    return -(target * scores.log_p + (1 - target) * scores.log_not_p)


PER_FRAME_LOSSES: Final[dict[str, PerFrameLoss]] = {
    "bce": binary_cross_entropy,
    "focal": focal_loss,
    "gaussian": gaussian_cross_entropy,
}
"""Per-frame losses by the name that ``loss.segmentation`` has."""
