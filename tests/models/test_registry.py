"""Kinds of networks, and the recipes of docs/add-network.md and docs/add-loss.md."""

import re
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import spotkick
from spotkick.errors import ConfigError, SpotkickWarning
from spotkick.losses.per_frame import PER_FRAME_LOSSES
from spotkick.models import load_network, network_kind, register_network, registry
from spotkick.models.loading import new_network
from spotkick.models.registry import known_kinds
from spotkick.pipelines.config import ExperimentConfig
from spotkick.pipelines.train import run_training
from spotkick.reporter import SilentReporter
from support.synthetic_sport import CLASSES, FEATURES, write_sport

DOCS = Path(__file__).parents[2] / "docs"


def run_page(name: str) -> dict[str, Any]:
    """Run the Python of a page."""
    names: dict[str, Any] = {"__name__": f"page_{name.replace('-', '_')}"}
    for code in re.findall(r"```python\n(.*?)```", (DOCS / f"{name}.md").read_text(), re.S):
        exec(compile(code, f"{name}.md", "exec"), names)  # noqa: S102 (our own page)
    return names


@pytest.fixture(scope="module")
def sport(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_sport(tmp_path_factory.mktemp("sport"), matches=3, period_s=45)


@pytest.fixture
def cnn() -> Iterator[dict[str, Any]]:
    try:
        yield run_page("add-network")
    finally:
        registry._loaded.pop("cnn", None)


@pytest.fixture
def squared() -> Iterator[None]:
    try:
        run_page("add-loss")
        yield
    finally:
        PER_FRAME_LOSSES.pop("squared", None)


def train(root: Path, out: Path, **tables: dict[str, Any]) -> spotkick.Model:
    config = ExperimentConfig.parse(
        {
            "data": {
                "root": str(root),
                "features": FEATURES,
                "classes": CLASSES,
                "frame_rate": 12.5,
            },
            "sampling": {"shuffle": True, "batch_chunks": 16, "border_actions": True},
            "training": {"epochs": 2, "validate_every": 2, "learning_rate": 3e-3, "threads": 1},
            "decoding": {"source": "scores"},
            **tables,
        }
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SpotkickWarning)
        run_training(config, out, quiet=True, reporter=SilentReporter())
    return spotkick.load_model(out, threads=1)


def test_add_network_page_trains_spots_and_loads(
    cnn: dict[str, Any], sport: Path, tmp_path: Path
) -> None:
    sizes = {"kind": "cnn", "chunk_s": 20, "receptive_field_s": 4, "width": 8}
    model = train(sport, tmp_path / "run", model=sizes)
    assert model.checkpoint.config.kind == "cnn"
    network = load_network(tmp_path / "run")
    assert isinstance(network, cnn["CnnNetwork"])
    assert network.architecture.receptive_field_frames == 51

    for chunks in (1, 3):
        features = np.random.default_rng(0).standard_normal((chunks, 250, 12)).astype(np.float32)
        expected = network(torch.from_numpy(features)).scores.detach().numpy()
        np.testing.assert_allclose(model.network(features).scores, expected, atol=1e-5)
    found = spotkick.spot(model, next(sport.glob("league/2026/match 0/1_*.npy")))
    assert all(action.label in CLASSES for action in found.actions)


def test_add_loss_page_trains_every_network(squared: None, sport: Path, tmp_path: Path) -> None:
    del squared
    small = {"chunk_s": 20, "receptive_field_s": 4, "hidden": [4, 4], "pyramid": [2, 2, 2, 2]}
    for kind in ("dense", "calf"):
        model = train(
            sport,
            tmp_path / kind,
            model={"kind": kind, "capsule_dim": 2, **small},
            loss={"segmentation": "squared", "target_radius_s": 1.0},
        )
        stored = model.checkpoint.config.training["experiment"]["loss"]["segmentation"]
        assert stored == "squared"


def test_register_network_taken_name_is_refused(cnn: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match="'cnn' is there already"):
        register_network(cnn["CNN"])
    assert known_kinds() == ("calf", "dense", "tokens", "bmn", "cnn")


@pytest.mark.parametrize("name", ["calf", "dense", "bmn"])
def test_network_kind_every_entry_builds_and_serialises(name: str) -> None:
    kind = network_kind(name)
    assert kind.name == name
    network = new_network(kind.architecture.parse({"kind": name, "feature_dim": 8}), 0)
    assert network.architecture.kind == name


def test_network_kind_unknown_name_lists_the_known() -> None:
    with pytest.raises(ConfigError, match="no network of the kind 'gru'"):
        network_kind("gru")


def test_new_network_same_seed_same_weights_and_torch_left_alone() -> None:
    sizes = network_kind("dense").architecture.parse({"kind": "dense", "feature_dim": 4})
    torch.manual_seed(5)
    before = torch.get_rng_state()
    first, again, other = (new_network(sizes, seed).segmentation.weight for seed in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert torch.equal(torch.get_rng_state(), before)
