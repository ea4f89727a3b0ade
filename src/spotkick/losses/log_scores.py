"""Scores as losses need them: ln p and ln(1 - p), without overflow and with a gradient everywhere.

From logits both are exact, and so are their gradients, however large the logit is. Networks without
logits give scores; these are kept away from 0 and 1 by a clamp that lets the gradient pass.
"""

from typing import Final, NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

SCORE_MARGIN: Final = 1e-6
"""Scores are kept this far from 0 and 1, so that no logarithm overflows in float32."""


class LogScores(NamedTuple):
    """Logarithms of scores, each of the shape of the scores.

    Attributes:
        log_p: ln p.
        log_not_p: ln(1 - p).
    """

    log_p: Tensor
    log_not_p: Tensor

    @classmethod
    def from_logits(cls, logits: Tensor) -> "LogScores":
        """Of p = sigmoid(logits), in float32 or better."""
        exact = to_exact(logits)
        return cls(functional.logsigmoid(exact), functional.logsigmoid(-exact))

    @classmethod
    def from_scores(cls, scores: Tensor) -> "LogScores":
        """Of scores in [0, 1]; see `clamp_scores`."""
        p = clamp_scores(scores)
        return cls(torch.log(p), torch.log(1 - p))

    def choose(self, wants_high: Tensor) -> Tensor:
        """Logarithm of the likelihood of the right answer.

        Args:
            wants_high: bool, True where the score should be high.
        """
        return torch.where(wants_high, self.log_p, self.log_not_p)


def clamp_scores(scores: Tensor) -> Tensor:
    """Scores between `SCORE_MARGIN` and 1 - `SCORE_MARGIN`, in float32 or better.

    The gradient passes as if nothing were clamped: a score that has reached 0 or 1 by mistake can
    come back.
    """
    exact = to_exact(scores)
    if scores.dtype == torch.float16 and exact.requires_grad:
        limit = torch.finfo(torch.float16).max
        # Half precision ends at 65504.
        exact.register_hook(  # type: ignore[no-untyped-call]  # torch leaves it untyped
            lambda gradient: gradient.clamp(-limit, limit)
        )
    clamped = exact.detach().clamp(SCORE_MARGIN, 1 - SCORE_MARGIN)
    return exact + (clamped - exact.detach())


def to_exact(values: Tensor) -> Tensor:
    """Float32, or float64 as it is."""
    return values if values.dtype == torch.float64 else values.float()
