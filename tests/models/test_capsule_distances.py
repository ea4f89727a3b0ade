"""Distances of capsules: values and gradients of the formula, spelled out."""

import pytest
import torch

from spotkick.models.capsule_distances import measure_distances


def test_measure_distances_equals_the_formula_with_its_gradient() -> None:
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn((4, 2, 5, 3), generator=generator, dtype=torch.float64).requires_grad_()
    own = measure_distances(logits, 1e-12)
    squared = ((torch.sigmoid(logits) - 0.5) ** 2).sum(dim=2)
    expected = (2 / 5**0.5 * torch.sqrt(squared + 1e-12)).clamp(max=1)
    torch.testing.assert_close(own, expected, rtol=1e-14, atol=0)
    probe = torch.randn(own.shape, generator=generator, dtype=torch.float64)
    torch.testing.assert_close(
        torch.autograd.grad(own, logits, probe), torch.autograd.grad(expected, logits, probe)
    )


def test_measure_distances_at_target_and_corner_has_a_finite_gradient() -> None:
    logits = torch.tensor([0.0, 1e4]).reshape(2, 1, 1).expand(2, 7, 1).clone().requires_grad_()
    distances = measure_distances(logits, 1e-12)
    torch.autograd.backward(distances.sum())
    assert distances.flatten().tolist() == pytest.approx([0, 1], abs=2e-6)
    assert distances.max() <= 1
    assert logits.grad is not None
    assert torch.equal(logits.grad, torch.zeros_like(logits))
