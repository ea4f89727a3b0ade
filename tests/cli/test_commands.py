"""Commands as a user meets them: one line for each mistake, exit code 1, nothing half-written."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

CONFIG = """
[data]
features = "planted"
classes = ["goal", "card", "substitution"]
[model]
chunk_s = 40
receptive_field_s = 10
hidden = [8, 8]
pyramid = [4, 4, 4, 4]
[sampling]
shuffle = true
batch_chunks = 8
[training]
epochs = 2
validate_every = 1
threads = 1
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "experiment.toml"
    path.write_text(CONFIG)
    return path


def one_line(error: str) -> str:
    lines = [line for line in error.splitlines() if line.startswith("error: ")]
    assert len(lines) == 1
    assert "Traceback" not in error
    return lines[0]


@pytest.mark.filterwarnings("ignore::spotkick.errors.SpotkickWarning")
def test_train_spot_evaluate_chain_gives_scores(
    invoke: Callable[..., tuple[int, str, str]], config: Path, planted: Path, tmp_path: Path
) -> None:
    code, out, _ = invoke(
        "train", config, "--data", planted, "--out", tmp_path / "run", "--set", "training.epochs=1"
    )
    assert code == 0
    assert "1 epochs, best validation Average-mAP" in out
    code, out, _ = invoke(
        "spot",
        tmp_path / "run" / "best",
        "--split",
        "valid",
        "--data",
        planted,
        "--out",
        tmp_path / "out",
    )
    assert code == 0
    assert "1 match" in out
    assert "times real time" in out
    classes = tmp_path / "classes.txt"
    classes.write_text("goal\ncard\nsubstitution\n")
    code, out, _ = invoke(
        "evaluate", tmp_path / "out", planted, "--classes", classes,
        "--split", planted / "splits/valid.txt",
        "--json", tmp_path / "score.json",
    )  # fmt: skip
    assert code == 0
    score = json.loads((tmp_path / "score.json").read_text())
    assert set(score["per_class"]) == {"goal", "card", "substitution"}
    assert 0 <= score["average_map"] <= 1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("training.lerning_rate=1", "did you mean 'learning_rate'"),
        ("training.epochs=0", "training.epochs"),
        ("slicing.preset=v9", "v1, v2"),
        ("data.features=nothing", "it has planted"),
        ("data.train=nowhere", "no split file 'nowhere'"),
        ("data.classes=tennis", "tennis"),
        ("training.device=abacus", "abacus"),
        ("nonsense", "--set needs key=value"),
    ],
)
def test_train_wrong_value_is_one_line(
    invoke: Callable[..., tuple[int, str, str]],
    config: Path,
    planted: Path,
    tmp_path: Path,
    change: str,
    message: str,
) -> None:
    code, _, error = invoke(
        "train", config, "--data", planted, "--out", tmp_path / "run", "--set", change
    )
    assert code == 1
    assert message in one_line(error)


def test_train_file_without_toml_is_one_line(
    invoke: Callable[..., tuple[int, str, str]], tmp_path: Path
) -> None:
    path = tmp_path / "broken.toml"
    path.write_text("epochs = = 3")
    code, _, error = invoke("train", path)
    assert code == 1
    assert "not a TOML file" in one_line(error)


@pytest.fixture(scope="module")
def checkpoint(planted: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    from spotkick.configuration import read_toml
    from spotkick.pipelines.config import ExperimentConfig
    from spotkick.pipelines.train import run_training

    folder = tmp_path_factory.mktemp("command")
    (folder / "experiment.toml").write_text(CONFIG)
    values = read_toml(folder / "experiment.toml")
    values["data"]["root"] = str(planted)
    run_training(ExperimentConfig.parse(values), folder / "run", quiet=True)
    return folder / "run" / "best"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "not a readable .npy"),
        (b"\x93NUMPY\x01\x00v\x00{'descr': '<f4', 'fortran_order'", "not a readable .npy"),
        (None, "no such feature file"),
    ],
)
def test_spot_damaged_feature_file_is_one_line(
    invoke: Callable[..., tuple[int, str, str]],
    checkpoint: Path,
    tmp_path: Path,
    content: bytes | None,
    message: str,
) -> None:
    path = tmp_path / "1_planted.npy"
    if content is not None:
        path.write_bytes(content)
    code, _, error = invoke("spot", checkpoint, path, "--out", tmp_path / "out.json")
    assert code == 1
    assert message in one_line(error)
    assert not (tmp_path / "out.json").exists()


def test_spot_feature_file_of_objects_is_not_unpickled(
    invoke: Callable[..., tuple[int, str, str]], checkpoint: Path, tmp_path: Path
) -> None:
    path = tmp_path / "1_planted.npy"
    np.save(path, np.array([{"a": 1}], dtype=object), allow_pickle=True)
    code, _, error = invoke("spot", checkpoint, path, "--out", tmp_path / "out.json")
    assert code == 1
    assert "Python objects" in one_line(error)


def test_spot_other_folder_as_checkpoint_is_one_line(
    invoke: Callable[..., tuple[int, str, str]], tmp_path: Path
) -> None:
    code, _, error = invoke("spot", tmp_path, tmp_path, "--out", tmp_path / "out")
    assert code == 1
    assert "not a checkpoint" in one_line(error)


def test_import_weights_other_file_is_one_line(
    invoke: Callable[..., tuple[int, str, str]], tmp_path: Path
) -> None:
    path = tmp_path / "weights.h5"
    path.write_bytes(b"hello")
    code, _, error = invoke("import-weights", path, tmp_path / "out")
    assert code == 1
    assert "not an HDF5 file" in one_line(error)
    assert not (tmp_path / "out").exists()


def test_spot_without_torch_writes_results(checkpoint: Path, planted: Path, tmp_path: Path) -> None:
    code = (
        "import sys; sys.modules.update(dict.fromkeys(('torch', 'sklearn', 'onnx')))\n"
        f"sys.argv = ['spotkick', 'spot', {str(checkpoint)!r}, {str(planted)!r}, "
        f"'--out', {str(tmp_path / 'out')!r}]\n"
        "from spotkick.cli.main import run\nrun()\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert len(list((tmp_path / "out").rglob("results_spotting.json"))) == 4
