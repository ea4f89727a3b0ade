from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import torch

from spotkick.errors import ConfigError, InputError
from spotkick.localization.features import LocalizationVideo
from spotkick.localization.losses import TemLoss
from spotkick.localization.network import BmnArchitecture, BmnNetwork
from spotkick.localization.proposals import LocalizerOutput, ProposalConfig, propose, temporal_iou
from spotkick.localization.training import (
    BmnTrainingConfig,
    batch_targets,
    train_localizer,
)
from spotkick.models.loading import new_network
from support.synthetic_videos import synthetic_videos

ARCHITECTURE = BmnArchitecture(
    feature_dim=16,
    num_steps=20,
    max_duration_steps=20,
    base_channels=24,
    groups=1,
    segment_channels=24,
    map_channels=8,
    points=6,
)
QUICK = BmnTrainingConfig(epochs=2, batch_videos=4)


def weights(network: BmnNetwork) -> npt.NDArray[np.float32]:
    return torch.cat([p.detach().flatten() for p in network.parameters()]).numpy()


def recall_at_100(network: BmnNetwork, videos: tuple[LocalizationVideo, ...]) -> float:
    """Mean recall of at most 100 proposals per video over temporal overlaps 0.5, 0.55, ... 0.95."""

    def run(features: npt.NDArray[np.float32]) -> LocalizerOutput:
        with torch.inference_mode():
            output = network(torch.from_numpy(features))
        return LocalizerOutput(output.boundaries.numpy(), output.confidences.numpy())

    best = [
        temporal_iou(segment, proposals.segments).max()
        for video, proposals in propose(run, videos, ProposalConfig(max_proposals=100))
        for segment in video.segments
    ]
    return float(
        np.mean(
            [
                np.mean(np.array(best) >= threshold - 1e-9)
                for threshold in np.linspace(0.5, 0.95, 10)
            ]
        )
    )


def test_bmn_training_config_defaults_are_those_of_public_code() -> None:
    assert BmnTrainingConfig().model_dump(
        exclude={"slicing_steps", "boundary_weight", "seed", "device"}
    ) == {
        "tem_loss": "bmn",
        "epochs": 9,
        "batch_videos": 16,
        "learning_rate": 1e-3,
        "weight_decay": 1e-4,
        "step_epochs": 7,
        "step_factor": 0.1,
    }


@pytest.mark.parametrize("kind", ["bmn", "context_aware", "symmetric"])
def test_train_localizer_learns_synthetic_videos(kind: TemLoss) -> None:
    videos = synthetic_videos(12, num_steps=20)
    network = new_network(ARCHITECTURE, 0)
    untrained = recall_at_100(network, videos)
    config = BmnTrainingConfig(
        tem_loss=kind, epochs=25, step_epochs=20, batch_videos=6, learning_rate=4e-3, weight_decay=0
    )
    progress = train_localizer(network, videos, config)
    assert recall_at_100(network, videos) >= 0.95 > untrained
    assert progress.history[-1]["loss"] < 0.3 * progress.history[0]["loss"]
    assert not network.training


def test_train_localizer_most_probable_boundaries_are_true_ones() -> None:
    videos = synthetic_videos(12, num_steps=20, max_instances=1)
    network = new_network(ARCHITECTURE, 1)
    train_localizer(
        network,
        videos,
        BmnTrainingConfig(epochs=40, step_epochs=30, batch_videos=6, learning_rate=4e-3),
    )
    with torch.inference_mode():
        output = network(torch.from_numpy(np.stack([video.features for video in videos])))
    steps = np.rint(np.array([video.segments[0] for video in videos]) * 20)
    # The boundary loss asks for high values on a boundary's neighbours, too.
    assert (np.abs(output.boundaries.argmax(dim=1).numpy() - steps) <= 1).mean() >= 0.95


def test_train_localizer_depends_on_seed_alone() -> None:
    videos = synthetic_videos(8, num_steps=20)
    results = []
    for seed in (0, 0, 1):
        network = new_network(ARCHITECTURE, seed)
        train_localizer(network, videos, QUICK.replace(seed=seed))
        results.append(weights(network))
    np.testing.assert_array_equal(results[0], results[1])
    assert not np.array_equal(results[0], results[2])


def test_train_localizer_resumed_equals_uninterrupted(tmp_path: Path) -> None:
    videos = synthetic_videos(8, num_steps=20)
    config = QUICK.replace(epochs=3, step_epochs=2)
    whole = new_network(ARCHITECTURE, 0)
    expected = train_localizer(whole, videos, config)
    state = tmp_path / "state.safetensors"
    first = new_network(ARCHITECTURE, 0)
    train_localizer(first, videos, config.replace(epochs=1), state_path=state)
    second = new_network(ARCHITECTURE, 5)
    progress = train_localizer(second, videos, config, state_path=state, resume=True)
    np.testing.assert_array_equal(weights(second), weights(whole))
    assert progress.history == expected.history
    assert progress.epoch == 3


def test_train_localizer_calls_back_each_epoch() -> None:
    told: list[dict[str, float]] = []
    network = new_network(ARCHITECTURE, 0)
    train_localizer(network, synthetic_videos(4, num_steps=20), QUICK, on_epoch=told.append)
    assert [entry["epoch"] for entry in told] == [1, 2]
    for entry in told:
        assert entry["loss"] == pytest.approx(
            entry["boundary"] + 10 * entry["regression"] + entry["classification"], rel=1e-5
        )


def test_train_localizer_boundary_weight_is_used() -> None:
    network = new_network(ARCHITECTURE, 0)
    config = QUICK.replace(epochs=1, boundary_weight=3, tem_loss="context_aware")
    entry = train_localizer(network, synthetic_videos(4, num_steps=20), config).history[0]
    assert entry["loss"] == pytest.approx(
        3 * entry["boundary"] + 10 * entry["regression"] + entry["classification"], rel=1e-5
    )


def test_batch_targets_have_expected_shapes() -> None:
    videos = synthetic_videos(3, num_steps=20)
    targets = batch_targets(videos, ARCHITECTURE, BmnTrainingConfig().slicing())
    assert targets.boundary_overlap.shape == targets.shifts.shape == (3, 20, 2)
    assert targets.ious.shape == (3, 20, 20)
    for video, overlap, shifts in zip(videos, targets.ious, targets.shifts, strict=True):
        assert (overlap > 0.999).sum() == len(
            video.segments
        )  # on whole steps, so each instance is one candidate
        assert (shifts == 0).sum().item() == 2 * len(video.segments)


def test_synthetic_videos_are_reproducible_and_valid() -> None:
    first, second = synthetic_videos(5, seed=3), synthetic_videos(5, seed=3)
    for one, other in zip(first, second, strict=True):
        np.testing.assert_array_equal(one.features, other.features)
        np.testing.assert_array_equal(one.segments, other.segments)
        assert len(one.labels) == len(one.segments) > 0
        flat = one.segments.flatten()
        assert (np.diff(flat) > 0).all()
        assert 0 < flat[0] <= flat[-1] < 1


def test_check_videos_mismatch_is_input_error() -> None:
    network = new_network(ARCHITECTURE, 0)
    with pytest.raises(InputError, match="no videos to train on"):
        train_localizer(network, [], QUICK)
    with pytest.raises(
        InputError,
        match=r"synthetic_000: the network needs features of shape \(20, 16\) .* got \(30, 16\)",
    ):
        train_localizer(network, synthetic_videos(1), QUICK)
    wrong = LocalizationVideo(
        "v", 1.0, np.zeros((20, 16), dtype=np.float32), np.array([[0.5, 0.2]]), ("a",)
    )
    with pytest.raises(InputError, match="v: a segment must have finite times"):
        train_localizer(network, [wrong], QUICK)


def test_slicing_out_of_order_is_config_error() -> None:
    with pytest.raises(ConfigError, match="context slicing needs K1 <= K2 < 0 < K3 <= K4"):
        QUICK.replace(slicing_steps=(-1, -2, 2, 4)).slicing()


def test_train_localizer_infinite_loss_is_config_error() -> None:
    with pytest.raises(
        ConfigError, match=r"the loss is nan in epoch \d; lower learning_rate \(now 1e\+30\)"
    ):
        train_localizer(
            new_network(ARCHITECTURE, 0),
            synthetic_videos(4, num_steps=20),
            QUICK.replace(learning_rate=1e30),
        )
