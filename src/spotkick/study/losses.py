"""The losses of a stack: each network has its own loss and settings, all see the same batch.

Networks take the place of classes in the public losses of `spotkick.losses`: every loss is a sum
over frames and classes, so networks side by side do not touch each other. Radii and sigmas differ
from network to network by scaling the distances.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import torch
from torch import Tensor

from spotkick.losses import (
    Margins,
    context_aware_loss,
    context_aware_loss_with_logits,
    displacement_loss,
)
from spotkick.losses.per_frame import PerFrameOptions
from spotkick.study.arms import Arm, Head, Settings
from spotkick.study.network import HeadOutput

FAR_FRAMES: Final = 1e6
"""Distance to an action that there is not."""

OFFSET_WEIGHT: Final = 0.05
"""Of the displacement loss, for offsets in units of the radius."""


@dataclass(frozen=True, slots=True)
class Distances:
    """Distances in frames to the actions on both sides: (batch, frames, classes) each.

    Attributes:
        past: to the last action at or before the frame, >= 0; `FAR_FRAMES` where there is none.
        future: to the next action after the frame, < 0; -`FAR_FRAMES` where there is none.
    """

    past: Tensor
    future: Tensor

    @property
    def nearest(self) -> Tensor:
        """Distance to the nearest action, >= 0."""
        return torch.minimum(self.past, -self.future)


@dataclass(frozen=True, slots=True)
class _Group:
    """Networks of one head whose loss is one call.

    Attributes:
        head: their head.
        loss: name of the loss.
        gamma: of the focal loss.
        margin: of the context-aware losses.
        slicing: (networks, classes, 4) K1 to K4 in frames.
        lengths: (networks, 1) radius or sigma in frames.
        positive_weights: (networks, 1).
    """

    head: Head
    loss: str
    gamma: float
    margin: float
    slicing: Tensor
    lengths: Tensor
    positive_weights: Tensor


class StackLoss:
    """The sum of the networks' losses, each the mean over its frames and classes."""

    def __init__(
        self,
        arms: Sequence[tuple[Arm, Settings]],
        *,
        num_classes: int,
        rate: float,
        mask: Tensor,
        offset_radius_frames: float,
    ) -> None:
        """Sort networks into groups.

        Args:
            arms: of each network, in the order of the stack.
            num_classes: number of classes.
            rate: frames per second.
            mask: (frames,) True where a frame of a chunk carries loss.
            offset_radius_frames: frames this near to an action learn its displacement.
        """
        self.radius = offset_radius_frames
        self.frames = len(mask)
        inside = torch.nonzero(mask).flatten().tolist()
        self.inside = slice(inside[0], inside[-1] + 1)

        # What one call cannot vary from network to network decides the groups.
        places: dict[Head, int] = {}
        members: dict[tuple[Head, str, float, float], list[tuple[int, Settings]]] = {}
        for arm, settings in arms:
            column = places.get(arm.head, 0)
            places[arm.head] = column + 1
            gamma = settings.gamma if arm.loss == "focal" else 0.0
            margin = settings.margin if arm.is_context_aware else 0.0
            members.setdefault((arm.head, arm.loss, gamma, margin), []).append((column, settings))

        def tensor(values: Sequence[Any]) -> Tensor:
            return torch.tensor(values, dtype=torch.float32, device=mask.device)

        # Networks of a group stand side by side once they are in this order.
        self.orders = {
            head: torch.tensor(
                [
                    column
                    for (other, *_), own in members.items()
                    if other == head
                    for column, _ in own
                ],
                device=mask.device,
            )
            for head in places
        }
        self.groups = [
            _Group(
                head,
                loss,
                gamma,
                margin,
                slicing=tensor([one.slicing_s(num_classes) for _, one in own]) * rate,
                lengths=tensor([one.length_s * rate for _, one in own])[:, None],
                positive_weights=tensor([one.positive_weight for _, one in own])[:, None],
            )
            for (head, loss, gamma, margin), own in members.items()
        ]

    def __call__(self, outputs: dict[Head, HeadOutput], distances: Distances) -> Tensor:
        """A scalar whose gradient is that of each network's own loss."""
        # Frames at the ends of a chunk carry no loss.
        near = Distances(distances.past[:, self.inside], distances.future[:, self.inside])
        parts: dict[Head, list[Tensor]] = {}
        for head, order in self.orders.items():
            inside = outputs[head].values[:, :, self.inside].index_select(0, order)
            sizes = [len(group.slicing) for group in self.groups if group.head == head]
            parts[head] = list(torch.split(inside, sizes))

        terms = [self._group_loss(one, parts[one.head].pop(0), near) for one in self.groups]
        displaced = outputs.get("displacement")
        if displaced is not None and displaced.offsets is not None:
            terms.append(self._offset_loss(displaced.offsets[:, :, self.inside], near))
        return torch.stack(terms).sum()

    def _group_loss(self, group: _Group, values: Tensor, distances: Distances) -> Tensor:
        networks, batch, frames, classes = values.shape
        flat = values.permute(1, 2, 0, 3).reshape(batch, frames, networks * classes)
        is_context = group.loss in ("paper", "symmetric")

        # (batch, frames, networks, classes): shifts, or distances in units of the length
        if is_context:
            targets = choose_shifts(distances, group.slicing)
        else:
            targets = distances.nearest.unsqueeze(2) / group.lengths
        compute = context_aware_loss if group.head == "capsule" else context_aware_loss_with_logits
        loss = compute(
            flat,
            targets.flatten(2),
            group.slicing.flatten(0, 1),
            variant=group.loss,
            margins=Margins(group.margin, 1 - group.margin),
            options=PerFrameOptions(
                target_radius_s=1.0, target_sigma_s=1.0, focal_gamma=group.gamma
            ),
            reduction="none",
        )

        # Frames count by their target.
        if not is_context:
            near = targets <= 1 if group.loss != "gaussian" else torch.exp(-0.5 * targets**2)
            loss = loss * (1 + (group.positive_weights - 1) * near).flatten(2)
        return loss.sum() / (batch * self.frames * classes)

    def _offset_loss(self, offsets: Tensor, distances: Distances) -> Tensor:
        """Loss of the displacements to the nearest actions, as `displacement_loss` has it."""
        # The frame lies behind the last action, or before the next one.
        shifts = torch.where(
            distances.past <= -distances.future, distances.past, distances.future
        ).unsqueeze(0)
        is_near = (shifts.abs() <= self.radius).float()
        weights = is_near / is_near.sum().clamp(min=1)
        count = offsets[0].numel()
        loss = displacement_loss(
            offsets, shifts.expand_as(offsets), self.radius, weights.expand_as(offsets)
        )
        return OFFSET_WEIGHT * len(offsets) * count * loss


def choose_shifts(distances: Distances, slicing: Tensor) -> Tensor:
    """Time shifts for several slicings, as `spotkick.encoding.time_shift` defines them.

    Args:
        distances: (batch, frames, classes) each.
        slicing: (networks, classes, 4) K1 to K4 in frames, K1 < K2 and K3 < K4.

    Returns:
        (batch, frames, networks, classes).
    """
    past, future = distances.past.unsqueeze(2), distances.future.unsqueeze(2)
    k1, k2, k3, k4 = slicing.unbind(-1)
    deeper_after = (past - k3) / (k4 - k3) < (k2 - future) / (k2 - k1)
    meeting = (past >= k3) & (past < k4)
    keeps_past = (
        (past < k3)
        | (future <= -FAR_FRAMES)
        | (meeting & ((future <= k1) | ((future <= k2) & deeper_after)))
    )
    return torch.where(keeps_past, past, future)
