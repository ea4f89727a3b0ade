"""The losses on logits: exact values and gradients for every logit, and training that recovers."""

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import mpmath
import numpy as np
import pytest
import torch
from tests.losses import reference
from torch import Tensor

from spotkick.encoding import ContextSlicing
from spotkick.errors import ConfigError
from spotkick.losses import (
    Margins,
    PerFrameOptions,
    context_aware_loss,
    context_aware_loss_with_logits,
    segmentation_losses,
)
from spotkick.losses.log_scores import SCORE_MARGIN

BOUNDS = (-40.0, -20.0, 120.0, 180.0)
SHIFTS = (-60.0, -40, -33, -21, -20, -7, -0.5, 0, 0.25, 31, 119, 120, 133, 179, 180, 300)
LOGITS = (-80.0, -33, -14, -3, -0.1, 0, 0.7, 5, 14, 40, 80)
CONTEXT = ("paper", "tf_legacy", "symmetric")
OFF = Margins(0, 1)


def grid(dtype: torch.dtype = torch.float64) -> tuple[Tensor, Tensor, Tensor]:
    """Every logit with every shift, (logits, shifts, 1)."""
    z = torch.tensor(LOGITS, dtype=dtype)[:, None, None].expand(-1, len(SHIFTS), 1).contiguous()
    s = torch.tensor(SHIFTS, dtype=dtype)[None, :, None].expand_as(z)
    return z, s, torch.tensor([BOUNDS], dtype=dtype)


def exact_loss(z: Any, s: float, variant: str, margins: Margins) -> Any:
    """The equations at sigmoid(z), with hundreds of digits: the reference's formulas on mpmath."""
    p = 1 / (1 + mpmath.exp(-z))
    k1, k2, k3, k4 = BOUNDS
    low, high = mpmath.log(1 - mpmath.mpf(margins.low)), mpmath.log(mpmath.mpf(margins.high))
    if s <= k2 or s >= k3:
        depth = 1.0
        if k1 < s <= k2:
            depth = (k2 - s) / (k2 - k1)
        elif k3 <= s < k4:
            depth = (s - k3) / (k4 - k3)
        line = 1 - depth * p
        if variant == "tf_legacy" and k3 <= s < k4:
            line = 1 - p + (k4 - s) / (k4 - k3)
        return -mpmath.log(line) + low
    if s < 0:
        if variant != "symmetric":
            return mpmath.mpf(0) + low if margins.low else mpmath.mpf(0)
        return -mpmath.log(s / k2 + (1 - s / k2) * p) + high
    rise = s / k3
    line = p + rise if variant == "tf_legacy" else rise + (1 - rise) * p
    return -mpmath.log(line) + high


@pytest.mark.parametrize("variant", CONTEXT)
@pytest.mark.parametrize("margins", [Margins(), OFF])
@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float64, 1e-9), (torch.float32, 3e-5)])
def test_context_aware_loss_with_logits_values_and_gradients_are_exact(
    variant: str, margins: Margins, dtype: torch.dtype, tolerance: float
) -> None:
    mpmath.mp.dps = 200
    z, s, k = grid(dtype)
    z.requires_grad_()
    loss = context_aware_loss_with_logits(
        z, s, k, variant=variant, margins=margins, reduction="none"
    )
    (gradient,) = torch.autograd.grad(loss.sum(), z)
    for row, logit in enumerate(LOGITS):
        for column, shift in enumerate(SHIFTS):
            value = exact_loss(mpmath.mpf(logit), shift, variant, margins)
            slope = mpmath.diff(lambda x, s=shift: exact_loss(x, s, variant, margins), logit)
            expected = max(0.0, float(value))
            expected_slope = float(slope) if value > 0 else 0.0
            where = (variant, logit, shift)
            own, own_slope = loss[row, column, 0].item(), gradient[row, column, 0].item()
            assert own == pytest.approx(expected, rel=tolerance, abs=1e-30 + tolerance / 1e3), where
            # At the margin itself either side is right.
            if abs(float(value)) > 1e-5 or margins == OFF:
                assert own_slope == pytest.approx(expected_slope, rel=tolerance, abs=1e-7), where


@pytest.mark.parametrize("variant", ["bce", "focal", "gaussian"])
@pytest.mark.parametrize("logit", LOGITS)
def test_per_frame_losses_with_logits_are_exact(variant: str, logit: float) -> None:
    mpmath.mp.dps = 200
    options = PerFrameOptions(target_radius_s=2, target_sigma_s=3, focal_gamma=1.5)

    def exact(z: Any, s: float) -> Any:
        p = 1 / (1 + mpmath.exp(-z))
        if variant == "gaussian":
            target = mpmath.exp(-0.5 * mpmath.mpf(s / 3) ** 2)
            return -(target * mpmath.log(p) + (1 - target) * mpmath.log(1 - p))
        right = p if abs(s) <= 2 else 1 - p
        weight = (1 - right) ** 1.5 if variant == "focal" else 1
        return -weight * mpmath.log(right)

    shifts = [-7.0, -2.0, 0.0, 1.0, 2.5, 30.0]
    z = torch.full((len(shifts), 1), logit, dtype=torch.float64, requires_grad=True)
    loss = context_aware_loss_with_logits(
        z,
        torch.tensor(shifts, dtype=torch.float64)[:, None],
        torch.tensor([BOUNDS]),
        variant=variant,
        options=options,
        reduction="none",
    )
    (gradient,) = torch.autograd.grad(loss.sum(), z)
    for index, s in enumerate(shifts):
        assert loss[index].item() == pytest.approx(float(exact(logit, s)), rel=1e-9, abs=1e-30)
        slope = mpmath.diff(lambda x, s=s: exact(x, s), logit)
        assert gradient[index].item() == pytest.approx(float(slope), rel=1e-9, abs=1e-30)


@pytest.mark.parametrize("variant", CONTEXT)
def test_context_aware_loss_with_logits_moderate_logits_equal_the_loss_of_scores(
    variant: str,
) -> None:
    generator = torch.Generator().manual_seed(1)
    z = 3 * torch.randn((4, 50, 3), generator=generator, dtype=torch.float64)
    s = torch.randint(-60, 200, z.shape, generator=generator).double()
    k = torch.tensor([BOUNDS, (-5, -2, 3, 4), (-1, -1, 1, 1)], dtype=torch.float64)
    on_logits = context_aware_loss_with_logits(z, s, k, variant=variant, reduction="none")
    on_scores = context_aware_loss(z.sigmoid(), s, k, variant=variant, reduction="none")
    torch.testing.assert_close(on_logits, on_scores, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(("logit", "shift", "slope"), [(-14.0, 0.0, -1.0), (14.0, 300.0, 1.0)])
@pytest.mark.parametrize("variant", ["paper", "tf_legacy", "symmetric", "bce"])
def test_context_aware_loss_with_logits_wrong_and_sure_has_the_full_gradient(
    variant: str, logit: float, shift: float, slope: float
) -> None:
    z = torch.tensor([[logit]], requires_grad=True)
    context_aware_loss_with_logits(
        z, torch.tensor([[shift]]), torch.tensor([BOUNDS]), variant=variant
    ).backward()
    assert z.grad is not None
    assert z.grad.item() == pytest.approx(slope, abs=1e-4)


@pytest.mark.parametrize("variant", ["paper", "tf_legacy", "symmetric", "bce", "focal", "gaussian"])
@pytest.mark.parametrize(("score", "shift"), [(0.0, 0.0), (1e-9, 0.0), (1.0, 300.0)])
def test_context_aware_loss_clamped_scores_pass_their_gradient(
    variant: str, score: float, shift: float
) -> None:
    p = torch.tensor([[score]], dtype=torch.float64, requires_grad=True)
    loss = context_aware_loss(p, torch.tensor([[shift]]), torch.tensor([BOUNDS]), variant=variant)
    loss.backward()
    assert p.grad is not None
    expected_sign = -1 if shift == 0 else 1
    assert math.copysign(1, p.grad.item()) == expected_sign
    assert abs(p.grad.item()) > 0.5 / SCORE_MARGIN


def test_context_aware_loss_scores_inside_are_not_changed_by_the_clamp() -> None:
    p = torch.linspace(2e-6, 1 - 2e-6, 500)[:, None]
    s = torch.zeros_like(p)
    own = context_aware_loss(p, s, torch.tensor([BOUNDS]), margins=OFF, reduction="none")
    assert torch.equal(own, torch.relu(-torch.log(p)))


@pytest.mark.parametrize("variant", ["paper", "symmetric", "bce"])
def test_context_aware_loss_with_logits_overshot_head_comes_back(variant: str) -> None:
    # One logit per frame that starts wrong and sure everywhere.
    s = torch.full((40, 1), 300.0)
    s[10:12] = 0
    z = torch.full((40, 1), -60.0)
    z[20:] = 60
    z.requires_grad_()
    optimizer = torch.optim.SGD([z], lr=200.0)
    for _ in range(40):
        optimizer.zero_grad()
        context_aware_loss_with_logits(z, s, torch.tensor([BOUNDS]), variant=variant).backward()
        optimizer.step()
    p = z.sigmoid().detach()
    assert p[10:12].min() > 0.85
    assert p[12:].max() < 0.15


# What the functions accept and refuse.


def arguments() -> tuple[Tensor, Tensor]:
    return torch.full((2, 6, 2), 0.5), torch.arange(-3.0, 3)[None, :, None].expand(2, 6, 2)


def test_slicing_every_form_gives_the_same_loss() -> None:
    p, s = arguments()
    seconds = ContextSlicing(((-2, -1, 3, 4), (-1, -0.5, 0.5, 1)))
    array = seconds.frames(Fraction(25, 2))
    expected = context_aware_loss(p, s, torch.from_numpy(array))
    assert context_aware_loss(p, s, array) == expected
    assert context_aware_loss(p, s, array.astype(np.float32)) == pytest.approx(expected.item())
    for rate in (Fraction(25, 2), 12.5):
        assert context_aware_loss(p, s, seconds, frame_rate=rate) == expected
    with pytest.raises(ConfigError, match=r"in seconds.*give frame_rate"):
        context_aware_loss(p, s, seconds)


def test_slicing_out_of_order_is_refused() -> None:
    p, s = arguments()
    for wrong in ([-1, -2, 1, 2], [1, 2, 3, 4], [-2, -1, 2, 1], [-2, 0, 1, 2]):
        with pytest.raises(ConfigError, match="K1 <= K2 < 0 < K3 <= K4"):
            context_aware_loss_with_logits(p, s, torch.tensor([wrong, [-2.0, -1, 1, 2]]))


def test_scores_outside_0_to_1_point_to_the_logits() -> None:
    p, s = arguments()
    k = torch.tensor([BOUNDS, BOUNDS])
    for wrong in (p - 3, p + 3):
        with pytest.raises(ConfigError, match="give logits to context_aware_loss_with_logits"):
            context_aware_loss(wrong, s, k)
    assert context_aware_loss(p * 2 + 1e-6, s, k) == 0  # rounding is no mistake


@pytest.mark.parametrize("function", [context_aware_loss, context_aware_loss_with_logits])
def test_unknown_reductions_and_variants_list_the_known(function: Any) -> None:
    p, s = arguments()
    k = torch.tensor([BOUNDS, BOUNDS])
    with pytest.raises(ConfigError, match="reduction must be mean, sum or none, got 'avg'"):
        function(p, s, k, reduction="avg")
    with pytest.raises(ConfigError, match="paper, tf_legacy, symmetric, bce, focal, gaussian"):
        function(p, s, k, variant="dice")
    assert set(segmentation_losses()) >= {"paper", "gaussian"}


@pytest.mark.parametrize("shape", [(6,), (2, 6), (1, 6), (2, 6, 2)])
def test_mask_of_any_fitting_shape_and_type_counts(shape: tuple[int, ...]) -> None:
    p, s = arguments()
    k = torch.tensor([BOUNDS, BOUNDS])
    mask = torch.arange(math.prod(shape)).reshape(shape) % 2 == 0
    full = mask if len(shape) == 3 else mask.expand(2, 6)[..., None].expand(2, 6, 2)
    expected = context_aware_loss(p, s, k, reduction="none") * full
    for given in (mask, mask.float(), mask.long()):
        assert torch.equal(context_aware_loss(p, s, k, mask=given, reduction="none"), expected)


@pytest.mark.parametrize("shape", [(5,), (3, 6), (2, 6, 3), (6, 2, 1), (1, 2, 6)])
def test_mask_that_does_not_fit_names_both_shapes(shape: tuple[int, ...]) -> None:
    p, s = arguments()
    with pytest.raises(ConfigError, match="the mask must broadcast") as caught:
        context_aware_loss(p, s, torch.tensor([BOUNDS, BOUNDS]), mask=torch.ones(shape))
    assert str(tuple(shape)) in str(caught.value)


def test_reference_formulas_agree_with_the_transcription() -> None:
    mpmath.mp.dps = 50
    for variant in CONTEXT:
        for z in (-2.0, 0.5, 3.0):
            for s in SHIFTS:
                p = 1 / (1 + math.exp(-z))
                slow = reference.segmentation(p, s, BOUNDS, (0.1, 0.9), variant)  # type: ignore[arg-type]
                exact = exact_loss(mpmath.mpf(z), s, variant, Margins())
                assert max(0.0, float(exact)) == pytest.approx(slow, abs=1e-12)


@pytest.mark.parametrize("loss", [context_aware_loss, context_aware_loss_with_logits])
def test_context_aware_loss_arrays_are_refused_in_one_line(
    loss: Callable[..., torch.Tensor],
) -> None:
    shifts = torch.zeros(4, 1)
    with pytest.raises(ConfigError, match="scores must be a torch tensor, got ndarray"):
        loss(shifts.numpy(), shifts, torch.tensor([BOUNDS]))
    with pytest.raises(ConfigError, match="shifts must be a torch tensor, got list"):
        loss(shifts, shifts.tolist(), torch.tensor([BOUNDS]))
