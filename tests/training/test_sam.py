"""Sharpness-aware steps against the formula of the paper."""

import torch
from torch import nn

from spotkick.training.sam import SharpnessStep


def test_climb_moves_along_the_gradient_by_the_radius_and_descend_returns() -> None:
    layer = nn.Linear(3, 2)
    unused = nn.Parameter(torch.ones(1))
    before = {name: value.clone() for name, value in layer.state_dict().items()}
    step = SharpnessStep([*layer.parameters(), unused], radius=0.25)

    torch.autograd.backward((layer(torch.tensor([[1.0, 2.0, 3.0]])) ** 2).sum())
    gradients = {name: value.grad.clone() for name, value in layer.named_parameters()}
    norm = torch.cat([value.flatten() for value in gradients.values()]).norm()
    step.climb()
    for name, value in layer.named_parameters():
        torch.testing.assert_close(value.detach(), before[name] + 0.25 * gradients[name] / norm)
        assert value.grad is None

    # The gradient at the raised point stays, the weights return.
    torch.autograd.backward((layer(torch.tensor([[1.0, 2.0, 3.0]])) ** 2).sum())
    step.descend()
    for name, value in layer.named_parameters():
        assert torch.equal(value.detach(), before[name])
        assert not torch.equal(value.grad, gradients[name])
    assert unused.item() == 1


def test_climb_zero_gradient_moves_nothing() -> None:
    layer = nn.Linear(2, 1)
    before = layer.weight.clone()
    torch.autograd.backward(0 * layer(torch.ones((1, 2))).sum())
    SharpnessStep(layer.parameters(), radius=1.0).climb()
    assert torch.equal(layer.weight, before)
