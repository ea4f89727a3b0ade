"""Checkpoint folders: round trips, older forms, what a path may name, and damage."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from spotkick.actions import SOCCERNET_V1, ActionClasses
from spotkick.checkpoint import CheckpointConfig, read_checkpoint, write_checkpoint
from spotkick.errors import CheckpointError, SpotkickWarning
from spotkick.features.tracks import FeatureSource
from spotkick.localization.checkpoint import LocalizerConfig, read_localizer
from spotkick.models import load_network
from spotkick.prediction import OnnxNetwork
from spotkick.shipped_folders import SHIPPED_FOLDER
from spotkick.stored_checkpoint import read_stored, resolve_checkpoint
from spotkick.tasks import SOCCERNET_V1_TASK, TASKS, Task

STORED = Path(__file__).parent / "stored"


def config_for(task: Task) -> CheckpointConfig:
    names = task.classes.names
    return CheckpointConfig(
        kind="calf",
        task=task.to_json(),
        slicing_s=dict.fromkeys(names, (-20, -10, 10, 20)),
        chunk_frames=40,
        border_frames=4,
        feature_source=FeatureSource("small", 4).to_json(),
        architecture={"kind": "calf"},
    )


@pytest.mark.parametrize("task", TASKS.values(), ids=lambda task: task.name)
def test_write_checkpoint_built_in_task_comes_back_whole(task: Task, tmp_path: Path) -> None:
    write_checkpoint(tmp_path / "c", config_for(task), {"model.onnx": b"x"})
    assert read_checkpoint(tmp_path / "c").task == task


def test_write_checkpoint_class_list_keeps_its_words(tmp_path: Path) -> None:
    write_checkpoint(tmp_path / "v1", config_for(SOCCERNET_V1_TASK), {})
    classes = read_checkpoint(tmp_path / "v1").classes
    assert classes.resolve("soccer-ball-penalty") == SOCCERNET_V1.resolve("soccer-ball-penalty")
    assert classes.resolve("soccer-ball-penalty") == "goal"

    own = ActionClasses(("Hit", "Miss"), words=(("strike", "Hit"),), name="own")
    write_checkpoint(tmp_path / "own", config_for(Task(own, sport="darts")), {})
    found = read_checkpoint(tmp_path / "own")
    assert found.classes.resolve("a clean strike") == own.resolve("a clean strike") == "Hit"
    assert found.task.sport == "darts"


def test_read_checkpoint_version_1_gives_its_task_and_the_same_outputs() -> None:
    checkpoint = read_checkpoint(STORED / "spotter-1")
    assert checkpoint.task == SOCCERNET_V1_TASK
    assert checkpoint.config.kind == "calf"
    assert checkpoint.config.pad_period is True
    assert checkpoint.config.thresholds == {"goal": 0.5}
    assert checkpoint.slicing.bounds_s[0] == (-20, -10, 60, 90)

    features = np.random.default_rng(0).standard_normal((2, 30, 2)).astype(np.float32)
    network = load_network(checkpoint)
    on_onnx = OnnxNetwork.from_checkpoint(checkpoint, threads=1)(features)
    on_torch = network(torch.from_numpy(features))
    np.testing.assert_allclose(on_onnx.scores, on_torch.scores.detach().numpy(), atol=1e-5)


def test_read_localizer_version_1_opens() -> None:
    localizer, config = read_localizer(STORED / "localizer-1", threads=1)
    assert (config.kind, config.purpose) == ("bmn", "localization")
    assert (localizer.num_steps, localizer.feature_dim) == (5, 2)
    output = localizer(np.zeros((1, 5, 2), dtype=np.float32))
    assert output.boundaries.shape == (1, 5, 2)
    assert load_network(STORED / "localizer-1").architecture.num_steps == 5


def test_write_checkpoint_version_1_is_written_again_as_version_2(tmp_path: Path) -> None:
    old = read_checkpoint(STORED / "spotter-1")
    files = {name: (old.folder / name).read_bytes() for name in old.config.files}
    write_checkpoint(tmp_path / "new", old.config, files)
    assert json.loads((tmp_path / "new/config.json").read_text())["format_version"] == 2
    assert read_checkpoint(tmp_path / "new").config == old.config


def test_resolve_checkpoint_run_folder_gives_its_best(tmp_path: Path) -> None:
    run = tmp_path / "run"
    for name in ("best", "last"):
        write_checkpoint(run / name, config_for(SOCCERNET_V1_TASK), {})
    assert resolve_checkpoint(run) == run / "best"
    assert resolve_checkpoint(str(run / "last")) == run / "last"
    shutil.rmtree(run / "best")
    assert resolve_checkpoint(run) == run / "last"
    assert read_checkpoint(str(run)).folder == run / "last"


def test_resolve_checkpoint_bare_name_finds_shipped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert resolve_checkpoint("demo") == SHIPPED_FOLDER / "demo"
    assert resolve_checkpoint(Path("demo")) == SHIPPED_FOLDER / "demo"
    with pytest.raises(CheckpointError, match="did you mean the shipped checkpoint 'demo'"):
        resolve_checkpoint("demmo")
    with pytest.raises(CheckpointError, match=r"nothing of that name\)"):
        resolve_checkpoint("folder/demo")


def test_resolve_checkpoint_own_folder_comes_before_shipped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write_checkpoint(tmp_path / "demo" / "best", config_for(SOCCERNET_V1_TASK), {})
    with pytest.warns(SpotkickWarning, match="the one here is taken: .*demo/best"):
        found = resolve_checkpoint("demo")
    assert found == tmp_path / "demo" / "best"
    assert resolve_checkpoint(found) == found  # as a worker process does, without a warning


def test_resolve_checkpoint_other_folder_of_a_shipped_name_is_passed_by(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "demo").mkdir()
    with pytest.warns(SpotkickWarning, match="demo is not a checkpoint; the shipped .* is taken"):
        assert resolve_checkpoint("demo") == SHIPPED_FOLDER / "demo"


def test_resolve_checkpoint_other_folders_are_one_line(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="nothing of that name"):
        resolve_checkpoint(tmp_path / "no")
    with pytest.raises(CheckpointError, match=r"no config\.json, and no best/config\.json"):
        resolve_checkpoint(tmp_path)
    (tmp_path / "experiment.json").write_text("{}")
    with pytest.raises(CheckpointError, match="no checkpoint yet; finish it with --resume"):
        load_network(tmp_path)


def test_read_stored_other_purpose_is_named() -> None:
    with pytest.raises(
        CheckpointError, match="not a checkpoint for spotting, but for localization"
    ):
        read_checkpoint(STORED / "localizer-1")
    with pytest.raises(
        CheckpointError, match="not a checkpoint for localization, but for spotting"
    ):
        read_stored(STORED / "spotter-1", LocalizerConfig)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[]", "not the description of a checkpoint"),
        ("{}", "not the description of a checkpoint"),
        ('{"format_version": 1, "classes": 3}', "not the description of a checkpoint"),
        ('{"format_version": 9}', "format version 9; this spotkick reads up to 2"),
        ('{"format_version": 2, "purpose": "spotting"}', "'kind' is required"),
        ("{", "not valid JSON"),
    ],
)
def test_read_checkpoint_damaged_description_is_one_line(
    tmp_path: Path, text: str, message: str
) -> None:
    (tmp_path / "config.json").write_text(text)
    with pytest.raises(CheckpointError, match=message) as caught:
        read_checkpoint(tmp_path)
    assert "\n" not in str(caught.value)
    with pytest.raises(CheckpointError):
        load_network(tmp_path)


def test_read_checkpoint_unknown_kind_still_spots_from_its_graph(tmp_path: Path) -> None:
    old = read_checkpoint(STORED / "spotter-1")
    files = {name: (old.folder / name).read_bytes() for name in old.config.files}
    write_checkpoint(tmp_path / "c", old.config.replace(kind="wavenet"), files)
    checkpoint = read_checkpoint(tmp_path / "c")
    features = np.zeros((1, 30, 2), dtype=np.float32)
    assert OnnxNetwork.from_checkpoint(checkpoint)(features).scores.shape == (1, 30, 3)
    with pytest.raises(CheckpointError, match="no network of the kind 'wavenet'"):
        load_network(checkpoint)
