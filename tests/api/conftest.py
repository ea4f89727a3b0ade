"""Small models, without training."""

from collections.abc import Callable
from pathlib import Path

import pytest

import spotkick
from spotkick.actions import ActionClasses
from spotkick.checkpoint import CheckpointConfig, write_checkpoint
from spotkick.features.tracks import FeatureSource
from spotkick.models import CalfArchitecture, CalfNetwork
from spotkick.models.loading import network_files
from spotkick.tasks import Task


@pytest.fixture(scope="session")
def write_small_run() -> Callable[..., Path]:
    """A function that writes a run directory with an untrained network.

    ``write(folder, dim=4, classes=("a", "b"))``.
    """

    def write(
        folder: Path,
        *,
        dim: int = 4,
        classes: tuple[str, ...] = ("a", "b"),
        features: str = "small",
    ) -> Path:
        sizes = CalfArchitecture(
            feature_dim=dim,
            num_classes=len(classes),
            chunk_frames=40,
            receptive_field_frames=8,
            hidden=(4, 4),
        )
        config = CheckpointConfig(
            kind=sizes.kind,
            task=Task(ActionClasses(classes)).to_json(),
            slicing_s=dict.fromkeys(classes, (-20, -10, 10, 20)),
            chunk_frames=40,
            border_frames=4,
            feature_source=FeatureSource(features, dim).to_json(),
            architecture=sizes.model_dump(mode="json"),
        )
        write_checkpoint(folder / "best", config, network_files(CalfNetwork(sizes).eval()))
        return folder

    return write


@pytest.fixture(scope="session")
def small_model(
    write_small_run: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory
) -> Callable[..., spotkick.Model]:
    """A function that makes a model of the given sizes."""

    def make(**sizes: object) -> spotkick.Model:
        return spotkick.load_model(
            write_small_run(tmp_path_factory.mktemp("model"), **sizes), threads=1
        )

    return make
