"""Dense networks from a configuration to spots."""

import warnings
from pathlib import Path

import numpy as np
import pytest
import torch

import spotkick
from spotkick.errors import SpotkickWarning
from spotkick.models import load_network
from spotkick.pipelines.config import ExperimentConfig, read_experiment
from spotkick.pipelines.train import run_training
from spotkick.reporter import SilentReporter
from support.synthetic_sport import CLASSES, DIM, FEATURES, write_sport

CONFIG = Path(__file__).parents[2] / "configs" / "dense.toml"


@pytest.fixture(scope="module")
def sport(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_sport(tmp_path_factory.mktemp("sport"), matches=3, period_s=45)


def read_small(root: Path, *assignments: str) -> ExperimentConfig:
    """configs/dense.toml for an epoch on the made-up sport."""
    small = (
        f"data.features={FEATURES}",
        f"data.classes={list(CLASSES)}",
        "data.frame_rate=12.5",
        "model.chunk_s=10",
        "model.receptive_field_s=3",
        "model.width=8",
        "model.layers=2",
        "model.displacement_radius_s=0.5",
        "sampling.chunks_per_epoch=32",
        "training.epochs=1",
        "training.warmup_steps=1",
        "training.threads=1",
    )
    return read_experiment(CONFIG, (*small, *assignments), data_root=root)


@pytest.mark.parametrize("trunk", ["tcn", "pyramid", "transformer"])
def test_run_training_dense_example_spots_with_displacements(
    trunk: str, sport: Path, tmp_path: Path
) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SpotkickWarning)
        run_training(
            read_small(sport, f"model.trunk={trunk}"),
            tmp_path / "run",
            quiet=True,
            reporter=SilentReporter(),
        )

    # The graph that spots has the displacements of the network.
    model, network = (
        spotkick.load_model(tmp_path / "run", threads=1),
        load_network(tmp_path / "run"),
    )
    features = np.random.default_rng(0).standard_normal((2, 125, DIM)).astype(np.float32)
    with torch.no_grad():
        expected = network(torch.from_numpy(features)).displacements.numpy()
    found = model.network(features).displacements
    assert found is not None
    assert 0 < np.abs(found).max() <= 6.25
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5)

    # Spots lie between frames of 80 ms.
    match = next(sport.glob("league/2026/match 0"))
    spots = spotkick.spot(model, match)
    assert any(action.position_ms % 80 for action in spots.actions)
    plain = model.checkpoint.config.decoding.replace(displace=False)
    on_frames = spotkick.spot(model, match, decoding=plain)
    assert all(action.position_ms % 80 == 0 for action in on_frames.actions)
