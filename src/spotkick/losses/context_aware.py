"""The context-aware segmentation loss, Eqs. (1)-(9), its variants, and per-frame losses to compare it with.

Every case of the paper has the form -ln(a + b p), where a and b depend on the time shift alone. So
the loss of a whole batch is two tensors of coefficients and one logarithm, without a loop over
frames, classes or cases.
"""

from typing import Final, Literal, NamedTuple

import torch
from torch import Tensor

from spotkick.errors import ConfigError

SegmentationLoss = Literal["paper", "tf_legacy", "symmetric", "bce", "focal"]
"""``paper``: Eqs. (1)-(9). ``tf_legacy``: cases (4) and (5) as in the authors' TensorFlow code. ``symmetric``: case (3) mirrors
case (4), as in the authors' replay-grounding code. ``bce``, ``focal``: an action frame is 1, every
other frame 0."""

SCORE_MARGIN: Final = 1e-6
"""Scores are kept this far from 0 and 1, so that no logarithm overflows in float32."""


class Margins(NamedTuple):
    """Scores beyond which a frame is good enough: tau_min and tau_max.

    (0, 1) switches the margins off (the paper's ablation iii).
    """

    low: float = 0.1
    high: float = 0.9


DEFAULT_MARGINS: Final = Margins()
"""Source: CALF paper, section 4.1."""


class _Coefficients(NamedTuple):
    """Loss = max(0, margin - ln(constant + slope * p)), tensors of the shape of the shifts."""

    constant: Tensor
    slope: Tensor
    margin: Tensor


def context_aware_loss(
    scores: Tensor,
    shifts: Tensor,
    slicing_frames: Tensor,
    *,
    variant: SegmentationLoss = "paper",
    margins: Margins = DEFAULT_MARGINS,
    mask: Tensor | None = None,
    target_radius_frames: float = 0,
    focal_gamma: float = 2.0,
    reduction: Literal["mean", "sum", "none"] = "mean",
) -> Tensor:
    """Penalise each frame's score by how far in time it lies from the action that dominates it.

    Args:
        scores: (..., frames, classes) in [0, 1], high where an action is; any float type, evaluated
            in float32 or better.
        shifts: same shape, time shifts in frames as of
            `spotkick.encoding.time_shift.time_shift_encoding`.
        slicing_frames: (classes, 4), K1..K4 in frames.
        variant: see `SegmentationLoss`.
        margins: tau_min and tau_max of Eqs. (7) and (8).
        mask: (frames,) or any shape that broadcasts to the scores without classes, False where a
            frame carries no loss.
        target_radius_frames: ``bce`` and ``focal`` only: frames up to this far from an action count
            as action frames.
        focal_gamma: ``focal`` only.
        reduction: ``mean`` divides by the number of all frames and classes, masked ones included,
            as Eq. (9) does; ``sum``; ``none`` keeps the shape of the scores.

    Raises:
        ConfigError: if shapes disagree or the variant is unknown.

    Source: CALF paper, Eqs. (1)-(9); focal loss: Lin et al., ICCV 2017.

    Example:
        >>> p = torch.tensor([[[0.5]]])
        >>> K = torch.tensor([[-40.0, -20.0, 120.0, 180.0]])
        >>> round(context_aware_loss(p, torch.tensor([[[30.0]]]), K).item(), 6)
        0.364643
    """
    if scores.shape != shifts.shape or slicing_frames.shape != (scores.shape[-1], 4):
        raise ConfigError(
            f"the loss needs scores and shifts of one shape (..., frames, classes) and slicing of shape (classes, 4), "
            f"got {tuple(scores.shape)}, {tuple(shifts.shape)} and {tuple(slicing_frames.shape)}"
        )
    exact = scores if scores.dtype == torch.float64 else scores.float()
    p = exact.clamp(SCORE_MARGIN, 1 - SCORE_MARGIN)
    if variant in ("bce", "focal"):
        loss = _per_frame_loss(
            p, shifts.abs() <= target_radius_frames, focal_gamma if variant == "focal" else 0.0
        )
    else:
        constant, slope, margin = _coefficients(
            shifts.to(p.dtype), slicing_frames.to(p), variant, margins
        )
        loss = torch.relu(margin - torch.log(constant + slope * p))
    if mask is not None:
        loss = loss * mask.unsqueeze(-1)
    if reduction == "none":
        return loss
    return loss.sum() if reduction == "sum" else loss.mean()


def _coefficients(
    shifts: Tensor, slicing_frames: Tensor, variant: SegmentationLoss, margins: Margins
) -> _Coefficients:
    k1, k2, k3, k4 = slicing_frames.unbind(-1)
    # Where a transition has no width (the paper's ablation ii) it is a step; any positive width
    # serves as divisor.
    width_before = torch.where(k2 > k1, k2 - k1, torch.ones_like(k1))
    width_after = torch.where(k4 > k3, k4 - k3, torch.ones_like(k4))
    depth_before = torch.where(shifts <= k1, 1.0, ((k2 - shifts) / width_before).clamp(0, 1))
    depth_after = torch.where(shifts >= k4, 1.0, ((shifts - k3) / width_after).clamp(0, 1))
    rise = (shifts / k3).clamp(max=1)
    before, just_after = shifts < 0, (shifts >= 0) & (shifts < k3)

    # Cases (1), (2), (3) before the action; (4) just after; (5), (6) later.
    constant = torch.where(just_after, rise, 1.0)
    slope = torch.where(just_after, 1 - rise, -torch.where(before, depth_before, depth_after))
    wants_high = just_after
    if variant == "tf_legacy":
        in_transition = (shifts >= k3) & (shifts < k4)
        slope = torch.where(just_after | in_transition, torch.where(just_after, 1.0, -1.0), slope)
        constant = torch.where(in_transition, 2 - depth_after, constant)
    elif variant == "symmetric":
        just_before = before & (shifts > k2)
        fall = (shifts / k2).clamp(max=1)
        constant = torch.where(just_before, fall, constant)
        slope = torch.where(just_before, 1 - fall, slope)
        wants_high = just_after | just_before
    elif variant != "paper":
        raise ConfigError(
            f"segmentation loss must be paper, tf_legacy, symmetric, bce or focal, got '{variant}'"
        )
    margin_high = torch.tensor(margins.high, dtype=shifts.dtype, device=shifts.device).log()
    margin_low = torch.tensor(margins.low, dtype=shifts.dtype, device=shifts.device).neg().log1p()
    return _Coefficients(constant, slope, torch.where(wants_high, margin_high, margin_low))


def _per_frame_loss(p: Tensor, is_action: Tensor, gamma: float) -> Tensor:
    likelihood = torch.where(is_action, p, 1 - p)
    return -((1 - likelihood) ** gamma) * torch.log(likelihood) if gamma else -torch.log(likelihood)
