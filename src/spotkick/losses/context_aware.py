"""The context-aware segmentation loss, Eqs. (1)-(9), and its variants.

Every case of the paper has the form -ln(a + b p), where a and b depend on the time shift alone. So
the loss of a whole batch is two tensors of coefficients and one logarithm, without a loop over
frames, classes or cases. On logits z the same is -ln(a sigmoid(-z) + (a + b) sigmoid(z)), one
`logaddexp` whose gradient is exact for every z.
"""

from collections.abc import Sequence
from fractions import Fraction
from typing import Final, Literal, NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from spotkick.encoding.slicing import ContextSlicing
from spotkick.errors import ConfigError
from spotkick.losses.log_scores import LogScores, clamp_scores, to_exact
from spotkick.losses.per_frame import PER_FRAME_LOSSES, PerFrameOptions
from spotkick.timeline import parse_frame_rate

CONTEXT_VARIANTS: Final = ("paper", "tf_legacy", "symmetric")
"""``paper``: Eqs. (1)-(9). ``tf_legacy``: cases (4) and (5) as in the authors' TensorFlow code.
``symmetric``: case (3) mirrors case (4), as in the authors' replay-grounding code."""

Reduction = Literal["mean", "sum", "none"]
"""``mean`` divides by the number of all frames and classes, masked ones included, as Eq. (9) does;
``sum``; ``none`` keeps the shape of the scores."""

Slicing = Tensor | npt.NDArray[np.floating] | Sequence[Sequence[float]] | ContextSlicing
"""K1..K4: (classes, 4) in frames as a tensor, an array or rows, or in seconds with a rate."""

_ROUNDING: Final = 1e-4
"""Scores may lie this far outside [0, 1], as low precision leaves them."""


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


def segmentation_losses() -> tuple[str, ...]:
    """Names of all segmentation losses: context-aware variants, and per-frame losses."""
    return (*CONTEXT_VARIANTS, *PER_FRAME_LOSSES)


def context_aware_loss(
    scores: Tensor,
    shifts: Tensor,
    slicing: Slicing,
    *,
    variant: str = "paper",
    margins: Margins = DEFAULT_MARGINS,
    mask: Tensor | None = None,
    frame_rate: Fraction | float | None = None,
    options: PerFrameOptions | None = None,
    target_radius_frames: float | None = None,
    focal_gamma: float | None = None,
    reduction: Reduction = "mean",
) -> Tensor:
    """Penalise each frame's score by how far in time it lies from the action that dominates it.

    Prefer `context_aware_loss_with_logits` wherever the scores are sigmoids: scores that have
    reached 0 or 1 are clamped, and their gradient is that of the clamped value.

    Args:
        scores: (..., frames, classes) in [0, 1], high where an action is; any float type, evaluated
            in float32 or better.
        shifts: same shape, time shifts in frames as of
            `spotkick.encoding.time_shift.time_shift_encoding`.
        slicing: (classes, 4), K1..K4 in frames; or a `ContextSlicing`, which is in seconds and
            needs ``frame_rate``.
        variant: a name of `segmentation_losses`.
        margins: tau_min and tau_max of Eqs. (7) and (8).
        mask: False where a frame carries no loss: (frames,) or any shape that broadcasts to the
            scores without classes; or weights with as many axes as the scores.
        frame_rate: frames per second, for a `ContextSlicing` and for lengths in ``options``, which
            are in frames without it.
        options: parameters of per-frame losses.
        target_radius_frames: shorthand for the radius in ``options``, in frames.
        focal_gamma: shorthand for the exponent in ``options``.
        reduction: see `Reduction`.

    Raises:
        ConfigError: if shapes disagree, the variant or the reduction is unknown, K1..K4 are out of
            order, or scores lie outside [0, 1] (values are checked on the CPU only).

    Source: CALF paper, Eqs. (1)-(9).

    Example:
        >>> p = torch.tensor([[[0.5]]])
        >>> K = torch.tensor([[-40.0, -20.0, 120.0, 180.0]])
        >>> round(context_aware_loss(p, torch.tensor([[[30.0]]]), K).item(), 6)
        0.364643
    """
    bounds = _check_arguments(scores, shifts, slicing, variant=variant, frame_rate=frame_rate)
    _check_scores(scores)
    if variant in PER_FRAME_LOSSES:
        rate = float(frame_rate or 1)
        chosen = _merge_options(options, target_radius_frames, focal_gamma, rate=rate)
        found = LogScores.from_scores(scores)
        loss = PER_FRAME_LOSSES[variant](found, shifts.abs() / rate, chosen)
    else:
        p = clamp_scores(scores)
        a, b, margin = _work_out_coefficients(shifts.to(p.dtype), bounds.to(p), variant, margins)
        loss = torch.relu(margin - torch.log(a + b * p))
    return _reduce_loss(loss, mask, reduction)


def context_aware_loss_with_logits(
    logits: Tensor,
    shifts: Tensor,
    slicing: Slicing,
    *,
    variant: str = "paper",
    margins: Margins = DEFAULT_MARGINS,
    mask: Tensor | None = None,
    frame_rate: Fraction | float | None = None,
    options: PerFrameOptions | None = None,
    target_radius_frames: float | None = None,
    focal_gamma: float | None = None,
    reduction: Reduction = "mean",
) -> Tensor:
    """`context_aware_loss` of sigmoid(logits), with the true gradient for every logit.

    Args:
        logits: (..., frames, classes), any float type, evaluated in float32 or better.
        shifts: see `context_aware_loss`, as all that follows.
        slicing: same.
        variant: same.
        margins: same.
        mask: same.
        frame_rate: same.
        options: same.
        target_radius_frames: same.
        focal_gamma: same.
        reduction: same.

    Raises:
        ConfigError: see `context_aware_loss`.

    Source: CALF paper, Eqs. (1)-(9).

    Example:
        >>> z = torch.tensor([[[-80.0]]], requires_grad=True)
        >>> K = torch.tensor([[-40.0, -20.0, 120.0, 180.0]])
        >>> loss = context_aware_loss_with_logits(z, torch.tensor([[[0.0]]]), K)
        >>> loss.backward()
        >>> round(loss.item(), 3), z.grad.item()
        (79.895, -1.0)
    """
    bounds = _check_arguments(logits, shifts, slicing, variant=variant, frame_rate=frame_rate)
    scores = LogScores.from_logits(logits)
    if variant in PER_FRAME_LOSSES:
        rate = float(frame_rate or 1)
        chosen = _merge_options(options, target_radius_frames, focal_gamma, rate=rate)
        loss = PER_FRAME_LOSSES[variant](scores, shifts.abs() / rate, chosen)
    else:
        exact = to_exact(logits)
        a, b, margin = _work_out_coefficients(
            shifts.to(exact.dtype), bounds.to(exact), variant, margins
        )
        loss = torch.relu(margin - _log_of_line(a, b, scores))
    return _reduce_loss(loss, mask, reduction)


def _log_of_line(constant: Tensor, slope: Tensor, scores: LogScores) -> Tensor:
    """ln(a + b p) = ln(a (1 - p) + (a + b) p), from logarithms of p and 1 - p."""
    at_zero = torch.log(constant) + scores.log_not_p
    at_one = torch.log((constant + slope).clamp(min=0)) + scores.log_p
    # Without a slope the sum is constant up to rounding; it must not leak into the gradient.
    return torch.where(slope == 0, torch.log(constant), torch.logaddexp(at_zero, at_one))


def _work_out_coefficients(
    shifts: Tensor, slicing_frames: Tensor, variant: str, margins: Margins
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

    # The variants change cases (3), (4) and (5).
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

    # Eqs. (7) and (8), made on the device: nothing is copied to it in a step.
    margin_high = shifts.new_full((), margins.high).log()
    margin_low = shifts.new_full((), margins.low).neg().log1p()
    return _Coefficients(constant, slope, torch.where(wants_high, margin_high, margin_low))


def _check_arguments(
    values: Tensor,
    shifts: Tensor,
    slicing: Slicing,
    *,
    variant: str,
    frame_rate: Fraction | float | None,
) -> Tensor:
    """K1..K4 in frames as a tensor (classes, 4)."""
    _require_tensors(values, shifts)
    bounds = _slicing_tensor(slicing, frame_rate)
    if values.shape != shifts.shape or bounds.shape != (values.shape[-1], 4):
        raise ConfigError(
            "the loss needs scores and shifts of one shape (..., frames, classes) and slicing of "
            f"shape (classes, 4), got {tuple(values.shape)}, {tuple(shifts.shape)} and "
            f"{tuple(bounds.shape)}"
        )
    if variant not in segmentation_losses():
        raise ConfigError(
            f"segmentation loss must be one of {', '.join(segmentation_losses())}, got '{variant}'"
        )

    # A comparison on a GPU would wait for it in every step.
    if bounds.device.type == "cpu":
        k1, k2, k3, k4 = bounds.unbind(-1)
        if not bool(((k1 <= k2) & (k2 < 0) & (k3 > 0) & (k3 <= k4)).all()):
            raise ConfigError(
                f"slicing needs K1 <= K2 < 0 < K3 <= K4 for each class, got {bounds.tolist()}"
            )
    return bounds


def _slicing_tensor(slicing: Slicing, frame_rate: Fraction | float | None) -> Tensor:
    if isinstance(slicing, Tensor):
        return slicing
    if isinstance(slicing, ContextSlicing):
        if frame_rate is None:
            raise ConfigError(
                "a ContextSlicing is in seconds and the shifts are in frames; give frame_rate"
            )
        slicing = slicing.frames(parse_frame_rate(frame_rate))
    return torch.from_numpy(np.asarray(slicing, dtype=np.float64))


def _merge_options(
    options: PerFrameOptions | None,
    target_radius_frames: float | None,
    focal_gamma: float | None,
    *,
    rate: float,
) -> PerFrameOptions:
    """Options with what the shorthands say."""
    changes: dict[str, float] = {}
    if target_radius_frames is not None:
        changes["target_radius_s"] = target_radius_frames / rate
    if focal_gamma is not None:
        changes["focal_gamma"] = focal_gamma
    chosen = options or PerFrameOptions()
    return chosen.replace(**changes) if changes else chosen


def _require_tensors(values: object, shifts: object) -> None:
    for name, given in (("scores", values), ("shifts", shifts)):
        if not isinstance(given, Tensor):
            raise ConfigError(
                f"{name} must be a torch tensor, got {type(given).__name__}; convert them with "
                "torch.as_tensor"
            )


def _check_scores(scores: Tensor) -> None:
    if scores.device.type != "cpu" or not scores.numel():
        return
    low, high = scores.detach().aminmax()
    if low < -_ROUNDING or high > 1 + _ROUNDING:
        raise ConfigError(
            f"scores must lie in [0, 1], got {low:g} to {high:g}; give logits to "
            "context_aware_loss_with_logits"
        )


def _reduce_loss(loss: Tensor, mask: Tensor | None, reduction: str) -> Tensor:
    """Mask the loss (..., frames, classes), and add it up."""
    if reduction not in ("mean", "sum", "none"):
        raise ConfigError(f"reduction must be mean, sum or none, got '{reduction}'")
    if mask is not None:
        loss = loss * _mask_of_scores(mask, loss)
    if reduction == "none":
        return loss
    return loss.sum() if reduction == "sum" else loss.mean()


def _mask_of_scores(mask: Tensor, loss: Tensor) -> Tensor:
    """The mask with an axis for the classes."""
    per_class = mask if mask.ndim == loss.ndim else mask.unsqueeze(-1)
    sizes = zip(reversed(per_class.shape), reversed(loss.shape), strict=False)
    fits = per_class.ndim <= loss.ndim and all(own in (1, size) for own, size in sizes)
    if not fits:
        raise ConfigError(
            f"the mask must broadcast to {tuple(loss.shape[:-1])} (scores without classes) or to "
            f"the scores, {tuple(loss.shape)}; got {tuple(mask.shape)}"
        )
    return per_class
