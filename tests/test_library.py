"""The library as a notebook user meets it."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import spotkick
from spotkick.checkpoint import CheckpointConfig, write_checkpoint
from spotkick.errors import CheckpointError, InputError
from spotkick.features.tracks import FeatureSource
from spotkick.models import CalfArchitecture, CalfNetwork
from spotkick.models.loading import network_files


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run")
    sizes = CalfArchitecture(
        feature_dim=4, num_classes=2, chunk_frames=40, receptive_field_frames=8, hidden=(4, 4)
    )
    config = CheckpointConfig(
        classes=("a", "b"),
        slicing_s={"a": (-20, -10, 10, 20), "b": (-20, -10, 10, 20)},
        chunk_frames=40,
        border_frames=4,
        feature_source=FeatureSource("small", 4).to_json(),
        architecture=sizes.model_dump(mode="json"),
    )
    write_checkpoint(folder / "best", config, network_files(CalfNetwork(sizes).eval()))
    return folder


def test_load_and_spot(run: Path, tmp_path: Path) -> None:
    np.save(
        tmp_path / "2_small.npy",
        np.random.default_rng(0).standard_normal((90, 4)).astype(np.float32),
    )
    for folder in (run, run / "best"):
        actions, scores = spotkick.spot_with_scores(
            spotkick.load_model(folder, threads=1), tmp_path / "2_small.npy"
        )
        assert {action.period for action in actions.actions} == {2}
        assert scores.periods[2].shape == (90, 2)
    assert (
        spotkick.spot(spotkick.load_model(str(run), threads=1), str(tmp_path / "2_small.npy"))
        == actions
    )


def test_network_of_a_checkpoint(run: Path) -> None:
    network = spotkick.models.load_network(run / "best")
    assert not network.training
    assert network.architecture.num_classes == 2


def test_clear_errors(run: Path, tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="not a checkpoint"):
        spotkick.load_model(tmp_path)
    model = spotkick.load_model(run, threads=1)
    with pytest.raises(InputError, match="does not exist"):
        spotkick.spot(model, tmp_path / "nothing.mp4")
    (tmp_path / "match.mp4").write_bytes(b"x")
    with pytest.raises(InputError, match="does not know how to make them from video"):
        spotkick.spot(model, tmp_path / "match.mp4")
    with pytest.raises(AttributeError, match="goals"):
        spotkick.goals  # noqa: B018 (the access is what is tested)


def test_importing_is_light() -> None:
    code = "import sys, spotkick; sys.exit(' '.join({'torch', 'onnxruntime', 'numpy', 'av'} & set(sys.modules)) or 0)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_losses_without_torch_name_the_extra() -> None:
    code = "import sys; sys.modules['torch'] = None; import spotkick; spotkick.losses"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "MissingExtraError: spotkick.losses needs the package 'torch'" in done.stderr
    assert "spotkick[train]" in done.stderr
