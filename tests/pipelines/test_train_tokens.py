"""From transcripts to spots: token ids, a network that learns from them, and its checkpoint."""

import json
from pathlib import Path

import numpy as np
import pytest

import spotkick
from spotkick.actions import ActionClasses
from spotkick.errors import ConfigError
from spotkick.features.tracks import read_track
from spotkick.formats.soccernet import read_labels
from spotkick.formats.splits import read_split
from spotkick.pipelines.config import ExperimentConfig
from spotkick.pipelines.extract import ExtractionRequest, extract_commentary
from spotkick.pipelines.join import join_checkpoints
from spotkick.pipelines.train import run_training
from spotkick.reporter import SilentReporter

PERIOD_S = 600
PHRASES = {
    "Goal": "what a goal he scores it is in the net",
    "Corner": "out for a corner now from the right side",
    "": "they pass it around in the middle of the park",
}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six matches of one period, whose commentary says what happens when it happens."""
    root, random = tmp_path_factory.mktemp("data"), np.random.default_rng(0)
    matches = [f"match{number}" for number in range(6)]
    for match in matches:
        segments, annotations = {}, []
        for number, start_s in enumerate(range(0, PERIOD_S, 8)):
            label = str(random.choice(["Goal", "Corner", "", "", ""]))
            segments[str(number)] = [float(start_s), start_s + 4.0, PHRASES[label]]
            if label:
                position = {"position": f"{1000 * start_s + 2000}", "gameTime": "1 - 00:00"}
                annotations.append({"label": label, "team": "home", **position})
        (root / match).mkdir()
        (root / match / "1_asr.json").write_text(json.dumps({"segments": segments}))
        labels = {"UrlLocal": match, "annotations": annotations}
        (root / match / "Labels-v2.json").write_text(json.dumps(labels))
    (root / "train.txt").write_text("\n".join(matches[:5]))
    (root / "valid.txt").write_text(matches[5])
    extract_commentary(ExtractionRequest((root,), root, tokens=True), SilentReporter())
    return root


def parse(root: Path, **tables: dict[str, object]) -> ExperimentConfig:
    return ExperimentConfig.parse(
        {
            "data": {
                "root": str(root),
                "features": "tokens",
                "classes": ["Goal", "Corner"],
                "valid": "",
            },
            "model": {
                "kind": "tokens",
                "chunk_s": 60,
                "units": 16,
                "embedding_dim": 8,
                "dilations": [1, 2],
                "dropout": 0,
                **tables.get("model", {}),
            },
            "loss": {
                "segmentation": "gaussian",
                "target_sigma_s": 2,
                "segmentation_weight": 10,
                **tables.get("loss", {}),
            },
            "sampling": {"preset": "uniform", "chunks_per_epoch": 96, "batch_chunks": 8},
            "training": {
                "epochs": 4,
                "learning_rate": 0.02,
                "threads": 1,
                **tables.get("training", {}),
            },
            "decoding": {"source": "scores", "nms_window_s": 6},
        },
        "test",
    )


@pytest.fixture(scope="module")
def run(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("run") / "run"
    run_training(parse(data), out, quiet=True, reporter=SilentReporter())
    return out


def test_tokens_are_stored_as_whole_numbers(data: Path) -> None:
    track = read_track(data / "match5" / "1_tokens.npy")
    assert track.values.dtype == np.int16
    assert track.source.num_ids > 10
    assert track.values[:, 0].sum() > PERIOD_S / 2


def test_run_training_tokens_learns_what_is_said(data: Path, run: Path) -> None:
    (match,) = read_split(data / "valid.txt")
    found = spotkick.load_model(run).spot(data / match)
    labels = read_labels(data / match / "Labels-v2.json", match=match)
    assert len(labels.actions) > 10

    def best_near(label: str, position_ms: int) -> float:
        near = [
            spot.confidence or 0.0
            for spot in found.actions
            if spot.label == label and abs(spot.position_ms - position_ms) <= 4000
        ]
        return max(near, default=0.0)

    other = {"Goal": "Corner", "Corner": "Goal"}
    right = [
        best_near(action.label, action.position_ms)
        > 2 * best_near(other[action.label], action.position_ms)
        for action in labels.actions
    ]
    assert np.mean(right) > 0.7


def test_spot_transcript_equals_spot_of_its_features(data: Path, run: Path) -> None:
    model = spotkick.load_model(run)
    from_text = model.spot(data / "match5" / "1_asr.json")
    from_tokens = model.spot(data / "match5" / "1_tokens.npy")
    assert from_text.actions == from_tokens.actions
    assert from_text.actions


def test_spot_classes_that_are_unions_of_the_networks_own(data: Path, run: Path) -> None:
    model, both = (
        spotkick.load_model(run),
        ActionClasses(("event",), {"Goal": "event", "Corner": "event"}),
    )
    match = data / "match5"
    own, union = (
        spotkick.spot_with_scores(model, match, classes=classes)[1].periods[1]
        for classes in (None, both)
    )
    np.testing.assert_allclose(union[:, 0], 1 - (1 - own).prod(axis=1), rtol=1e-5)
    assert {action.label for action in model.spot(match, classes=both).actions} == {"event"}


@pytest.mark.parametrize("loss", ["paper", "symmetric", "focal", "bce"])
def test_run_training_tokens_learns_from_every_loss(data: Path, loss: str, tmp_path: Path) -> None:
    config = parse(data, loss={"segmentation": loss}, training={"epochs": 2})
    result = run_training(config, tmp_path / "run", quiet=True, reporter=SilentReporter())
    assert result.history[1]["loss"] < result.history[0]["loss"]


@pytest.mark.parametrize(
    ("tables", "message"),
    [
        ({"model": {"kind": "dense"}}, "token ids, which model.kind = 'dense' cannot read"),
        ({"training": {"feature_dropout": 0.1}}, "would change token ids"),
    ],
)
def test_run_training_tokens_as_values_is_config_error(
    data: Path, tables: dict[str, dict[str, object]], message: str, tmp_path: Path
) -> None:
    config = parse(data)
    if "model" in tables:
        config = config.replace(model=ExperimentConfig.parse(tables, "test").model)
    else:
        config = config.replace(training=config.training.replace(feature_dropout=0.1))
    with pytest.raises(ConfigError, match=message):
        run_training(config, tmp_path / "run", quiet=True, reporter=SilentReporter())


def test_extraction_request_tokens_with_labels_is_config_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="leave out --labels and --dim"):
        ExtractionRequest((tmp_path,), tmp_path, tokens=True, labels=True)


def test_join_checkpoints_of_tokens_spot_as_their_mean_in_chunks_of_any_length(
    data: Path, run: Path, tmp_path: Path
) -> None:
    alone = spotkick.load_model(run)
    joined = spotkick.load_model(
        join_checkpoints([run, run], tmp_path / "joined", chunk_s=200, with_weights=False).folder
    )
    rows = read_track(data / "match5" / "1_tokens.npy").values
    np.testing.assert_allclose(joined(rows), alone(rows), atol=1e-5)
    assert joined.checkpoint.config.chunk_frames == 100
    assert joined.checkpoint.config.training["members"] == [alone.checkpoint.config.training] * 2

    # The vocabulary travels along.
    half = join_checkpoints([run], tmp_path / "half", stored_as="float16")
    spotted = spotkick.load_model(half.folder).spot(data / "match5" / "1_asr.json")
    assert spotted.actions


def test_join_checkpoints_of_other_sizes_is_config_error(
    data: Path, run: Path, tmp_path: Path
) -> None:
    other = parse(data, model={"chunk_s": 70}, training={"epochs": 1})
    run_training(other, tmp_path / "other", quiet=True, reporter=SilentReporter())
    with pytest.raises(ConfigError, match="its chunk_frames is not that of"):
        join_checkpoints([run, tmp_path / "other"], tmp_path / "out")
