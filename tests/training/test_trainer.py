"""The training loop with small networks: what stops it, and what it keeps."""

import dataclasses
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from spotkick.actions import Action
from spotkick.errors import ConfigError, SpotkickWarning
from spotkick.features.tracks import FeatureSource, FeatureTrack
from spotkick.models import CalfArchitecture, CalfNetwork, SpotterNetwork, network_kind
from spotkick.models.dense import DenseArchitecture
from spotkick.models.loading import new_network
from spotkick.training.config import LossConfig, SamplingConfig
from spotkick.training.labelled_periods import label_period
from spotkick.training.total_loss import TrainingPlan
from spotkick.training.trainer import train_network
from support.small_training import (
    CLASSES,
    RATE,
    SLICING,
    LinearNetwork,
    Silent,
    make_periods,
    make_plan,
)


def test_train_network_saturated_head_with_logits_learns() -> None:
    # Every logit is -30: scores of 1e-13, whose clamped loss had no gradient at all.
    network = LinearNetwork(bias=-30.0)
    plan = make_plan(epochs=25, learning_rate=2.0, schedule="constant")
    best, _ = train_network(network, make_periods(value=5.0), plan, observer=Silent())
    features = torch.zeros((1, 3, 4))
    features[0, 0, 0] = features[0, 1, 1] = 5.0
    scores = best(features).scores[0].detach()
    assert scores[0, 0] > 0.8
    assert scores[1, 1] > 0.8
    assert scores[2].max() < 0.2


def test_train_network_features_without_content_stop_with_one_line() -> None:
    with pytest.raises(ConfigError, match="stopped after epoch 1: the scores have collapsed") as e:
        train_network(LinearNetwork(), make_periods(value=0.0), make_plan(), observer=Silent())
    assert "\n" not in str(e.value)
    assert "training.learning_rate" in str(e.value)


def test_train_network_dead_capsules_stop_with_one_line() -> None:
    sizes = CalfArchitecture(
        feature_dim=4, num_classes=2, chunk_frames=24, receptive_field_frames=4, hidden=(4, 4)
    )
    network = new_network(sizes, 0)
    for parameter in network.encoder.parameters():
        nn.init.constant_(parameter, -1.0)  # no frame passes the first layer
    with pytest.raises(ConfigError, match="the scores have collapsed"):
        train_network(network, make_periods(), make_plan(), observer=Silent())


def test_train_network_saturated_scores_stop_after_the_patience(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("spotkick.training.trainer.PATIENCE_STEPS", 4)
    network = LinearNetwork(bias=-30.0, weight=0.1)
    plan = make_plan(epochs=9, learning_rate=1e-9, schedule="constant")
    with pytest.raises(ConfigError, match="stopped after epoch 3"):
        train_network(network, make_periods(), plan, observer=Silent())


def test_train_network_without_segmentation_loss_is_not_stopped() -> None:
    plan = make_plan()
    plan = TrainingPlan(
        LossConfig(segmentation_weight=0),
        plan.sampling,
        plan.training,
        slicing_frames=plan.slicing_frames,
        frame_rate=RATE,
    )
    network = new_network(
        CalfArchitecture(
            feature_dim=4, num_classes=2, chunk_frames=24, receptive_field_frames=4, hidden=(4, 4)
        ),
        0,
    )
    _, progress = train_network(network, make_periods(value=0.0), plan, observer=Silent())
    assert progress.epoch == 3


def scores_of(values: list[float]) -> Callable[[SpotterNetwork], float]:
    rest = list(values)
    return lambda _: rest.pop(0)


@pytest.mark.parametrize(
    ("scores", "best_epoch", "best_score"),
    [
        ([0.0, 0.0, 0.0], 3, 0.0),
        ([float("nan"), 0.0, float("nan")], 3, 0.0),
        ([0.0, 0.3, 0.0], 2, 0.3),
        ([0.4, 0.3, 0.5], 3, 0.5),
    ],
)
def test_train_network_zero_is_never_the_best(
    scores: list[float], best_epoch: int, best_score: float
) -> None:
    best_marks = []

    class Recorder(Silent):
        def on_epoch(
            self, entry: dict[str, float], *, is_best: bool, network: SpotterNetwork
        ) -> None:
            del entry, network
            best_marks.append(is_best)

    network = LinearNetwork(weight=0.1)
    best, progress = train_network(
        network, make_periods(), make_plan(), observer=Recorder(), validate=scores_of(scores)
    )
    assert (progress.best_epoch, progress.best_score) == (best_epoch, best_score)
    assert all(not mark or score > 0 for mark, score in zip(best_marks, scores, strict=True))
    if best_score == 0:
        assert torch.equal(best.layer.weight, network.layer.weight)  # the last network


def test_train_network_zero_scores_resume_bit_identically(tmp_path: Path) -> None:
    def run(path: Path, epochs: int, *, resume: bool = False) -> Tensor:
        torch.manual_seed(0)
        best, _ = train_network(
            LinearNetwork(weight=0.1),
            make_periods(),
            make_plan(epochs=epochs, schedule="constant"),
            observer=Silent(),
            validate=lambda _: 0.0,
            state_path=path,
            resume=resume,
        )
        return best.layer.weight

    whole = run(tmp_path / "a.safetensors", 4)
    run(tmp_path / "b.safetensors", 2)
    assert torch.equal(run(tmp_path / "b.safetensors", 4, resume=True), whole)


@pytest.mark.parametrize("num_spots", [1, 2])
def test_train_network_crowded_chunks_name_the_number_of_spots(num_spots: int) -> None:
    values = np.random.default_rng(0).standard_normal((60, 4)).astype(np.float32)
    actions = [Action("a", 1, 500 * frame) for frame in range(0, 60, 4)]
    period = label_period(
        FeatureTrack(values, FeatureSource("x", 4, RATE)),
        actions,
        CLASSES,
        slicing=SLICING,
        chunk_frames=24,
    )
    sizes = CalfArchitecture(
        feature_dim=4,
        num_classes=2,
        chunk_frames=24,
        num_spots=num_spots,
        receptive_field_frames=4,
        hidden=(4, 4),
    )
    # 20 frames carry loss, with an action in every fourth.
    with pytest.warns(
        SpotkickWarning, match=f"{num_spots} spots .* model.num_spots = 5 would hold"
    ):
        train_network(CalfNetwork(sizes), [period], make_plan(epochs=1), observer=Silent())


SMALL_CALF = CalfArchitecture(
    feature_dim=4,
    num_classes=2,
    chunk_frames=24,
    num_spots=3,
    receptive_field_frames=4,
    hidden=(4, 4),
)

SMALL_DENSE = DenseArchitecture.parse({**SMALL_CALF.model_dump(), "kind": "dense"})


def losses_of(
    training: dict[str, object],
    sampling: dict[str, object] | None = None,
    architecture: CalfArchitecture = SMALL_CALF,
) -> tuple[list[dict[str, float]], dict[str, Tensor]]:
    """History and weights of a training of a small network on random features."""
    random = np.random.default_rng(5)
    periods = []
    for length in (80, 30, 64):
        values = random.standard_normal((length, 4)).astype(np.float16)
        actions = [Action("ab"[index % 2], 1, 4000 * index) for index in range(length // 9)]
        track = FeatureTrack(values, FeatureSource("x", 4, RATE))
        periods.append(label_period(track, actions, CLASSES, slicing=SLICING, chunk_frames=24))
    plan = make_plan(feature_dropout=0.2, **training)
    plan = dataclasses.replace(plan, sampling=SamplingConfig.parse(sampling or {}))
    network = new_network(architecture, 0)
    _, progress = train_network(network, periods, plan, observer=Silent())
    return progress.history, network.state_dict()


@pytest.mark.parametrize(
    ("training", "sampling", "kind"),
    [
        ({"ema_decay": 0.9, "warmup_steps": 7}, {}, "calf"),
        ({}, {"preset": "v2", "chunks_per_epoch": 37, "batch_chunks": 8}, "calf"),
        ({"mixup_alpha": 0.4, "gradient_clip": 0.1}, {"batch_chunks": 4}, "dense"),
        ({"sam_radius": 0.05, "schedule": "cosine_by_step"}, {"batch_chunks": 4}, "dense"),
    ],
)
def test_train_network_data_on_device_equals_the_loader(
    training: dict[str, object], sampling: dict[str, object], kind: str
) -> None:
    same = SMALL_CALF.model_dump(exclude={"kind"})
    sizes = network_kind(kind).architecture.parse({**same, "kind": kind})
    history, weights = losses_of(training, sampling, sizes)
    on_device, device_weights = losses_of({**training, "data_on_device": "always"}, sampling, sizes)
    assert on_device == history
    assert all(torch.equal(device_weights[name], own) for name, own in weights.items())


def test_train_network_data_on_device_stops_at_a_loss_that_is_not_finite() -> None:
    with pytest.raises(ConfigError, match=r"the loss became nan; lower training\.learning_rate"):
        losses_of({"data_on_device": "always", "learning_rate": 1e30})


def test_train_network_data_on_device_resumes_to_the_same_weights(tmp_path: Path) -> None:
    def run(path: Path, epochs: int, *, resume: bool = False) -> Tensor:
        plan = make_plan(epochs=epochs, schedule="constant", data_on_device="always")
        network = new_network(SMALL_CALF, 0)
        periods = make_periods()
        train_network(network, periods, plan, observer=Silent(), state_path=path, resume=resume)
        return network.state_dict()["encoder.first.weight"]

    whole = run(tmp_path / "a.safetensors", 3)
    run(tmp_path / "b.safetensors", 1)
    assert torch.equal(run(tmp_path / "b.safetensors", 3, resume=True), whole)
