import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from spotkick.cli.outputs import check_command_outputs
from spotkick.errors import InputError

Invoke = Callable[..., tuple[int, str, str]]

LABELS = {
    "UrlLocal": "m",
    "annotations": [{"gameTime": "1 - 00:10", "label": "Goal", "position": "10000"}],
}
RESULTS = {
    "UrlLocal": "m",
    "predictions": [
        {
            "gameTime": "1 - 00:10",
            "label": "Goal",
            "position": "10000",
            "half": "1",
            "confidence": "1",
        }
    ],
}


@pytest.fixture
def season(tmp_path: Path) -> Path:
    """Labels and predictions of one match, and files of other kinds with the same content."""
    for folder, name, document in (
        ("set", "Labels-v2.json", LABELS),
        ("out", "results_spotting.json", RESULTS),
    ):
        (tmp_path / folder / "m").mkdir(parents=True)
        (tmp_path / folder / "m" / name).write_text(json.dumps(document))
    (tmp_path / "labels.csv").write_text("time,label\n1.0,Goal\n")
    (tmp_path / "link.csv").symlink_to(tmp_path / "labels.csv")
    (tmp_path / "best.toml").write_text("")
    (tmp_path / "weights.h5").write_bytes(b"weights")
    return tmp_path


def digest_tree(root: Path) -> dict[str, str]:
    return {
        str(path): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in root.rglob("*")
        if path.is_file()
    }


@pytest.mark.parametrize(
    "line",
    [
        "convert labels.csv labels.csv",
        "convert labels.csv link.csv --to csv",
        "convert labels.csv new.json --to osl-v2 --json labels.csv",
        "convert labels.csv new.json --to osl-v2 --json new.json",
        "evaluate out set --json set/m/Labels-v2.json",
        "evaluate out set --report out/m/results_spotting.json",
        "evaluate out/m/results_spotting.json set --json out/m/results_spotting.json",
        "evaluate out set --json a.html --report ./a.html",
        "evaluate out set --tuned-on out set --json out/m/results_spotting.json",
        "compare a=out b=out/m/results_spotting.json --labels set --json set/m/Labels-v2.json",
        "doctor labels.csv --json labels.csv",
        "features labels.csv --out labels.csv --source set",
        "transcribe link.csv --out labels.csv",
        "slicing labels.csv --out labels.csv",
        "slicing labels.csv --plot link.csv",
        "detect labels.csv link.csv --out labels.csv",
        "import-weights weights.h5 weights.h5",
        "import-weights weights.h5 .",
        "tune best.toml --out . --trials 1",
    ],
)
def test_command_output_in_place_of_input_is_refused(
    season: Path, invoke: Invoke, monkeypatch: pytest.MonkeyPatch, line: str
) -> None:
    monkeypatch.chdir(season)
    before = digest_tree(season)
    code, _, errors = invoke(*line.split())
    assert code == 1
    assert "would overwrite" in errors or "would be replaced" in errors
    assert len(errors.splitlines()) == 1
    assert digest_tree(season) == before


def test_check_command_outputs_report_inside_input_folder_is_allowed(season: Path) -> None:
    (season / "set" / "scores.json").write_text("{}")
    check_command_outputs({"--json": season / "set" / "scores.json"}, [season / "set", None])
    check_command_outputs({"--out": season / "set" / "m" / "Labels-ball.json"}, [season / "set"])


@pytest.mark.parametrize("name", ["1_224p.mp4", "1_ResNET.npy", "train.txt", "1_asr.json"])
def test_check_command_outputs_data_file_of_input_folder_is_refused(
    season: Path, name: str
) -> None:
    (season / "set" / "m" / name).write_text("data")
    with pytest.raises(InputError, match="would overwrite the input"):
        check_command_outputs({"--json": season / "set" / "m" / name}, [season / "set"])
