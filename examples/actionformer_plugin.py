"""The context-aware loss as the classification loss of an ActionFormer-style per-frame classifier.

ActionFormer (Zhang, Wu, Li: ECCV 2022) gives each frame a score per class and distances to the
start and end of its action. Here the scores are trained with the context-aware loss: two classes,
the starts and the ends of actions. Run it; it needs no data.
"""

import sys
from fractions import Fraction

import numpy as np
import torch
from torch import Tensor, nn

from spotkick.encoding.slicing import ContextSlicing
from spotkick.localization.targets import boundary_shifts
from spotkick.losses import context_aware_loss

FRAMES, DIM, CLASSES = 64, 16, 2
SLICING = ContextSlicing(((-6, -3, 3, 6),) * CLASSES).frames(Fraction(1))  # (classes, K1..K4)


class PerFrameClassifier(nn.Module):
    """Local self-attention blocks and a convolution, as in ActionFormer's first level."""

    def __init__(self) -> None:
        """Build the layers."""
        super().__init__()
        self.embed = nn.Conv1d(DIM, 32, 3, padding=1)
        self.blocks = nn.TransformerEncoder(
            nn.TransformerEncoderLayer(32, 4, 64, 0.0, batch_first=True), 2
        )
        self.classify = nn.Conv1d(32, CLASSES, 3, padding=1)

    def forward(self, features: Tensor) -> Tensor:
        """(batch, frames, dim) to probabilities (batch, frames, classes)."""
        hidden = self.blocks(torch.relu(self.embed(features.transpose(1, 2))).transpose(1, 2))
        return torch.sigmoid(self.classify(hidden.transpose(1, 2)).transpose(1, 2))


def main(steps: int = 150) -> float:
    """Train on planted actions, one per video.

    Returns:
        the part of starts and ends whose video scores highest within 3 frames of them.
    """
    torch.manual_seed(0)
    random = np.random.default_rng(0)

    # (videos, 1, start and end) as parts of the video; features (videos, frames, dim).
    segments = np.sort(random.choice(FRAMES, (8, 2)) / FRAMES, axis=1)[:, None]
    features = torch.from_numpy(random.normal(scale=0.5, size=(8, FRAMES, DIM))).float()
    marks = torch.from_numpy(segments[:, 0] * FRAMES).long()
    for video, (start, end) in enumerate(marks):
        features[video, start, :4] += 3
        features[video, end, 4:8] += 3

    # The targets of the loss: signed distances to the next or former boundary.
    shifts = torch.from_numpy(
        np.stack([boundary_shifts(found, FRAMES, SLICING) for found in segments])
    )
    network, slicing = PerFrameClassifier(), torch.from_numpy(SLICING).float()
    optimizer = torch.optim.Adam(network.parameters(), 3e-3)
    for _ in range(steps):
        optimizer.zero_grad()
        torch.autograd.backward(context_aware_loss(network(features), shifts, slicing))
        optimizer.step()

    distance = (network(features).argmax(dim=1) - marks).abs()
    return float((distance <= 3).float().mean())


if __name__ == "__main__":
    sys.stdout.write(f"{main():.0%} of the starts and ends are found within 3 frames\n")
