"""A literal transcription of the CALF specification.

Conv2d layers, a loss of six masked terms, matching by loops.

The yardstick that benchmarks/training_step.py measures against. It is written to be close to the
text, not to be fast.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional


class LiteralCalf(nn.Module):
    """Every layer as a Conv2d on (batch, channels, frames, 1), each temporal kernel on its own."""

    def __init__(
        self,
        num_classes: int = 3,
        num_spots: int = 5,
        dim: int = 512,
        chunk: int = 240,
        capsule: int = 16,
        r: int = 80,
    ) -> None:
        """Args: sizes in the paper's symbols."""
        super().__init__()
        self.num_classes, self.num_spots, self.capsule, self.chunk = (
            num_classes,
            num_spots,
            capsule,
            chunk,
        )
        self.conv_1 = nn.Conv2d(1, 128, (1, dim))
        self.conv_2 = nn.Conv2d(128, 32, (1, 1))
        self.kernels = [-(-r // 7), -(-r // 3), -(-r // 2), r]
        self.pyramid = nn.ModuleList(
            nn.Conv2d(32, w, (k, 1)) for w, k in zip((8, 16, 32, 64), self.kernels, strict=True)
        )
        self.conv_seg = nn.Conv2d(152, capsule * num_classes, (3, 1))
        self.batch_seg = nn.BatchNorm2d(chunk, eps=1e-3, momentum=0.01)
        self.conv_spot_1 = nn.Conv2d(num_classes * (capsule + 1), 32, (3, 1))
        self.conv_spot_2 = nn.Conv2d(32, 16, (3, 1))
        flat = 16 * self._pooled(chunk)
        self.conv_conf = nn.Conv2d(flat, 2 * num_spots, (1, 1))
        self.conv_class = nn.Conv2d(flat, num_classes * num_spots, (1, 1))

    @staticmethod
    def _pooled(frames: int) -> int:
        for _ in range(3):
            frames = (frames - 3) // 2 + 1
        return frames

    @staticmethod
    def _pad(values: Tensor, kernel: int) -> Tensor:
        left = (kernel - 1) // 2
        return functional.pad(values, (0, 0, left, kernel - 1 - left))

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """Scores (batch, frames, classes) and spots (batch, spots, 2 + classes)."""
        hidden = functional.relu(self.conv_2(functional.relu(self.conv_1(features.unsqueeze(1)))))
        levels = [
            functional.relu(conv(self._pad(hidden, k)))
            for conv, k in zip(self.pyramid, self.kernels, strict=True)
        ]
        capsules = self.conv_seg(self._pad(torch.cat([hidden, *levels], 1), 3))
        shaped = capsules.permute(0, 2, 3, 1).reshape(
            len(features), self.chunk, self.capsule, self.num_classes
        )
        sigmoids = torch.sigmoid(self.batch_seg(shaped))
        distance = (
            2
            / self.capsule**0.5
            * torch.sqrt(torch.sum(torch.square(sigmoids - 0.5), dim=2) + 1e-12)
        )
        scores = 1 - distance
        joined = functional.relu(torch.cat([capsules, scores.permute(0, 2, 1).unsqueeze(-1)], 1))
        hidden = functional.max_pool2d(joined, (3, 1), (2, 1))
        hidden = functional.max_pool2d(
            functional.relu(self.conv_spot_1(self._pad(hidden, 3))), (3, 1), (2, 1)
        )
        hidden = functional.max_pool2d(
            functional.relu(self.conv_spot_2(self._pad(hidden, 3))), (3, 1), (2, 1)
        )
        flat = hidden.reshape(len(features), -1, 1, 1)
        positions = torch.sigmoid(self.conv_conf(flat)).reshape(-1, self.num_spots, 2)
        classes = torch.softmax(
            self.conv_class(flat).reshape(-1, self.num_spots, self.num_classes), -1
        )
        return scores, torch.cat([positions, classes], -1)


def literal_segmentation_loss(
    p: Tensor, s: Tensor, k: Tensor, low: float = 0.1, high: float = 0.9
) -> Tensor:
    """Eqs. (1)-(8) as the sum of six masked terms."""
    k1, k2, k3, k4 = (k[:, index] for index in range(4))
    zero = torch.zeros(1)
    log_high, log_low = torch.log(torch.tensor(high)), torch.log(torch.tensor(1 - low))
    p = p.clamp(1e-6, 1 - 1e-6)
    far_before = (s <= k1).float() * torch.max(zero, -torch.log(1 - p) + log_low)
    before = ((s > k1) & (s <= k2)).float() * torch.max(
        zero, -torch.log(1 - (k2 - s) / (k2 - k1) * p * ((s > k1) & (s <= k2))) + log_low
    )
    just_before = ((s > k2) & (s < 0)).float() * 0.0
    just_after_mask = (s >= 0) & (s < k3)
    ratio = s / k3
    inside = torch.where(just_after_mask, ratio + (1 - ratio) * p, torch.ones_like(p))
    just_after = just_after_mask.float() * torch.max(zero, -torch.log(inside) + log_high)
    after_mask = (s >= k3) & (s < k4)
    after = after_mask.float() * torch.max(
        zero, -torch.log(1 - (s - k3) / (k4 - k3) * p * after_mask) + log_low
    )
    far_after = (s >= k4).float() * torch.max(zero, -torch.log(1 - p) + log_low)
    return torch.sum(far_before + before + just_before + just_after + after + far_after)


def literal_matching(target: Tensor, predicted: Tensor) -> Tensor:
    """Propose and accept, in loops over chunks, rounds and rows; then the leftovers.

    Returns predictions in target order.
    """
    aligned = []
    for rows, guesses in zip(target, predicted, strict=True):
        spots, places = len(rows), guesses[:, 1].tolist()
        order = [-1] * spots
        taken = [False] * spots
        for _ in range(spots):
            proposals: dict[int, list[tuple[float, int]]] = {}
            for row in range(spots):
                if rows[row, 0] < 0.5 or order[row] >= 0:
                    continue
                free = [
                    (abs(float(rows[row, 1]) - places[j]), j) for j in range(spots) if not taken[j]
                ]
                distance, nearest = min(free)
                proposals.setdefault(nearest, []).append((distance, row))
            for guess, candidates in proposals.items():
                order[min(candidates)[1]] = guess
                taken[guess] = True
        left = [j for j in range(spots) if not taken[j]]
        for row in range(spots):
            if order[row] < 0:
                order[row] = left.pop(0)
        aligned.append(guesses[order])
    return torch.stack(aligned)


def literal_spotting_loss(target: Tensor, predicted: Tensor) -> Tensor:
    """Eq. (10), summed over rows and chunks."""
    aligned = literal_matching(target, predicted)
    alpha = target[..., :1]
    total = torch.sum(alpha * torch.square(target - aligned))
    total = total + 4 * torch.sum(alpha[..., 0] * torch.square(target[..., 1] - aligned[..., 1]))
    return total + 0.5 * torch.sum((1 - alpha[..., 0]) * torch.square(aligned[..., 0]))


def literal_step(
    network: LiteralCalf,
    optimizer: torch.optim.Optimizer,
    features: Tensor,
    shifts: Tensor,
    spots: Tensor,
    k: Tensor,
) -> float:
    """One step as the specification tells it: border shifts set to -1, sums, weight 0.002."""
    shifts = shifts.clone()
    shifts[:, :40] = -1
    shifts[:, -40:] = -1
    optimizer.zero_grad()
    scores, predicted = network(features)
    loss = 0.002 * literal_segmentation_loss(scores, shifts, k) + literal_spotting_loss(
        spots, predicted
    )
    loss.backward()
    optimizer.step()
    return float(loss.detach()) / len(features)
