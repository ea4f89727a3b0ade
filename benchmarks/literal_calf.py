"""Literal transcriptions of CALF, which benchmarks measure against.

``literal_*``: the specification as it is told: Conv2d layers, a loss of six masked terms, matching
by loops. ``published_*``: the order of operations of the authors' PyTorch code (SoccerNetv2-DevKit,
Task1-ActionSpotting/CALF, commit 60eb7a1): the same layers, steps and intervals by signs and
maxima, matching by two loops of one-hot products without early end, three losses read on the host
in every step, and a data set that cuts one chunk at a time on the host. Kept: all of these
operations, their order, Adam as it is set there, four loading processes, pinned memory. Left out:
the progress bar's text, the pass over validation chunks after each epoch, and the writing of -1
into the stored labels (on a copy here).

Both are written to be close to their source, not to be fast.
"""

import random
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.data import Dataset


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


def _below(x: Tensor, bound: Tensor | float) -> Tensor:
    """1 where x < bound."""
    return torch.max(0.0 * x, torch.sign(bound - x))


def _from(x: Tensor, bound: Tensor | float) -> Tensor:
    """1 where x >= bound."""
    return 1.0 - _below(x, bound)


def _clip(x: Tensor, low: Tensor | float, high: Tensor | float) -> Tensor:
    return torch.min(torch.max(x, 0.0 * x + low), 0.0 * x + high)


def published_segmentation_loss(
    shifts: Tensor, scores: Tensor, k: Sequence[Tensor], hit: float = 0.1, miss: float = 0.9
) -> Tensor:
    """The six cases as products of steps, summed; k holds four tensors (classes,)."""
    k1, k2, k3, k4 = k
    zeros = torch.zeros(scores.size()).to(scores.device).type(torch.float)
    q = 1.0 - scores

    def penalty(argument: Tensor, margin: float) -> Tensor:
        return torch.max(zeros, -torch.log(argument) + torch.log(zeros + margin))

    rise = (_clip(shifts, k1, k2) - k1) / (k2 - k1)
    near = _clip(shifts, 0.0, k3) / k3
    fall = (_clip(shifts, k3, k4) - k4) / (k3 - k4)
    total = _below(shifts, k1) * penalty(q, miss)
    total = total + _from(shifts, k1) * _below(shifts, k2) * penalty(q + (1.0 - q) * rise, miss)
    total = total + _from(shifts, k2) * _below(shifts, 0.0) * zeros
    total = total + _from(shifts, 0.0) * _below(shifts, k3) * penalty(1.0 - q + q * near, 1 - hit)
    total = total + _from(shifts, k3) * _below(shifts, k4) * penalty(q + (1.0 - q) * fall, miss)
    total = total + _from(shifts, k4) * penalty(q, miss)
    return torch.sum(total)


def published_matching(target: Tensor, predicted: Tensor) -> Tensor:
    """Predictions in target order: a round per row, for actions and for padding."""
    alpha, actual, guessed = target[:, :, 0], target[:, :, 1], predicted[:, :, 1]
    spots = actual.shape[-1]

    def widen(rows: Tensor) -> Tensor:
        return rows.unsqueeze(-1).repeat(1, 1, spots)

    nearness = 1 - torch.abs(widen(actual) - guessed.unsqueeze(-2).repeat(1, spots, 1))
    chosen = 0 * nearness
    free_columns = 0 * widen(alpha) + 1
    for kind in (alpha, 1 - alpha):
        free_rows = widen(kind)
        left = free_rows * nearness
        if kind is not alpha:
            left = free_columns * left
        for _ in range(spots):
            left = free_columns * (free_rows * left)
            of_rows = functional.one_hot(torch.argmax(left, dim=-1), spots)
            offers = free_rows * of_rows * left
            of_columns = functional.one_hot(torch.argmax(offers, dim=-2), spots).permute(0, 2, 1)
            chosen = chosen + free_rows * of_rows * of_columns
            free_rows = widen((1 - torch.sum(chosen, dim=-1)) * kind)
            free_columns = (1 - torch.sum(chosen, dim=-2)).unsqueeze(-2).repeat(1, spots, 1)

    order = torch.argmax(chosen, dim=-1)
    return torch.gather(predicted, 1, order.unsqueeze(-1).repeat(1, 1, target.shape[-1]))


def published_spotting_loss(target: Tensor, predicted: Tensor) -> Tensor:
    """Eq. (10) as one sum."""
    aligned = published_matching(target, predicted)
    alpha = target[:, :, 0]
    confidence = torch.square(alpha - aligned[:, :, 0])
    location = torch.square(target[:, :, 1] - aligned[:, :, 1])
    classes = torch.sum(torch.square(target[:, :, 2:] - aligned[:, :, 2:]), dim=-1)
    return torch.sum(
        alpha * 5.0 * location
        + alpha * confidence
        + (1 - alpha) * 0.5 * confidence
        + alpha * classes
    )


def published_step(
    network: LiteralCalf,
    optimizer: torch.optim.Optimizer,
    batch: Sequence[Tensor],
    k: Sequence[Tensor],
) -> tuple[float, float, float]:
    """One step: a batch of `PublishedClips`, moved to the network's device."""
    device = next(network.parameters()).device
    features = batch[0].to(device)
    shifts = batch[1].to(device).float()
    targets = batch[2].to(device).float()
    scores, predicted = network(features)
    segmentation = published_segmentation_loss(shifts, scores, k)
    spotting = published_spotting_loss(targets, predicted)
    loss = 0.000367 * segmentation + 1.0 * spotting
    shown = loss.item(), segmentation.item(), spotting.item()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return shown


class PublishedClips(Dataset[tuple[Tensor, Tensor, Tensor]]):
    """Chunks cut one at a time: a class or background, one of its places, a place in the chunk."""

    def __init__(
        self,
        features: Sequence[np.ndarray],
        shifts: Sequence[np.ndarray],
        background: Sequence[tuple[int, int, int]],
        *,
        chunks: int,
        num_spots: int = 15,
        chunk: int = 240,
        field: int = 80,
    ) -> None:
        """Args: per period (frames, dim) and (frames, classes); background runs; sizes."""
        self.features, self.shifts, self.chunks = features, shifts, chunks
        self.num_spots, self.chunk, self.field = num_spots, chunk, field
        self.num_classes = shifts[0].shape[1]
        self.anchors: list[list[tuple[int, ...]]] = [[] for _ in range(self.num_classes)]
        for period, own in enumerate(shifts):
            for frame, label in zip(*np.where(own == 0), strict=True):
                self.anchors[label].append((period, int(frame)))
        self.anchors.append(list(background))

    def __len__(self) -> int:
        """Chunks of an epoch."""
        return self.chunks

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor, Tensor]:
        """Features, shifts and spots of a chunk drawn at random, whatever the index."""
        del index
        kind = random.randint(0, self.num_classes)
        own = self.anchors[kind] or max(self.anchors[:-1], key=len)
        anchor = own[random.randint(0, len(own) - 1)]
        if kind < self.num_classes or len(anchor) == 2:
            start = anchor[1] + random.randint(-self.chunk + self.field, -self.field - 1)
        else:
            start = random.randint(anchor[1], anchor[2] - self.chunk)
        length = len(self.features[anchor[0]])
        start = max(start, 0)
        if start + self.chunk >= length:
            start = length - self.chunk - 1

        features = self.features[anchor[0]][start : start + self.chunk]
        shifts = self.shifts[anchor[0]][start : start + self.chunk].copy()
        border = -(-self.field // 2)
        shifts[:border] = -1
        shifts[-border:] = -1
        return (
            torch.from_numpy(features),
            torch.from_numpy(shifts),
            torch.from_numpy(self._targets(shifts)),
        )

    def _targets(self, shifts: np.ndarray) -> np.ndarray:
        targets = np.zeros((self.num_spots, 2 + self.num_classes))
        frames, labels = np.where(shifts == 0)
        for row, (frame, label) in enumerate(zip(frames, labels, strict=True)):
            if row >= self.num_spots:
                break
            targets[row, 0] = 1.0
            targets[row, 1] = frame / self.chunk
            targets[row, 2 + label] = 1.0
        return targets
