"""The loss of displacements, number by number."""

import pytest
import torch

from spotkick.losses import displacement_loss


def make_shifts() -> torch.Tensor:
    """(1, 5, 1): an action at frame 1.25."""
    return (torch.arange(5.0) - 1.25).reshape(1, 5, 1)


def test_displacement_loss_by_hand() -> None:
    shifts, radius = make_shifts(), 2.0
    predicted = torch.zeros((1, 5, 1), requires_grad=True)
    # Errors of the frames within the radius, as shares of it: 1.25, 0.25, -0.75, -1.75, over 2.
    errors = [0.625, 0.125, 0.375, 0.875]
    expected = sum(e**2 / 2 if e <= 0.5 else 0.5 * (e - 0.25) for e in errors) / 5
    found = displacement_loss(predicted, shifts, radius, torch.ones(5))
    assert found.item() == pytest.approx(expected)
    torch.autograd.backward(found)
    assert predicted.grad is not None
    assert predicted.grad[0, 0, 0] < 0 < predicted.grad[0, 2, 0]  # towards the action
    assert predicted.grad[0, 4, 0] == 0


def test_displacement_loss_of_the_exact_answer_is_zero_and_far_frames_are_free() -> None:
    shifts = make_shifts()
    exact = torch.where(shifts.abs() <= 2, -shifts, torch.full((), 1.5))
    assert displacement_loss(exact, shifts, 2.0, torch.ones(5)).item() == 0
    far = torch.full((1, 5, 1), -1e6)
    assert displacement_loss(torch.ones((1, 5, 1)), far, 2.0, torch.ones(5)).item() == 0


def test_displacement_loss_masks_frames_and_weighs_classes() -> None:
    shifts = make_shifts().expand(2, 5, 3)
    predicted = torch.zeros((2, 5, 3))
    whole = displacement_loss(predicted, shifts, 3.0, torch.ones(5))
    first = displacement_loss(predicted, shifts, 3.0, torch.tensor([[1.0] * 5, [0.0] * 5]))
    weighted = displacement_loss(
        predicted, shifts, 3.0, torch.tensor([3.0, 0.0, 0.0]).expand(1, 5, 3)
    )
    assert first.item() == pytest.approx(whole.item() / 2)
    assert weighted.item() == pytest.approx(whole.item())
