"""What a person corrects in the viewer trains the next model, without a step between."""

from pathlib import Path
from typing import Any

from fastapi.testclient import TestClient

from spotkick.formats.soccernet import read_label_set
from spotkick.pipelines.config import ExperimentConfig
from spotkick.pipelines.labelled_data import label_training_periods
from spotkick.pipelines.train import BEST, run_training
from spotkick.viewer.app import create_app
from spotkick.viewer.match_store import Library
from spotkick.viewer.security import AccessRules

ORIGIN = "http://127.0.0.1:8765"


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
