import json
from pathlib import Path

import pytest

import spotkick
from spotkick.errors import CheckpointError
from spotkick.model_cards import CARD_FILE, list_models, read_card, read_model
from spotkick.shipped_folders import list_shipped

SMALLEST = {
    "summary": "Spots goals.",
    "inputs": ["videos"],
    "trained_on": "train",
    "commands": ["spotkick train"],
    "scores": [],
    "licences": ["Apache-2.0"],
}


def write_card(folder: Path, **changes: object) -> Path:
    values = {key: value for key, value in {**SMALLEST, **changes}.items() if value is not None}
    (folder / CARD_FILE).write_text(json.dumps(values))
    return folder


def test_list_models_describes_every_shipped_checkpoint() -> None:
    assert tuple(model.name for model in list_models()) == list_shipped()
    for model in list_models():
        assert spotkick.load_model(model.name, threads=1).classes.names == model.classes
        assert model.size_bytes > 1000
        assert model.card.scores, "a shipped checkpoint has scores"


def test_read_model_demo_scores_have_split_and_tolerance() -> None:
    demo = read_model("demo")
    assert demo.score_lines()[0].startswith("loose Average-mAP 94.4, ")
    assert demo.to_json()["scores"][0]["tolerance_s"] == [5.0, 60.0]
    assert json.loads(json.dumps(demo.to_json()))["classes"][0] == "Goal"


def test_read_model_unknown_name_is_one_line() -> None:
    with pytest.raises(CheckpointError, match=r"no shipped .* 'dem'; did you mean 'demo'"):
        read_model("dem")


def test_read_card_score_with_interval_and_classes_is_described(tmp_path: Path) -> None:
    score = {
        "classes": "soccernet-v1",
        "metric": "loose Average-mAP",
        "tolerance_s": [5, 60],
        "data": "SoccerNet-v2, transcripts as given",
        "split": "valid",
        "average_map": 0.5,
        "interval": [0.45, 0.55],
        "per_class": {"Goal": 0.7},
    }
    card = read_card(write_card(tmp_path, scores=[score]))
    assert card.scores[0].describe() == (
        "loose Average-mAP 50.0 (45.0 to 55.0), soccernet-v1, tolerances 5 to 60 s, valid: "
        "SoccerNet-v2, transcripts as given"
    )


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"summary": None}, "'summary' is required"),
        ({"inputs": []}, "inputs"),
        ({"licence": "MIT"}, "did you mean 'licences'"),
        ({"scores": [{"average_map": 50}]}, r"scores\.0"),
    ],
)
def test_read_card_wrong_fields_are_one_line(
    tmp_path: Path, changes: dict[str, object], message: str
) -> None:
    with pytest.raises(CheckpointError, match=message) as caught:
        read_card(write_card(tmp_path, **changes))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("text", ["", "[1]", "{"])
def test_read_card_other_files_are_one_line(tmp_path: Path, text: str) -> None:
    (tmp_path / CARD_FILE).write_text(text)
    with pytest.raises(CheckpointError, match=CARD_FILE):
        read_card(tmp_path)
