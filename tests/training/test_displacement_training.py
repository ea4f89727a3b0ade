"""A displacement head learns exact times that coarse frames blur."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import torch

from spotkick.actions import Action, ActionClasses
from spotkick.checkpoint import DecodingConfig
from spotkick.encoding import ContextSlicing
from spotkick.features.tracks import FeatureSource, FeatureTrack
from spotkick.models import DenseArchitecture
from spotkick.models.loading import new_network, torch_runner
from spotkick.prediction import ChunkOutput, SpottingSetup, spot_period
from spotkick.training.config import LossConfig, SamplingConfig
from spotkick.training.labelled_periods import label_period
from spotkick.training.trainer import train_network
from support.small_training import Silent, make_plan

RATE = Fraction(1, 2)  # frames of two seconds
CLASSES = ActionClasses(("a",))
SLICING = ContextSlicing(((-20, -10, 10, 20),))


def make_track(seed: int) -> tuple[FeatureTrack, list[Action]]:
    """Five minutes whose features say that an action happens, and how late within its frame."""
    random = np.random.default_rng(seed)
    values = np.zeros((150, 3), dtype=np.float32)
    positions_ms = [int(1000 * (start + random.uniform(0, 20))) for start in range(10, 280, 40)]
    for position_ms in positions_ms:
        frame, rest = divmod(position_ms / 2000, 1)
        values[int(frame)] = (1, rest, 1 - rest)
    track = FeatureTrack(values, FeatureSource("planted", 3, RATE))
    return track, [Action("a", 1, position_ms) for position_ms in positions_ms]


def measure_errors_s(network: torch.nn.Module, decoding: DecodingConfig) -> np.ndarray:
    """Distance of each action of an unseen track to the nearest spot."""
    track, actions = make_track(99)
    setup = SpottingSetup(CLASSES, RATE, 40, border_frames=2, pad_period=False, decoding=decoding)
    found = spot_period(torch_runner(network, ChunkOutput), track, setup).actions
    times = np.array([action.position_ms for action in found if action.confidence > 0.3])
    return np.array([np.abs(times - action.position_ms).min() / 1000 for action in actions])


def test_train_network_displacements_find_times_within_a_frame() -> None:
    periods = [
        label_period(*make_track(seed), CLASSES, slicing=SLICING, chunk_frames=40, nearest=True)
        for seed in range(3)
    ]
    plan = make_plan(epochs=20, learning_rate=0.05, schedule="cosine_by_step", seed=1)
    plan = replace(
        plan,
        loss=LossConfig(
            segmentation="gaussian", target_sigma_s=2.0, shifts="nearest", displacement_weight=20
        ),
        sampling=SamplingConfig(preset="uniform", chunks_per_epoch=64, batch_chunks=16),
        slicing_frames=torch.from_numpy(SLICING.frames(RATE)).float(),
        frame_rate=RATE,
        displacement_radius_frames=2.0,
    )
    sizes = DenseArchitecture(
        feature_dim=3,
        num_classes=1,
        chunk_frames=40,
        receptive_field_frames=4,
        trunk="tcn",
        width=8,
        layers=2,
        displacement_radius_frames=2.0,
    )
    best, _ = train_network(new_network(sizes, 0), periods, plan, observer=Silent())

    decoding = DecodingConfig(source="scores", nms_window_s=8.0)
    on_frames = measure_errors_s(best, decoding.replace(displace=False))
    moved = measure_errors_s(best, decoding)
    assert on_frames.mean() > 0.5  # a frame's start is up to two seconds early
    assert moved.mean() < 0.15
    assert moved.max() < 0.5
