"""From transcripts to spots by vectors of sentences, alone and averaged with token ids."""

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner, Result

import spotkick
from spotkick.cli.main import build_app
from spotkick.cluster.work import WorkItem
from spotkick.commentary.sentence_encoder import EncoderOptions
from spotkick.commentary.transcript_files import find_transcripts
from spotkick.errors import InputError
from spotkick.features.tracks import read_track
from spotkick.formats.scores import read_scores
from spotkick.pipelines.config import ExperimentConfig
from spotkick.pipelines.extract import OpenCommentary
from spotkick.pipelines.live import run_live
from spotkick.pipelines.live_request import LiveRequest
from spotkick.pipelines.train import run_training
from spotkick.reporter import SilentReporter
from support.sentence_models import write_sentence_model

PERIOD_S = 240
PHRASES = {
    "Goal": "what a goal he scores",
    "Corner": "out for a corner now",
    "": "they pass it around",
}
MODELS: dict[str, dict[str, object]] = {
    "sentences": {"kind": "dense", "trunk": "linear"},
    "tokens": {"kind": "tokens", "units": 8, "embedding_dim": 4, "dilations": [1]},
}
EPOCHS = {"sentences": 8, "tokens": 1}


def run(*arguments: object) -> Result:
    return CliRunner().invoke(build_app(["features", "spot"]), list(map(str, arguments)))


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    words = sorted({word for phrase in PHRASES.values() for word in phrase.split()})
    return write_sentence_model(tmp_path_factory.mktemp("encoder"), words, dim=8)


@pytest.fixture(scope="module")
def data(encoder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three matches of one period, whose commentary says what happens when it happens."""
    root, generator = tmp_path_factory.mktemp("data"), np.random.default_rng(0)
    matches = [f"match{number}" for number in range(3)]
    for match in matches:
        segments, annotations = {}, []
        for number, start_s in enumerate(range(0, PERIOD_S, 8)):
            label = str(generator.choice(["Goal", "Corner", "", "", ""]))
            segments[str(number)] = [float(start_s), start_s + 4.0, PHRASES[label]]
            if label:
                position = {"position": f"{1000 * start_s + 2000}", "gameTime": "1 - 00:00"}
                annotations.append({"label": label, "team": "home", **position})
        (root / match).mkdir()
        transcript = {"segments": segments, "duration_s": PERIOD_S}
        (root / match / "1_asr.json").write_text(json.dumps(transcript))
        labels = {"UrlLocal": match, "annotations": annotations}
        (root / match / "Labels-v2.json").write_text(json.dumps(labels))
    (root / "train.txt").write_text("\n".join(matches))

    for kind in ("--kind", "sentences", "--sentence-model", encoder), ("--kind", "tokens"):
        made = run("features", root, "--out", root, *kind)
        assert made.exit_code == 0, made.output
    return root


@pytest.fixture(scope="module")
def runs(data: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A checkpoint on each kind of features."""
    out, found = tmp_path_factory.mktemp("runs"), {}
    for name, model in MODELS.items():
        tables = {
            "data": {
                "root": str(data),
                "features": name,
                "classes": ["Goal", "Corner"],
                "valid": "",
            },
            "model": {"chunk_s": 60, **model},
            "loss": {
                "segmentation": "gaussian",
                "target_sigma_s": 2,
                "segmentation_weight": 10,
                "shifts": "nearest",
            },
            "sampling": {"preset": "uniform", "chunks_per_epoch": 48, "batch_chunks": 8},
            "training": {"epochs": EPOCHS[name], "learning_rate": 0.1, "threads": 1},
            "decoding": {"source": "scores", "nms_window_s": 6},
        }
        config = ExperimentConfig.parse(tables, "test")
        run_training(config, out / name, quiet=True, reporter=SilentReporter())
        found[name] = out / name
    return found


def scores_in(out: Path) -> np.ndarray:
    (path,) = out.rglob("scores.npz")
    return read_scores(path).periods[1].astype(np.float64)


def test_run_training_dense_learns_from_sentences(
    data: Path, runs: dict[str, Path], encoder: Path
) -> None:
    model = spotkick.load_model(runs["sentences"])
    track = read_track(data / "match2" / "1_sentences.npy")
    assert track.values.shape == (PERIOD_S // 2, 9)
    labels = json.loads((data / "match2" / "Labels-v2.json").read_text())["annotations"]
    scores = model(np.asarray(track.values))
    wanted = [model.classes.names.index(label["label"]) for label in labels]
    at_labels = scores[[int(label["position"]) // 2000 for label in labels]]
    np.testing.assert_array_equal(at_labels.argmax(axis=1), wanted)
    assert (at_labels.max(axis=1) > 1.5 * at_labels.min(axis=1)).all()

    # Spots of the transcript are those of the features.
    from_text = model.spot(data / "match2" / "1_asr.json", sentence_model=encoder)
    assert from_text.actions == model.spot(data / "match2" / "1_sentences.npy").actions
    assert from_text.actions


def test_spot_sentences_and_tokens_are_averaged(
    data: Path, runs: dict[str, Path], encoder: Path, tmp_path: Path
) -> None:
    transcript = data / "match2" / "1_asr.json"
    both = ("--checkpoint", runs["tokens"])
    model = ("--sentence-model", encoder)
    for name, given in (
        ("sentences", (runs["sentences"], transcript, *model)),
        ("tokens", (runs["tokens"], transcript)),
        ("both", (runs["sentences"], transcript, *both, *model)),
        ("features", (runs["sentences"], data / "match2", *both)),
    ):
        done = run("spot", *given, "--out", tmp_path / name, "--threads", "1")
        assert done.exit_code == 0, done.output

    one, two, mean = (scores_in(tmp_path / name) for name in ("sentences", "tokens", "both"))
    logits = [np.log(scores / (1 - scores)) for scores in (one, two, mean)]
    np.testing.assert_allclose(logits[2], (logits[0] + logits[1]) / 2, atol=2e-2)  # 16 bits
    np.testing.assert_array_equal(scores_in(tmp_path / "features"), mean)


def test_spot_transcript_without_sentence_model_is_one_line(
    data: Path, runs: dict[str, Path], tmp_path: Path
) -> None:
    done = run("spot", runs["sentences"], data / "match2" / "1_asr.json", "--out", tmp_path / "out")
    assert isinstance(done.exception, InputError)
    assert "give its folder with --sentence-model" in str(done.exception)


def test_run_live_replays_sentences(
    data: Path, runs: dict[str, Path], encoder: Path, tmp_path: Path
) -> None:
    transcript = data / "match2" / "1_asr.json"
    request = LiveRequest(
        str(transcript), (runs["sentences"] / "best",), tmp_path / "live", sentence_model=encoder
    )
    live = run_live(request)
    whole = spotkick.load_model(runs["sentences"]).spot(transcript, sentence_model=encoder)
    sure = [action for action in whole.actions if (action.confidence or 0) > 0.5]
    assert {(action.label, action.position_ms) for action in sure} <= {
        (action.label, action.position_ms) for action in live.actions
    }


def test_features_sentences_need_the_same_model_again(
    data: Path, encoder: Path, tmp_path: Path
) -> None:
    out, given = tmp_path / "out", ("--sentence-model", encoder)
    made = run(
        "features", data / "match0", "--out", out, "--source", data / "sentences.source", *given
    )
    assert "1 tracks 'sentences', 120 frames of 9 values at 1/2 per second" in made.stdout
    same = (data / "match0" / "1_sentences.npy").read_bytes()
    assert next(out.rglob("*.npy")).read_bytes() == same

    # Another process opens the model from what it is told.
    options = EncoderOptions(encoder, threads=1)
    opened = OpenCommentary(data / "sentences.source", tmp_path / "two", (data,), options)
    files = tuple(find_transcripts(data / "match0"))
    opened(SilentReporter())(WorkItem("match0", files), SilentReporter())
    assert next((tmp_path / "two").rglob("*.npy")).read_bytes() == same

    other = write_sentence_model(tmp_path / "other", ["goal"])
    for arguments, message in (
        (("--kind", "sentences"), "give its folder with --sentence-model"),
        (("--source", data / "sentences.source"), "give its folder with --sentence-model"),
        (("--kind", "tokens", *given), "is for --kind sentences, got --kind tokens"),
        ((*given, "--dim", "4"), "leave out --labels, --fit-split, --dim"),
        (("--source", data / "tokens.source", *given), "read no sentence model"),
        (("--sentence-model", other), "not the sentence model"),
        (("--sentence-model", tmp_path / "none"), "found no model.onnx"),
    ):
        done = run("features", data / "match0", "--out", out, *arguments)
        assert message in str(done.exception), arguments
