"""Training a stack: data in the memory of the device, one batch for all networks.

The chunks of a step depend on the seed and the labels alone, never on a loss or its settings.
"""

import math
from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from spotkick.encoding.spots import border_mask
from spotkick.errors import InputError
from spotkick.study.arms import Arm, Head, Settings
from spotkick.study.data import StudyData
from spotkick.study.losses import FAR_FRAMES, Distances, StackLoss
from spotkick.study.network import NetworkStack, StackSizes
from spotkick.study.plan import Recipe

_BETAS: Final = (0.9, 0.999)
_EPSILON: Final = 1e-8
_ANCHORED: Final = 0.5
"""Share of the chunks that hold an action at a random place; the others lie anywhere."""


class _TrainingFrames:
    """Features and distances of the training periods on the device."""

    def __init__(self, data: StudyData, recipe: Recipe, device: torch.device) -> None:
        self.chunk_frames, self.border = recipe.chunk_frames, recipe.border_frames
        periods = data.periods(held=False)
        if not np.isin(data.actions[:, 0], periods).any():
            raise InputError(f"the data set '{data.name}' has no action to train on")
        lengths = np.array([data.num_frames(period) for period in periods])
        self.offsets = np.concatenate(([0], np.cumsum(lengths)))

        frames = np.concatenate([np.arange(data.starts[p], data.starts[p + 1]) for p in periods])
        self.features = torch.from_numpy(data.features[frames]).to(device)
        past, future, self.anchors = _measure_distances(data, periods, self.offsets)
        self.past, self.future = (torch.from_numpy(array).to(device) for array in (past, future))

        # A chunk may reach beyond the period by a border, as in prediction.
        self.low = -self.border
        self.highs = np.maximum(lengths + self.border - self.chunk_frames, self.low)

    def draw(self, count: int, rng: np.random.Generator) -> npt.NDArray[np.int64]:
        """(count, chunk_frames) frames of chunks; ends of periods are replicated."""
        # Each start of each period has the same probability.
        spans = np.cumsum(self.highs - self.low + 1)
        places = rng.integers(0, spans[-1], size=count)
        period = np.searchsorted(spans, places, side="right")
        start = places - np.concatenate(([0], spans))[period] + self.low

        # Of the anchored chunks each class has the same share.
        anchored = rng.random(count) < _ANCHORED
        with_actions = [own for own in self.anchors if len(own)]
        for row in np.flatnonzero(anchored):
            own = with_actions[int(rng.integers(len(with_actions)))]
            period[row], frame = own[int(rng.integers(len(own)))]
            place = rng.integers(self.border, self.chunk_frames - self.border)
            start[row] = np.clip(frame - place, self.low, self.highs[period[row]])

        inside = start[:, None] + np.arange(self.chunk_frames)
        last = np.diff(self.offsets)[period] - 1
        frames: npt.NDArray[np.int64] = self.offsets[period][:, None] + np.clip(
            inside, 0, last[:, None]
        )
        return frames


def _measure_distances(
    data: StudyData, periods: npt.NDArray[np.int64], offsets: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32], list[npt.NDArray[np.int64]]]:
    """Distances to the actions on both sides of each frame, and (period, frame) by class."""
    classes = len(data.classes)
    past = np.full((offsets[-1], classes), FAR_FRAMES, dtype=np.float32)
    future = -past
    found = data.action_frames()
    anchors: list[list[tuple[int, int]]] = [[] for _ in range(classes)]

    for number, period in enumerate(periods):
        begin, end = offsets[number], offsets[number + 1]
        own = np.flatnonzero(data.actions[:, 0] == period)
        for column in range(classes):
            actions = np.unique(found[own[data.actions[own, 1] == column]])
            if not len(actions):
                continue
            anchors[column] += [(number, int(frame)) for frame in actions]
            past[begin:end, column], future[begin:end, column] = _nearest_actions(
                actions, int(end - begin)
            )
    arrays = [np.array(own, dtype=np.int64).reshape(-1, 2) for own in anchors]
    return past, future, arrays


def _nearest_actions(
    actions: npt.NDArray[np.int64], num_frames: int
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """(frames,) distances to the last and to the next of some actions in order of time."""
    frames = np.arange(num_frames)
    index = np.searchsorted(actions, frames, side="right")
    before = np.concatenate(([-np.inf], actions))[index]
    after = np.concatenate((actions, [np.inf]))[index]
    past = np.minimum(frames - before, FAR_FRAMES)
    future = np.maximum(frames - after, -FAR_FRAMES)
    return past.astype(np.float32), future.astype(np.float32)


class _Optimizer:
    """AdamW with a learning rate for each network of the stack."""

    def __init__(
        self, stack: NetworkStack, arms: Sequence[tuple[Arm, Settings]], recipe: Recipe
    ) -> None:
        self.recipe = recipe
        self.parameters: list[tuple[nn.Parameter, Tensor, Tensor, Tensor]] = []
        device = next(stack.parameters()).device
        rates = torch.tensor([settings.learning_rate for _, settings in arms], device=device)
        offset = 0
        by_head: dict[Head, Tensor] = {}
        for head, count in stack.per_head.items():
            by_head[head] = rates[offset : offset + count]
            offset += count

        # Every parameter has an axis of networks; the table has it behind its tokens.
        trunk_heads = [by_head[head] for head in by_head if head != "linear"]
        trunk_rates = torch.cat(trunk_heads) if trunk_heads else rates[:0]
        for name, parameter in stack.named_parameters():
            axis = 1 if name == "table" else 0
            own = trunk_rates
            if name == "table":
                own = torch.cat(list(by_head.values()))
            elif name.startswith("outputs."):
                own = by_head[name.split(".")[1]]  # type: ignore[index]  # names of heads
            elif name.startswith("capsules."):
                own = by_head.get("capsule", rates[:0])
            shape = [1] * parameter.dim()
            shape[axis] = -1
            self.parameters.append(
                (
                    parameter,
                    own.view(shape),
                    torch.zeros_like(parameter),
                    torch.zeros_like(parameter),
                )
            )

    def step(self, number: int) -> None:
        """One step; ``number`` counts from 0. The rate warms up, then falls as a cosine."""
        recipe = self.recipe
        warm = min(1.0, (number + 1) / recipe.warmup_steps)
        factor = warm * 0.5 * (1 + math.cos(math.pi * number / recipe.steps))
        first, second = (1 - beta ** (number + 1) for beta in _BETAS)
        with torch.no_grad():
            for parameter, rate, mean, square in self.parameters:
                gradient = parameter.grad
                if gradient is None:
                    continue
                mean.lerp_(gradient, 1 - _BETAS[0])
                square.mul_(_BETAS[1]).addcmul_(gradient, gradient, value=1 - _BETAS[1])

                # The gradient is not needed any more; its memory takes the divisor. Corrections
                # of both means are part of the step, so that fewer passes go over the weights.
                step = rate * (factor * second**0.5 / first)
                divisor = torch.sqrt(square, out=gradient).add_(second**0.5 * _EPSILON)
                parameter.mul_(1 - rate * factor * recipe.weight_decay)
                parameter.addcdiv_(mean, divisor.div_(-step))
                parameter.grad = None


def train_stack(
    data: StudyData,
    arms: Sequence[tuple[Arm, Settings]],
    recipe: Recipe,
    seed: int,
    *,
    device: torch.device,
) -> tuple[NetworkStack, float]:
    """Train all networks for the recipe's steps.

    Args:
        data: features and labels, jittered and reduced as wanted.
        arms: head, loss and settings of each network, sorted by head in the order of `HEADS`.
        recipe: everything that the networks share.
        seed: of weights, chunks and dropout.
        device: to train on.

    Returns:
        The stack in evaluation mode, and the last loss, summed over the networks.
    """
    radius = max(1.0, recipe.offset_radius_s * float(data.frame_rate))
    sizes = StackSizes(
        width=data.features.shape[1],
        num_tokens=data.num_tokens,
        embedding=max(1, data.vectors.shape[1]),
        num_classes=len(data.classes),
        offset_radius_frames=radius,
        **recipe.sizes(),
    )
    heads = [arm.head for arm, _ in arms]
    vectors = torch.from_numpy(data.vectors.astype(np.float32)) if data.num_tokens else None
    starts = [settings.initial_logit for _, settings in arms]
    stack = NetworkStack(sizes, heads, seed, vectors=vectors, initial_logits=starts).to(device)

    # What the steps need, on the device.
    frames = _TrainingFrames(data, recipe, device)
    mask = torch.from_numpy(border_mask(sizes.chunk_frames, sizes.border_frames)).to(device)
    loss_of = StackLoss(
        arms,
        num_classes=sizes.num_classes,
        rate=float(data.frame_rate),
        mask=mask,
        offset_radius_frames=radius,
    )
    optimizer = _Optimizer(stack, arms, recipe)
    rng = np.random.default_rng((seed, 0))
    torch.manual_seed(seed)

    # Neither the chunks nor their order know about losses.
    loss = mask.new_zeros((), dtype=torch.float32)
    for number in range(recipe.steps):
        index = torch.from_numpy(frames.draw(recipe.batch_chunks, rng)).to(device)
        distances = Distances(frames.past[index], frames.future[index])
        features = frames.features[index]
        if data.num_tokens and recipe.token_dropout:
            dropped = torch.rand(features.shape, device=device) < recipe.token_dropout
            features = torch.where(dropped & (features != 0), 1, features)
        loss = loss_of(stack(features), distances)
        torch.autograd.backward(loss)
        optimizer.step(number)
    return stack.eval(), float(loss.detach())
