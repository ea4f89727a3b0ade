"""Sharpness-aware minimisation: the gradient at the worst point near the weights, not at them.

Source: Foret et al., "Sharpness-Aware Minimization for Efficiently Improving Generalization", ICLR
2021. Each step computes two gradients, so that it takes twice the time.
"""

from collections.abc import Iterable

import torch
from torch import nn

_SMALLEST_NORM = 1e-12
"""Keeps the step finite where the gradient is zero."""


class SharpnessStep:
    """Moves weights up the gradient, and back again."""

    def __init__(self, parameters: Iterable[nn.Parameter], radius: float) -> None:
        """Args: parameters, that are trained; radius, length of the move, rho of the paper."""
        self._parameters, self._radius = list(parameters), radius
        self._before: list[tuple[nn.Parameter, torch.Tensor]] = []

    @torch.no_grad()
    def climb(self) -> None:
        """Move the weights by the radius along their gradients, which are cleared."""
        moved = [parameter for parameter in self._parameters if parameter.grad is not None]
        gradients = [parameter.grad for parameter in moved if parameter.grad is not None]
        self._before = [(parameter, parameter.clone()) for parameter in moved]

        norm = torch.nn.utils.get_total_norm(gradients).clamp(min=_SMALLEST_NORM)
        for parameter, gradient in zip(moved, gradients, strict=True):
            parameter.add_(gradient * (self._radius / norm))
            parameter.grad = None

    @torch.no_grad()
    def descend(self) -> None:
        """Put the weights back to where they were, bit by bit; the new gradients stay."""
        for parameter, before in self._before:
            parameter.copy_(before)
        self._before = []
