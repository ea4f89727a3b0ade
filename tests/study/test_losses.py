"""The losses of a stack against the public losses, one network at a time."""

import numpy as np
import pytest
import torch

from spotkick.encoding.time_shift import time_shift_encoding
from spotkick.losses import Margins, context_aware_loss_with_logits
from spotkick.losses.per_frame import PerFrameOptions
from spotkick.study.arms import Arm, Settings, draw_settings
from spotkick.study.losses import Distances, StackLoss, choose_shifts
from spotkick.study.network import HeadOutput
from spotkick.study.training import _nearest_actions


def distances_of(mask: np.ndarray) -> Distances:
    """Distances of one period as a batch of one chunk."""
    columns = [_nearest_actions(np.flatnonzero(column), len(mask)) for column in mask.T]
    past, future = (np.stack(part, axis=1) for part in zip(*columns, strict=True))
    return Distances(torch.from_numpy(past)[None], torch.from_numpy(future)[None])


@pytest.mark.parametrize("seed", range(20))
def test_choose_shifts_equals_time_shift_encoding(seed: int) -> None:
    rng = np.random.default_rng(seed)
    mask = rng.random((150, 3)) < rng.choice([0.0, 0.02, 0.1])
    slicing = np.sort(rng.uniform(1, 40, size=(2, 4)), axis=1)
    slicing = np.stack([-slicing[:, 1], -slicing[:, 0], slicing[:, 2], slicing[:, 3]], axis=1)
    per_class = torch.from_numpy(slicing).float().unsqueeze(1).expand(-1, 3, -1)
    found = choose_shifts(distances_of(mask), per_class)
    for network, bounds in enumerate(slicing):
        expected = time_shift_encoding(mask, np.tile(bounds, (3, 1)))
        own = found[0, :, network].numpy()

        # Without any action both are far from one, which is all that the loss looks at.
        empty = ~mask.any(axis=0)
        np.testing.assert_allclose(own[:, ~empty], expected[:, ~empty], atol=1e-3)
        assert (own[:, empty] >= bounds[3]).all()


def test_stack_loss_gradient_is_that_of_each_network_alone() -> None:
    rng = np.random.default_rng(3)
    mask = torch.ones(40, dtype=torch.bool)
    mask[:4] = False
    arms = [
        (Arm("dense", loss), draw_settings(draw, 10.0))
        for loss in ("bce", "gaussian", "focal", "paper", "symmetric")
        for draw in (0, 3)
    ]
    distances = distances_of(rng.random((40, 2)) < 0.05)
    logits = torch.randn(len(arms), 1, 40, 2, requires_grad=True)
    loss = StackLoss(arms, num_classes=2, rate=0.5, mask=mask, offset_radius_frames=3)
    torch.autograd.backward(loss({"dense": HeadOutput(logits)}, distances))
    assert logits.grad is not None

    for number, (arm, settings) in enumerate(arms):
        alone = logits.detach()[number].requires_grad_()
        slicing = torch.tensor(settings.slicing_s(2)) * 0.5
        shifts = choose_shifts(distances, slicing[None])[:, :, 0]
        nearest = distances.nearest
        value = context_aware_loss_with_logits(
            alone,
            shifts if arm.is_context_aware else nearest,
            slicing,
            variant=arm.loss,
            margins=Margins(settings.margin, 1 - settings.margin),
            mask=mask,
            frame_rate=0.5,
            options=PerFrameOptions(
                target_radius_s=settings.length_s,
                target_sigma_s=settings.length_s,
                focal_gamma=settings.gamma,
            ),
            reduction="none",
        )
        if not arm.is_context_aware:
            scaled = nearest / (settings.length_s * 0.5)
            near = torch.exp(-0.5 * scaled**2) if arm.loss == "gaussian" else scaled <= 1
            value = value * (1 + (settings.positive_weight - 1) * near)
        torch.autograd.backward(value.mean())
        assert alone.grad is not None
        torch.testing.assert_close(logits.grad[number], alone.grad, atol=1e-6, rtol=1e-4)


def test_offset_loss_planted_displacement_has_no_gradient() -> None:
    distances = distances_of(np.arange(30)[:, None] == 12)
    mask = torch.ones(30, dtype=torch.bool)
    loss = StackLoss(
        [(Arm("displacement", "bce"), Settings(1e-3, 2.0))],
        num_classes=1,
        rate=1.0,
        mask=mask,
        offset_radius_frames=4,
    )
    right = (12 - torch.arange(30.0)).view(1, 1, 30, 1)
    for offsets, is_zero in ((right, True), (right + 1, False)):
        given = offsets.clone().requires_grad_()
        logits = torch.zeros(1, 1, 30, 1)
        torch.autograd.backward(loss({"displacement": HeadOutput(logits, given)}, distances))
        assert given.grad is not None
        assert bool((given.grad == 0).all()) is is_zero
        assert not given.grad[0, 0, 20:].any()
