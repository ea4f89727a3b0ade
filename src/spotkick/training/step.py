"""One optimisation step of a spotting network, in parts that never wait for the device."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext

import torch
from torch import Tensor

from spotkick.encoding.spots import border_mask
from spotkick.errors import ConfigError
from spotkick.models.spotter import NetworkOutput, SpotterNetwork
from spotkick.training.config import TrainingConfig
from spotkick.training.device_loop import StepLosses
from spotkick.training.ema import WeightAverage
from spotkick.training.mixup import MixupDraws, choose_partners, mix_features
from spotkick.training.ranks import current_ranks
from spotkick.training.sam import SharpnessStep
from spotkick.training.total_loss import TrainingPlan, total_loss


class TrainingStep:
    """Forward pass and loss, backward pass and update.

    Attributes:
        network: trained in place.
        optimizer: of its parameters.
        device: that it lies on.
        average: of its weights, or None.
        random: draws what features are dropped.
        batch_chunks: chunks of the next step's batch, those of all ranks; None where there is one
            rank.
        has_spots: whether the network has a spotting module, known after the first step.
    """

    def __init__(
        self,
        network: SpotterNetwork,
        optimizer: torch.optim.Optimizer,
        plan: TrainingPlan,
        *,
        device: torch.device,
        class_weights: Tensor | None = None,
        average: WeightAverage[SpotterNetwork] | None = None,
        max_actions: int | None = None,
    ) -> None:
        """Make a step.

        Args:
            network: trained in place.
            optimizer: of its parameters.
            plan: configurations.
            device: that the network lies on.
            class_weights: (classes,) of the segmentation loss.
            average: of the network's weights.
            max_actions: no chunk has more of them; see `spotkick.losses.match_spots`.
        """
        sizes, training = network.architecture, plan.training
        self.network, self.optimizer, self.device = network, optimizer, device
        self.average, self.has_spots = average, False
        self.batch_chunks: int | None = None
        self._ranks = current_ranks()
        self._plan, self._max_actions = plan, max_actions
        radius = training.sam_radius
        self._sharpness = SharpnessStep(network.parameters(), radius) if radius else None

        # Which frames carry loss, and how much.
        self._border_frames = sizes.loss_border_frames
        self._slicing_frames = plan.slicing_frames.to(device)
        mask = border_mask(sizes.chunk_frames, sizes.loss_border_frames)
        self._loss_weights = torch.from_numpy(mask).to(device)
        if class_weights is not None:
            # (1, frames, classes)
            per_class = self._loss_weights[:, None] * class_weights.to(device)
            self._loss_weights = per_class.unsqueeze(0)
        self._learning_rate = float("nan")
        self.random = torch.Generator(device)

        # Speed-ups of a GPU.
        self._mixes_precision = training.mixed_precision and device.type == "cuda"
        self._forward: Callable[[Tensor], NetworkOutput] = network

    def compile_forward(self) -> None:
        """Compile the network with torch.compile."""
        self._forward = torch.compile(self.network)

    def set_learning_rate(self, rate: float) -> None:
        """Set the learning rate of the next step, where it changes."""
        if rate == self._learning_rate:
            return
        self._learning_rate = rate
        for group in self.optimizer.param_groups:
            if isinstance(group["lr"], Tensor):
                group["lr"].fill_(rate)
            else:
                group["lr"] = rate

    def losses_of(
        self,
        features: Tensor,
        shifts: Tensor,
        spots: Tensor,
        draws: MixupDraws | None = None,
    ) -> StepLosses:
        """Forward pass and total loss of a batch on the device.

        Args:
            features: (chunks, frames, dim); dropout of features is applied in place.
            shifts: (chunks, frames, classes).
            spots: (chunks, spots, 2 + classes) targets.
            draws: random numbers of mixup.

        Raises:
            ConfigError: if a network with a spotting module is to be trained with mixup.
        """
        self._drop_features(features)

        # Each chunk as a weighted sum with another.
        mixture = None
        if draws is not None:
            mixture = choose_partners(shifts, draws, self._plan.training.mixup_partners)
            features = mix_features(features, mixture)

        def compute_loss() -> tuple[NetworkOutput, Tensor]:
            mixes = self._mixes_precision
            with torch.autocast("cuda", dtype=torch.bfloat16) if mixes else nullcontext():
                output = self._forward(features)
            loss = total_loss(
                output,
                shifts,
                spots,
                slicing_frames=self._slicing_frames,
                mask=self._loss_weights,
                plan=self._plan,
                max_actions=self._max_actions,
                mixture=mixture,
            )
            return output, self._part_of_mean(loss, output)

        output, loss = compute_loss()
        self.has_spots = output.spots.shape[1] > 0
        if mixture is not None and self.has_spots:
            raise ConfigError(
                "training.mixup_alpha needs a network without a spotting module, whose spots have "
                "no weighted sum; set it to 0, or model.kind to another network"
            )
        logits = output.scores if output.logits is None else output.logits
        return StepLosses(
            loss,
            value=self._ranks.add_up(loss.detach().clone())
            if self._ranks.are_many
            else loss.detach(),
            scores=self._measure_spread(output.scores),
            logits=self._measure_spread(logits),
            compute_again=None if self._sharpness is None else lambda: compute_loss()[1],
        )

    def update(self, found: StepLosses) -> None:
        """Backward pass; from gradients to weights, and to their average."""
        self.optimizer.zero_grad(set_to_none=True)
        self._compute_gradients(found.loss)
        if self._sharpness is not None and found.compute_again is not None:
            self._sharpness.climb()
            self._compute_gradients(found.compute_again())
            self._sharpness.descend()

        limit = self._plan.training.gradient_clip
        if limit:
            torch.nn.utils.clip_grad_norm_(self.network.parameters(), limit)
        self.optimizer.step()
        if self.average is not None:
            self.average.update()

    def _compute_gradients(self, loss: Tensor) -> None:
        torch.autograd.backward(loss)
        self._ranks.add_up_gradients(list(self.network.parameters()))

    def _part_of_mean(self, loss: Tensor, output: NetworkOutput) -> Tensor:
        """What a rank's chunks contribute to the mean over the chunks of a batch."""
        if self.batch_chunks is None:
            return loss
        own = len(output.scores)
        if not own:
            # Without chunks the mean is not defined; the gradient is zero.
            return 0 * (output.scores.sum() + output.spots.sum())
        return loss * (own / self.batch_chunks)

    def _measure_spread(self, values: Tensor) -> Tensor:
        """How far values (chunks, frames, classes) differ, where frames carry loss.

        Compared are chunks, frame by frame, since a network may have learned the place in the
        chunk; a chunk alone is compared with itself.
        """
        border = self._border_frames
        counted = values.detach()[:, border : values.shape[1] - border]
        if self.batch_chunks is not None:
            return self._measure_spread_of_ranks(counted)
        axis = 0 if len(counted) > 1 else 1
        return (counted.amax(dim=axis) - counted.amin(dim=axis)).max()

    def _measure_spread_of_ranks(self, counted: Tensor) -> Tensor:
        """The same over the chunks of all ranks, of which a rank may have none."""
        axis = 0 if self.batch_chunks != 1 else 1
        shape = counted.shape[1:] if axis == 0 else (1, counted.shape[2])
        high = counted.new_full(shape, -torch.inf)
        low = -high
        if len(counted):
            high, low = counted.amax(dim=axis), counted.amin(dim=axis)
        low, high = self._ranks.take_extremes(low, high)
        return (high - low).max()

    def _drop_features(self, features: Tensor) -> None:
        """Dropout of whole feature columns of a chunk, in place: (chunks, frames, dim)."""
        share = self._plan.training.feature_dropout
        if not share:
            return
        chunks = len(features) if self.batch_chunks is None else self.batch_chunks
        drawn = torch.rand(chunks, 1, features.shape[2], generator=self.random, device=self.device)[
            self._ranks.rank :: self._ranks.size
        ]
        features *= (drawn >= share) / (1 - share)


def make_optimizer(
    network: SpotterNetwork, config: TrainingConfig, *, on_device: bool
) -> torch.optim.AdamW:
    """The optimiser of a network that lies on its device already.

    Args:
        network: whose parameters are optimised.
        config: learning rate and others.
        on_device: keep its numbers on CUDA, too, so that a step can be recorded in a graph.
    """
    rate: float | Tensor = config.learning_rate
    device = next(network.parameters()).device
    is_recorded = on_device and device.type == "cuda"
    if is_recorded:
        rate = torch.tensor(config.learning_rate, device=device)
    return torch.optim.AdamW(
        network.parameters(),
        lr=rate,
        eps=config.adam_epsilon,
        weight_decay=config.weight_decay,
        capturable=is_recorded,
        fused=True if is_recorded or device.type == "cpu" else None,
    )


@contextmanager
def cuda_arithmetic(device: torch.device, *, tf32: bool) -> Iterator[None]:
    """How CUDA multiplies while a network is trained; other devices have no choice.

    Args:
        device: of the network.
        tf32: products of float32 with 10 bits of mantissa; otherwise as exact as on the CPU.
    """
    if device.type != "cuda":
        yield
        return
    matmul, cudnn = torch.backends.cuda.matmul, torch.backends.cudnn
    former = matmul.allow_tf32, cudnn.allow_tf32, cudnn.benchmark

    # Convolutions are timed once per size, and the fastest algorithm is kept.
    matmul.allow_tf32, cudnn.allow_tf32, cudnn.benchmark = tf32, tf32, True
    try:
        yield
    finally:
        matmul.allow_tf32, cudnn.allow_tf32, cudnn.benchmark = former
