"""Equipment of tests that train: a linear network, two short periods, a plan."""

from fractions import Fraction

import numpy as np
import torch
from torch import Tensor, nn

from spotkick.actions import Action, ActionClasses
from spotkick.encoding import ContextSlicing
from spotkick.features.tracks import FeatureSource, FeatureTrack
from spotkick.models import NetworkOutput, SpotterArchitecture, SpotterNetwork
from spotkick.training.config import LossConfig, SamplingConfig, TrainingConfig
from spotkick.training.labelled_periods import LabelledPeriod, label_period
from spotkick.training.total_loss import TrainingPlan

CLASSES = ActionClasses(("a", "b"))
SLICING = ContextSlicing(((-4, -2, 2, 4), (-4, -2, 2, 4)))
RATE = Fraction(2)
SIZES = SpotterArchitecture(
    kind="test", feature_dim=4, num_classes=2, chunk_frames=24, receptive_field_frames=4
)


class Silent:
    def on_batch(self, epoch: int, batch: int, batches: int, loss: float) -> None:
        pass

    def on_epoch(self, entry: dict[str, float], *, is_best: bool, network: SpotterNetwork) -> None:
        pass


class LinearNetwork(SpotterNetwork):
    """One logit per frame and class, from that frame alone."""

    def __init__(self, bias: float = 0.0, weight: float = 0.0) -> None:
        super().__init__()
        self.architecture = SIZES
        self.layer = nn.Linear(4, 2)
        nn.init.constant_(self.layer.bias, bias)
        nn.init.constant_(self.layer.weight, weight)

    def forward(self, features: Tensor) -> NetworkOutput:
        logits = self.layer(features)
        return NetworkOutput(logits.sigmoid(), logits.new_zeros((len(features), 0, 4)), logits)


def make_periods(value: float = 1.0, count: int = 2) -> list[LabelledPeriod]:
    """Periods of 80 frames with two actions whose frames have a feature of ``value``."""
    found = []
    for _ in range(count):
        values = np.zeros((80, 4), dtype=np.float32)
        values[20:22, 0] = values[60:62, 1] = value
        actions = [Action("a", 1, 10_000), Action("b", 1, 30_000)]
        track = FeatureTrack(values, FeatureSource("x", 4, RATE))
        found.append(label_period(track, actions, CLASSES, slicing=SLICING, chunk_frames=24))
    return found


def make_plan(**training: object) -> TrainingPlan:
    return TrainingPlan(
        LossConfig(segmentation="symmetric"),
        SamplingConfig(batch_chunks=4),
        TrainingConfig.parse({"epochs": 3, "validate_every": 1, "threads": 1, **training}),
        slicing_frames=torch.from_numpy(SLICING.frames(RATE)).float(),
        frame_rate=RATE,
    )
