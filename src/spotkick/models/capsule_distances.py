"""Distance of capsules of sigmoids to the point (1/2, ..., 1/2), with its gradient."""

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable


def measure_distances(logits: Tensor, floor: float) -> Tensor:
    """Distance of the sigmoids of each capsule to its target, in units of the longest.

    Args:
        logits: (..., capsule_dim, classes).
        floor: added under the square root, so that the gradient stays finite.

    Returns:
        (..., classes) in [0, 1].
    """
    result: Tensor = _Distances.apply(logits, floor)  # type: ignore[no-untyped-call]  # torch leaves apply untyped
    return result


class _Distances(torch.autograd.Function):
    """The sigmoid's slope is 1/4 - o^2 at the offset o from 1/2, so that offsets alone are kept."""

    @staticmethod
    def forward(ctx: Any, logits: Tensor, floor: float) -> Tensor:
        offsets = torch.sigmoid(logits).sub_(0.5)
        roots = offsets.square().sum(dim=-2).add_(floor).sqrt_()
        ctx.save_for_backward(offsets, roots)
        # Rounding takes some capsule sizes past 1.
        return (roots * _unit_length(offsets)).clamp_(max=1)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None]:
        offsets, roots = ctx.saved_tensors
        unit = _unit_length(offsets)
        slopes = grad * unit / roots * (roots * unit <= 1)
        to_logits = offsets.square().neg_().add_(0.25)
        return to_logits.mul_(offsets).mul_(slopes.unsqueeze(-2)), None


def _unit_length(offsets: Tensor) -> float:
    """One over the longest distance, of a corner of the cube."""
    return float(2 / offsets.shape[-2] ** 0.5)
