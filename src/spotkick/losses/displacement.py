"""The loss of displacements: how far a frame's estimate of the action's time is off.

Source: Soares et al., "Temporally Precise Action Spotting in Soccer Videos Using Dense Detection
Anchors", ICIP 2022: a Huber loss on shares of the radius.
"""

from typing import Final

from torch import Tensor
from torch.nn import functional

_QUADRATIC_SHARE: Final = 0.5
"""Errors up to this share of the radius count squared, larger ones linearly."""


def displacement_loss(
    displacements: Tensor, shifts: Tensor, radius_frames: float, mask: Tensor
) -> Tensor:
    """Mean over all frames and classes; those further from an action than the radius add 0.

    Args:
        displacements: (chunks, frames, classes) predicted frames from each frame to its action.
        shifts: same shape, frames from the action to each frame; the target is its negative.
        radius_frames: furthest frame that counts.
        mask: (frames,) or (chunks, frames), False where a frame carries no loss; or weights with as
            many axes as the displacements.
    """
    weights = mask if mask.ndim == displacements.ndim else mask.unsqueeze(-1)
    is_near = shifts.abs() <= radius_frames
    errors = functional.huber_loss(
        displacements / radius_frames,
        -shifts / radius_frames,
        reduction="none",
        delta=_QUADRATIC_SHARE,
    )
    # Targets far away are large, and must not turn 0 into NaN.
    return (errors.where(is_near, errors.new_zeros(())) * weights).mean()
