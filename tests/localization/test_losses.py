import math

import numpy as np
import pytest
import torch
from torch import Tensor

from spotkick.errors import ConfigError
from spotkick.localization.losses import (
    BmnLosses,
    BmnTargets,
    TemLoss,
    balanced_cross_entropy,
    bmn_losses,
    boundary_loss,
    iou_regression_loss,
)
from spotkick.losses.context_aware import context_aware_loss

SLICING = torch.tensor([[-4.0, -2, 2, 4]] * 2)


def literal_balanced(scores: list[float], positive: list[bool]) -> float:
    """The weighted binary logistic loss with the ratios of the BMN paper."""
    count = len(scores)
    ratio = count / sum(positive)
    weight_negative = 0.5 * ratio / (ratio - 1)
    weight_positive = 0.5 * ratio
    terms = [
        weight_positive * math.log(p + 1e-6)
        if is_positive
        else weight_negative * math.log(1 - p + 1e-6)
        for p, is_positive in zip(scores, positive, strict=True)
    ]
    return -sum(terms) / count


def random_targets(batch: int = 2, steps: int = 6, durations: int = 4) -> BmnTargets:
    generator = torch.Generator().manual_seed(0)
    overlap = torch.rand((batch, steps, 2), generator=generator)
    shifts = torch.randint(-5, 6, (batch, steps, 2), generator=generator).float()
    is_segment = torch.arange(durations)[:, None] + torch.arange(steps) < steps
    return BmnTargets(
        overlap, shifts, torch.rand((batch, durations, steps), generator=generator) * is_segment
    )


def test_balanced_cross_entropy_equals_ratios_of_paper() -> None:
    scores, positive = [0.9, 0.2, 0.6, 0.4, 0.1], [True, False, False, True, False]
    loss = balanced_cross_entropy(torch.tensor(scores), torch.tensor(positive))
    assert loss.item() == pytest.approx(literal_balanced(scores, positive), abs=1e-6)


@pytest.mark.parametrize("value", [True, False])
def test_balanced_cross_entropy_is_finite_with_one_side_only(value: bool) -> None:
    scores = torch.tensor([0.0, 0.5, 1.0], requires_grad=True)
    loss = balanced_cross_entropy(scores, torch.full((3,), value))
    loss.backward()
    assert torch.isfinite(loss)
    assert scores.grad is not None
    assert torch.isfinite(scores.grad).all()


def test_balanced_cross_entropy_uncounted_values_change_nothing() -> None:
    scores, positive = torch.tensor([0.9, 0.2, 0.6]), torch.tensor([True, False, False])
    counted = torch.tensor([True, True, False])
    loss = balanced_cross_entropy(scores, positive, counted)
    torch.testing.assert_close(loss, balanced_cross_entropy(scores[:2], positive[:2]))


def test_boundary_loss_bmn_is_sum_of_branches() -> None:
    targets = random_targets()
    scores = torch.rand(2, 6, 2)
    expected = sum(
        literal_balanced(
            scores[..., side].flatten().tolist(),
            (targets.boundary_overlap[..., side] > 0.5).flatten().tolist(),
        )
        for side in (0, 1)
    )
    assert boundary_loss(scores, targets).item() == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize(
    ("kind", "variant"), [("context_aware", "paper"), ("symmetric", "symmetric")]
)
def test_boundary_loss_context_aware_is_that_of_two_classes(kind: TemLoss, variant: str) -> None:
    targets, scores = random_targets(), torch.rand(2, 6, 2)
    expected = context_aware_loss(scores, targets.shifts, SLICING, variant=variant)  # type: ignore[arg-type]  # a string of the test
    torch.testing.assert_close(boundary_loss(scores, targets, kind, SLICING), expected)


def test_boundary_loss_context_aware_leaves_just_before_free() -> None:
    targets = BmnTargets(torch.zeros(1, 1, 2), torch.full((1, 1, 2), -1.0), torch.zeros(1, 1, 1))
    scores = torch.full((1, 1, 2), 0.2)
    assert boundary_loss(scores, targets, "context_aware", SLICING).item() == 0
    assert boundary_loss(scores, targets, "symmetric", SLICING).item() > 0


def test_boundary_loss_context_aware_without_slicing_is_config_error() -> None:
    with pytest.raises(ConfigError, match="with slicing parameters, got 'symmetric'"):
        boundary_loss(torch.rand(2, 6, 2), random_targets(), "symmetric")


def literal_regression(scores: Tensor, overlaps: Tensor) -> float:
    kept = [
        (p, o)
        for p, o in zip(scores.flatten().tolist(), overlaps.flatten().tolist(), strict=True)
        if o > 0
    ]
    return 0.5 * float(np.mean([(p - o) ** 2 for p, o in kept]))


def test_iou_regression_loss_many_high_overlaps_uses_all() -> None:
    overlaps = torch.tensor([[[0.9, 0.8, 0.95], [0.5, 0.2, 0.0]]])
    scores = torch.rand(1, 2, 3)
    assert iou_regression_loss(scores, overlaps).item() == pytest.approx(
        literal_regression(scores, overlaps), abs=1e-6
    )


def test_iou_regression_loss_draws_equal_numbers() -> None:
    overlaps = torch.cat(
        [
            torch.full((1, 1, 100), 0.8),
            torch.full((1, 1, 4000), 0.5),
            torch.full((1, 1, 9000), 0.1),
        ],
        dim=2,
    )
    errors = torch.cat(
        [
            torch.full((1, 1, 100), 0.0),
            torch.full((1, 1, 4000), 0.1),
            torch.full((1, 1, 9000), 0.2),
        ],
        dim=2,
    )
    losses = [
        iou_regression_loss(overlaps + errors, overlaps, torch.Generator().manual_seed(seed)).item()
        for seed in range(20)
    ]
    expected = 0.5 * (0 + 0.1**2 + 0.2**2) / 3
    assert np.mean(losses) == pytest.approx(expected, rel=0.03)
    assert len(set(losses)) > 1


def test_iou_regression_loss_without_instances_is_zero() -> None:
    assert iou_regression_loss(torch.rand(1, 2, 3), torch.zeros(1, 2, 3)).item() == 0


def test_bmn_losses_same_generator_state_gives_same_loss() -> None:
    targets, boundaries, confidences = random_targets(), torch.rand(2, 6, 2), torch.rand(2, 2, 4, 6)
    first, second = (
        bmn_losses(
            boundaries, confidences, targets, generator=torch.Generator().manual_seed(3)
        ).total()
        for _ in range(2)
    )
    assert first.item() == second.item()


def test_bmn_losses_cells_without_segment_carry_no_loss() -> None:
    targets, boundaries = random_targets(), torch.rand(2, 6, 2)
    confidences = torch.rand(2, 2, 4, 6, requires_grad=True)
    bmn_losses(boundaries, confidences, targets).total().backward()
    outside = torch.arange(4)[:, None] + torch.arange(6) >= 6
    assert confidences.grad is not None
    assert not confidences.grad[:, :, outside].any()
    assert (confidences.grad[:, 1][:, ~outside] != 0).all()


def test_total_weighs_parts_as_paper_does() -> None:
    losses = BmnLosses(torch.tensor(1.0), torch.tensor(2.0), torch.tensor(3.0))
    assert losses.total().item() == 1 + 10 * 2 + 3
    assert losses.total(boundary_weight=4, regression_weight=5).item() == 4 + 10 + 3
