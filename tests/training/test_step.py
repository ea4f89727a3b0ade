"""A step on tensors without values: whatever waits for the device fails there."""

import pytest
import torch

from spotkick.models import CalfArchitecture, SpotterNetwork
from spotkick.models.dense import DenseArchitecture
from spotkick.models.loading import new_network
from spotkick.training.device_data import DeviceData
from spotkick.training.ema import WeightAverage
from spotkick.training.step import TrainingStep, make_optimizer
from support.small_training import make_periods, make_plan

META = torch.device("meta")
SIZES = {
    "feature_dim": 4,
    "num_classes": 2,
    "chunk_frames": 24,
    "num_spots": 3,
    "receptive_field_frames": 4,
    "hidden": (4, 4),
}


@pytest.mark.parametrize("kind", [CalfArchitecture, DenseArchitecture])
@pytest.mark.parametrize("ema_decay", [0.0, 0.9])
def test_training_step_never_waits_for_the_device(
    kind: type[CalfArchitecture], ema_decay: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = make_plan(ema_decay=ema_decay)
    network: SpotterNetwork = new_network(kind.parse(SIZES), 0).to(META)
    optimizer = make_optimizer(network, plan.training, on_device=True)
    average = WeightAverage(network, ema_decay) if ema_decay else None
    with monkeypatch.context() as patch:
        patch.setattr(torch, "Generator", lambda _: None)  # there is none without values
        step = TrainingStep(network, optimizer, plan, device=META, average=average)

    # Gathering, forward pass, loss, backward pass and update of five chunks.
    data = DeviceData.from_periods(make_periods(), torch.device("cpu"))
    data.features, data.shifts = data.features.to(META), data.shifts.to(META)
    rows = torch.empty((5, 4), dtype=torch.long, device=META)
    features, shifts = data.gather(rows, 24)
    step.update(step.losses_of(features, shifts, torch.empty((5, 3, 4), device=META)))
    assert step.has_spots == (kind is CalfArchitecture)


def test_set_learning_rate_reaches_the_optimiser() -> None:
    network = new_network(CalfArchitecture.parse(SIZES), 0)
    plan = make_plan()
    optimizer = make_optimizer(network, plan.training, on_device=False)
    step = TrainingStep(network, optimizer, plan, device=torch.device("cpu"))
    step.set_learning_rate(0.25)
    assert optimizer.param_groups[0]["lr"] == 0.25
    optimizer.param_groups[0]["lr"] = torch.tensor(0.25)
    step.set_learning_rate(0.5)
    assert float(optimizer.param_groups[0]["lr"]) == 0.5
