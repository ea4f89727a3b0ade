"""Token networks as a stack: each trained alone, by the code that trains shipped checkpoints.

The networks of `spotkick.study.network` are small, so that many fit side by side. Whether a finding
about losses holds for networks of the size that people use is asked here: all arms share the
network of `spotkick.models.tokens`, its starting weights, chunks and dropout, and the training of
`spotkick.training`; only the loss and its settings differ.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import torch

from spotkick.actions import Action
from spotkick.checkpoint import DecodingConfig
from spotkick.encoding.slicing import ContextSlicing
from spotkick.errors import ConfigError
from spotkick.features.tracks import FeatureSource, FeatureTrack
from spotkick.models.loading import new_network, torch_runner
from spotkick.models.spotter import SpotterNetwork
from spotkick.models.tokens import TokenArchitecture, TokenMember, TokenNetwork
from spotkick.prediction.network import ChunkOutput
from spotkick.prediction.period_output import SpottingSetup, run_period
from spotkick.study.arms import Arm, Settings
from spotkick.study.data import StudyData
from spotkick.study.plan import Recipe
from spotkick.study.prediction import StackScores
from spotkick.training.config import LossConfig, SamplingConfig, TrainingConfig
from spotkick.training.labelled_periods import LabelledPeriod, label_period
from spotkick.training.total_loss import TrainingPlan
from spotkick.training.trainer import train_network

_EPOCHS: Final = 8
"""Parts of a training; the learning rate changes with every step."""

_EMA_DECAY: Final = 0.999
_GRADIENT_CLIP: Final = 1.0
_ADAM_EPSILON: Final = 1e-8
"""As in configs/commentary.toml."""


@dataclass(slots=True)
class _LastLoss:
    """Observer that keeps the loss of the last epoch."""

    loss: float = 0.0

    def on_batch(self, epoch: int, batch: int, batches: int, loss: float) -> None:
        """Nothing to show."""

    def on_epoch(self, entry: dict[str, float], *, is_best: bool, network: SpotterNetwork) -> None:
        """Keep the loss."""
        del is_best, network
        self.loss = entry["loss"]


@dataclass(slots=True)
class _Periods:
    """The training periods, labelled once for all networks that share their targets."""

    data: StudyData
    recipe: Recipe
    made: dict[Any, list[LabelledPeriod]] = field(default_factory=dict)

    def label(self, slicing: ContextSlicing, *, nearest: bool) -> list[LabelledPeriod]:
        """Shifts to the nearest action, which no slicing changes, or to the dominating one."""
        key = "nearest" if nearest else slicing.bounds_s
        if key not in self.made:
            data = self.data
            actions: dict[int, list[Action]] = {}
            for period, column, position_ms in data.actions.tolist():
                number = int(data.period_number[period])
                action = Action(data.classes[column], number, position_ms)
                actions.setdefault(period, []).append(action)
            self.made[key] = [
                label_period(
                    _track_of(data, period),
                    actions.get(period, []),
                    data.class_list,
                    slicing=slicing,
                    chunk_frames=self.recipe.chunk_frames,
                    nearest=nearest,
                )
                for period in data.periods(held=False).tolist()
            ]
        return self.made[key]


def train_token_networks(
    data: StudyData,
    arms: Sequence[tuple[Arm, Settings]],
    recipe: Recipe,
    seed: int,
    *,
    device: torch.device,
) -> tuple[StackScores, dict[str, float]]:
    """Train the networks one after another, and predict the held matches with each.

    Settings give the learning rate, the length of the targets or the slicing and margin, and gamma;
    weights of positives are not used, since classes are weighted by their frequency for all arms.

    Args:
        data: rows of tokens, jittered and reduced as wanted.
        arms: dense head, loss and settings of each network.
        recipe: with ``tokens``.
        seed: of weights, chunks and dropout.
        device: to train on.

    Returns:
        Scores of all held frames; the mean loss of the last epochs, and the number of networks
        whose scores collapsed: they predict with the weights that they ended with.

    Raises:
        ConfigError: if the recipe has no ``tokens``, or an arm has another head.
    """
    if recipe.tokens is None or any(arm.head != "dense" for arm, _ in arms):
        raise ConfigError("token networks need a recipe with 'tokens' and arms with a dense head")
    architecture = TokenArchitecture(
        **recipe.tokens.model_dump(),
        feature_dim=data.features.shape[1],
        num_classes=len(data.classes),
        num_ids=data.num_tokens,
        chunk_frames=recipe.chunk_frames,
        receptive_field_frames=2 * sum(recipe.tokens.dilations),
    )
    periods = _Periods(data, recipe)
    scores, losses, collapsed = [], [], 0

    for arm, settings in arms:
        network = new_network(architecture, seed)
        _copy_embeddings(network, data.vectors)
        plan = _plan_training(data, arm, settings, recipe, seed=seed, device=device)
        bounds_s = settings.slicing_s(len(data.classes))
        labelled = periods.label(ContextSlicing(bounds_s), nearest=not arm.is_context_aware)
        observer = _LastLoss()
        try:
            network, _ = train_network(network, labelled, plan, observer=observer)
        except ConfigError:
            collapsed += 1
        losses.append(observer.loss)
        scores.append(_predict_held(network.eval(), data, recipe))

    # (networks, frames, classes)
    lengths = [data.num_frames(period) for period in data.periods(held=True).tolist()]
    starts = np.concatenate(([0], np.cumsum(lengths))).astype(np.int64)
    stacked = torch.from_numpy(np.stack(scores)).to(device)
    notes = {"loss": float(np.mean(losses)), "collapsed": float(collapsed)}
    return StackScores(stacked, stacked[:0], starts, len(arms)), notes


def _plan_training(
    data: StudyData,
    arm: Arm,
    settings: Settings,
    recipe: Recipe,
    *,
    seed: int,
    device: torch.device,
) -> TrainingPlan:
    """What the training of one network minimises, and how."""
    loss = LossConfig(
        segmentation=arm.loss,
        segmentation_weight=float(len(data.classes)),
        margin_low=settings.margin,
        margin_high=1 - settings.margin,
        shifts="dominating" if arm.is_context_aware else "nearest",
        class_weights="entropy",
        target_radius_s=settings.length_s,
        target_sigma_s=settings.length_s,
        focal_gamma=settings.gamma,
    )
    training = TrainingConfig(
        epochs=_EPOCHS,
        learning_rate=settings.learning_rate,
        final_learning_rate=0.0,
        schedule="cosine_by_step",
        warmup_steps=recipe.warmup_steps,
        weight_decay=recipe.weight_decay,
        gradient_clip=_GRADIENT_CLIP,
        ema_decay=_EMA_DECAY,
        adam_epsilon=_ADAM_EPSILON,
        validate_every=_EPOCHS,
        seed=seed,
        device=str(device),
        tf32=True,
    )
    sampling = SamplingConfig(
        preset=recipe.sampling,
        batch_chunks=recipe.batch_chunks,
        chunks_per_epoch=max(1, recipe.steps // _EPOCHS) * recipe.batch_chunks,
    )
    slicing = ContextSlicing(settings.slicing_s(len(data.classes)))
    return TrainingPlan(
        loss,
        sampling,
        training,
        slicing_frames=torch.from_numpy(slicing.frames(data.frame_rate)).float(),
        frame_rate=data.frame_rate,
    )


def _copy_embeddings(network: TokenNetwork, vectors: npt.NDArray[np.float16]) -> None:
    """Start from the embeddings that come with the data."""
    own = torch.from_numpy(vectors.astype(np.float32))
    for member in network.members:
        if isinstance(member, TokenMember):
            member.embedding.weight.data.copy_(own)


def _predict_held(
    network: SpotterNetwork, data: StudyData, recipe: Recipe
) -> npt.NDArray[np.float32]:
    """(frames, classes) scores of all held periods."""
    setup = SpottingSetup(
        data.class_list,
        data.frame_rate,
        recipe.chunk_frames,
        border_frames=network.architecture.border_frames,
        pad_period=False,
        decoding=DecodingConfig(source="scores"),
    )
    run = torch_runner(network, ChunkOutput)
    found = [
        run_period(run, _track_of(data, period), setup).scores
        for period in data.periods(held=True).tolist()
    ]
    return np.concatenate(found).astype(np.float32)


def _track_of(data: StudyData, period: int) -> FeatureTrack:
    """The rows of a period."""
    values = data.features[data.starts[period] : data.starts[period + 1]]
    source = FeatureSource(
        "tokens", values.shape[1], data.frame_rate, kind="tokens", num_ids=data.num_tokens
    )
    return FeatureTrack(values, source)
