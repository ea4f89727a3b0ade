"""What a person corrects in the viewer trains the next model, without a step between."""

import re
import shlex
from pathlib import Path
from typing import Any

from fastapi.testclient import TestClient
from typer.testing import CliRunner

from spotkick.cli.main import build_app
from spotkick.demo.data import EXPERIMENT, SEASON
from spotkick.formats.soccernet import read_label_set
from spotkick.pipelines.config import ExperimentConfig
from spotkick.pipelines.labelled_data import label_training_periods
from spotkick.pipelines.train import BEST, run_training
from spotkick.viewer.app import create_app
from spotkick.viewer.edits import SpotEdit
from spotkick.viewer.match_store import Library
from spotkick.viewer.security import AccessRules

ORIGIN = "http://127.0.0.1:8765"
ADDED = {
    "id": "a-0123456789ab",
    "state": {
        "source": "added",
        "label": "Goal",
        "period": 1,
        "position_ms": 5000,
        "status": "accepted",
    },
}


def test_run_training_archive_of_corrected_labels_trains(planted: Path, tmp_path: Path) -> None:
    library = Library([planted], edits=tmp_path / "edits")
    with TestClient(
        create_app(library, AccessRules(8765)), base_url=ORIGIN, headers={"origin": ORIGIN}
    ) as client:
        key = library.keys[0]
        label = client.get(f"/api/matches/{key}").json()["labels"][0]
        gone: dict[str, Any] = {name: label[name] for name in ("label", "period", "position_ms")}
        gone |= {"source": "label", "status": "rejected", "confidence": None}
        edit = {"revision": 0, "edits": [{"id": label["id"], "state": gone}]}
        assert client.post(f"/api/matches/{key}/edits", json=edit).status_code == 200
        archive = tmp_path / "corrected-labels.zip"
        archive.write_bytes(client.get("/api/export").content)
    before, after = (
        sum(len(match.actions) for match in read_label_set(root)) for root in (planted, archive)
    )
    assert after == before - 1
    config = experiment(archive, planted)
    halves = label_training_periods(config, chunk_frames=120, pad_frames=20)
    assert len(halves) == len(
        label_training_periods(experiment(planted, planted), chunk_frames=120, pad_frames=20)
    )
    run_training(config, tmp_path / "run")
    assert (tmp_path / "run" / BEST / "model.onnx").is_file()


def test_train_command_of_the_page_about_the_viewer_runs_on_the_bundled_season(
    tmp_path: Path,
) -> None:
    page = (Path(__file__).parents[2] / "docs" / "viewer.md").read_text()
    (line,) = re.findall(r"^spotkick train CONFIG.*$", page, re.MULTILINE)
    library = Library([SEASON], edits=tmp_path / "edits")
    journals = (library.journal(files) for files in map(library.files, library.keys) if files)
    next(journals).append([SpotEdit.model_validate(ADDED)], based_on=0)
    client = TestClient(create_app(library, AccessRules(8765)), base_url=ORIGIN)
    archive = tmp_path / "corrected-labels.zip"
    archive.write_bytes(client.get("/api/export").content)

    # As it stands in the page, with less work.
    command = line.replace("CONFIG.toml", str(EXPERIMENT)).replace("SEASON", str(SEASON))
    words = shlex.split(command.replace("corrected-labels.zip", str(archive)))[1:]
    quick = ["training.epochs=1", "training.threads=1", "sampling.chunks_per_epoch=8"]
    words += [word for setting in quick for word in ("--set", setting)]
    done = CliRunner().invoke(build_app(("train",)), [*words, "--out", str(tmp_path / "run")])
    assert done.exit_code == 0, done.output
    assert (tmp_path / "run" / BEST / "model.onnx").is_file()


def experiment(labels: Path, features: Path) -> ExperimentConfig:
    split = str(features / "splits" / "train.txt")
    return ExperimentConfig.parse(
        {
            "data": {
                "root": str(labels),
                "features_root": str(features),
                "features": "planted",
                "classes": ("goal", "card", "substitution"),
                "train": split,
                "valid": "",
            },
            "model": {
                "chunk_s": 60,
                "receptive_field_s": 16,
                "hidden": (24, 16),
                "pyramid": (4, 8, 8, 16),
            },
            "sampling": {"shuffle": True, "batch_chunks": 8, "border_actions": True},
            "training": {"epochs": 1, "threads": 1},
        }
    )
