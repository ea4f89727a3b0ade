"""Temporal localization from end to end on synthetic videos, by command and in Python."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from spotkick.cli.main import build_app
from spotkick.errors import CheckpointError, ConfigError, InputError, SpotkickWarning
from spotkick.features.tracks import write_track
from spotkick.files import write_json
from spotkick.formats.activitynet import read_activitynet_segments, write_activitynet_results
from spotkick.formats.segments import Segment, VideoSegments
from spotkick.localization.checkpoint import read_localizer_config
from spotkick.localization.experiment import read_localization_experiment, run_localization_training
from spotkick.localization.network import BmnArchitecture
from spotkick.localization.pipeline import (
    make_proposals,
    read_class_scores,
)
from spotkick.localization.proposals import ProposalConfig
from spotkick.localization.training import BmnTrainingConfig
from spotkick.localization.videos import LocalizationData, load_videos, read_coverage
from spotkick.pipelines.evaluate_segments import (
    SegmentRequest,
    SegmentResult,
    run_segment_evaluation,
)
from support.synthetic_videos import synthetic_videos

STEPS = 16


def score_files(predictions: Path, labels: Path) -> SegmentResult:
    return run_segment_evaluation(SegmentRequest(predictions, labels))


MODEL = """
num_steps = 16
max_duration_steps = 16
feature_dim = 8
base_channels = 8
groups = 1
segment_channels = 8
map_channels = 4
points = 4
"""


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Labels, features and a configuration of 6 videos to train on and 2 to score."""
    database = {}
    (tmp_path / "features").mkdir()
    for index, video in enumerate(synthetic_videos(8, num_steps=STEPS, feature_dim=8)):
        write_track(video.features, tmp_path / "features" / f"v_{video.name}.npy")
        database[video.name] = {
            "subset": "training" if index < 6 else "validation",
            "duration": 32.0,
            "annotations": [
                {"segment": [32 * start, 32 * end], "label": label}
                for (start, end), label in zip(video.segments.tolist(), video.labels, strict=True)
            ],
        }
    write_json(
        tmp_path / "labels.json", {"version": "VERSION 1.3", "taxonomy": [], "database": database}
    )
    (tmp_path / "bmn.toml").write_text(
        f'[data]\nlabels = "{tmp_path}/labels.json"\nfeatures = "{tmp_path}/features"\n'
        f"[model]\n{MODEL}\n"
        "[training]\nepochs = 2\nbatch_videos = 3\n"
    )
    return tmp_path


def described(data: Path) -> LocalizationData:
    return LocalizationData(labels=str(data / "labels.json"), features=str(data / "features"))


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(build_app(("proposals", "detect")), list(map(str, arguments)))


def test_pipeline_train_propose_detect_and_score(data: Path) -> None:
    trained = run(
        "proposals",
        "--train",
        data / "bmn.toml",
        "--out",
        data / "run",
        "--set",
        "training.tem_loss=context_aware",
    )
    assert trained.exit_code == 0, trained.output
    assert trained.stdout.strip() == f"2 epochs; checkpoint: {data / 'run' / 'last'}"
    assert "epoch 2/2  loss" in trained.stderr

    proposed = run("proposals", data / "run" / "last", "--out", data / "proposals.json")
    assert proposed.exit_code == 0, proposed.output
    document = json.loads((data / "proposals.json").read_text())
    assert sorted(document) == ["external_data", "results", "version"]
    assert set(document["results"]) == {"synthetic_006", "synthetic_007"}
    for rows in document["results"].values():
        assert len(rows) == 100
        assert all(
            0 <= row["segment"][0] < row["segment"][1] <= 32 and "label" not in row for row in rows
        )
        assert [row["score"] for row in rows] == sorted(
            (row["score"] for row in rows), reverse=True
        )

    truth = {
        video.video: video.segments[0].label
        for video in read_activitynet_segments(data / "labels.json")
    }
    classes = {name: [{"label": truth[name], "score": 0.5}] for name in document["results"]}
    write_json(data / "classes.json", {"results": classes})
    detected = run(
        "detect", data / "proposals.json", data / "classes.json", "--out", data / "detections.json"
    )
    assert detected.exit_code == 0, detected.output
    rows = json.loads((data / "detections.json").read_text())["results"]["synthetic_006"]
    assert {row["label"] for row in rows} == {truth["synthetic_006"]}
    assert rows[0]["score"] == pytest.approx(0.5 * document["results"]["synthetic_006"][0]["score"])

    proposal_score = score_files(data / "proposals.json", data / "labels.json").document
    assert proposal_score["task"] == "proposals"
    assert (
        0.5 < proposal_score["ar_at"]["100"] <= 1
    )  # 100 of 120 candidates cover most of what there is
    assert (
        score_files(data / "detections.json", data / "labels.json").document["task"] == "detection"
    )


def test_evaluate_activitynet_perfect_results_score_one(data: Path) -> None:
    truth = [
        video
        for video in read_activitynet_segments(data / "labels.json")
        if video.subset == "validation"
    ]
    for name, labelled in (("proposals", False), ("detections", True)):
        segments = [
            VideoSegments(
                v.video,
                None,
                tuple(
                    Segment(s.start_s, s.end_s, s.label if labelled else "", 1.0)
                    for s in v.segments
                ),
            )
            for v in truth
        ]
        write_activitynet_results(data / f"{name}.json", segments)
    detection = score_files(data / "detections.json", data / "labels.json")
    assert detection.document["average_map"] == pytest.approx(1)
    assert detection.table().splitlines()[-1] == "mean mAP  100.00"
    proposals = score_files(data / "proposals.json", data / "labels.json")
    assert proposals.document["ar_at"]["100"] == pytest.approx(1)
    assert proposals.table().splitlines()[3] == "AR@100    100.00"
    arguments = [
        "evaluate",
        data / "detections.json",
        data / "labels.json",
        "--task",
        "activitynet",
        "--json",
        data / "s.json",
    ]
    result = CliRunner().invoke(build_app(("evaluate", "detect")), list(map(str, arguments)))
    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines()[-1] == "mean mAP  100.00"
    assert json.loads((data / "s.json").read_text()) == detection.document


def test_make_proposals_other_features_is_input_error(data: Path) -> None:
    checkpoint = run_localization_training(
        read_localization_experiment(data / "bmn.toml"), data / "run"
    )
    config = read_localizer_config(checkpoint)
    assert config.training["experiment"]["data"]["labels"] == str(data / "labels.json")
    assert len(config.training["history"]) == 2
    everything = make_proposals(checkpoint, data / "out.json", data={"valid": "training"})
    assert len(everything) == 6
    write_track(np.zeros((5, 3), dtype=np.float32), data / "other.npy")
    with pytest.raises(
        InputError, match="other: features have 3 values per frame, the checkpoint needs 8"
    ):
        make_proposals(checkpoint, data / "out.json", inputs=[data / "other.npy"])


def test_make_proposals_takes_feature_files_without_labels(data: Path) -> None:
    checkpoint = run_localization_training(
        read_localization_experiment(data / "bmn.toml"), data / "run"
    )
    write_track(np.ones((50, 8), dtype=np.float32), data / "mine.npy")
    result = run(
        "proposals", checkpoint, data / "mine.npy", "--frame-rate", "5", "--out", data / "mine.json"
    )
    assert result.exit_code == 0, result.output
    (video,) = read_activitynet_segments(data / "mine.json")
    assert video.video == "mine"
    assert 9 < max(segment.end_s for segment in video.segments) <= 10  # 50 frames at 5 per second


def test_run_localization_training_resumes_to_same_weights(data: Path) -> None:
    experiment = read_localization_experiment(data / "bmn.toml")
    whole = run_localization_training(experiment, data / "whole")
    half = experiment.replace(
        training=experiment.training.model_copy(update={"epochs": 1}).model_dump()
    )
    run_localization_training(half, data / "parts")
    with pytest.raises(InputError, match="already holds a run"):
        run_localization_training(experiment, data / "parts")
    parts = run_localization_training(experiment, data / "parts", resume=True)
    assert (parts / "model.safetensors").read_bytes() == (whole / "model.safetensors").read_bytes()
    other = read_localization_experiment(data / "bmn.toml", ("training.seed=1",))
    with pytest.raises(InputError, match="holds another experiment"):
        run_localization_training(other, data / "parts", resume=True)


def test_read_localizer_changed_checkpoint_is_checkpoint_error(data: Path) -> None:
    checkpoint = run_localization_training(
        read_localization_experiment(data / "bmn.toml"), data / "run"
    )
    content = bytearray((checkpoint / "model.onnx").read_bytes())
    content[-1] ^= 1
    (checkpoint / "model.onnx").write_bytes(bytes(content))
    with pytest.raises(CheckpointError, match="has changed since it was written"):
        make_proposals(checkpoint, data / "out.json")
    with pytest.raises(CheckpointError, match=r"not a checkpoint \(no config\.json"):
        make_proposals(data, data / "out.json")
    write_json(data / "spotter" / "config.json", {"format_version": 2, "purpose": "spotting"})
    with pytest.raises(CheckpointError, match="not a checkpoint for localization"):
        make_proposals(data / "spotter", data / "out.json")


@pytest.mark.parametrize(
    ("assignment", "message"),
    [
        ("training.tem_los=bmn", "did you mean 'tem_loss'"),
        ("training.tem_loss=calf", "'bmn', 'context_aware' or 'symmetric'"),
        ("training.slicing_steps=[1, 2, 3, 4]", "context slicing needs"),
        ("model.points=0", "greater than or equal to 1"),
    ],
)
def test_read_localization_experiment_wrong_value_is_error(
    data: Path, assignment: str, message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        read_localization_experiment(data / "bmn.toml", (assignment,))


def test_proposals_wrong_usage_exits_2(data: Path) -> None:
    assert run("proposals").exit_code == 2
    assert run("proposals", data, "--train", data / "bmn.toml").exit_code == 2
    assert run("proposals", data, "--resume").exit_code == 2


def test_load_videos_missing_features_are_counted(data: Path) -> None:
    (data / "features" / "v_synthetic_006.npy").unlink()
    with pytest.warns(
        SpotkickWarning, match="1 of 2 videos have no features, such as 'synthetic_006'; left out"
    ):
        assert len(load_videos(described(data), "validation", STEPS)) == 1
    with pytest.raises(InputError, match="no video of the subset 'testing' has features"):
        load_videos(described(data), "testing", STEPS)


def test_load_videos_segments_are_parts_of_covered_time(data: Path) -> None:
    frames = {
        "duration_second": 32.0,
        "duration_frame": 1000,
        "feature_frame": 500,
        "annotations": [],
    }
    write_json(data / "coverage.json", {"v_synthetic_000": frames})
    assert read_coverage(data / "coverage.json") == {"synthetic_000": 16.0}
    plain = load_videos(described(data), "training", STEPS)[0]
    covered = load_videos(
        described(data).replace(coverage=str(data / "coverage.json")), "training", STEPS
    )[0]
    assert (plain.duration_s, covered.duration_s) == (32, 16)
    np.testing.assert_allclose(covered.segments, (2 * plain.segments).clip(0, 1))
    write_json(data / "coverage.json", {"v_synthetic_000": {**frames, "duration_frame": 0}})
    with pytest.raises(
        InputError,
        match="v_synthetic_000: duration_second, feature_frame and duration_frame must be positive",
    ):
        read_coverage(data / "coverage.json")


@pytest.mark.parametrize(
    "document",
    [
        {"results": {"v": [{"label": "a", "score": 0.5}]}},
        {"v": {"a": 0.5}},
        {"v": [{"label": "a", "score": "0.5"}]},
    ],
)
def test_read_class_scores_both_forms_are_read(tmp_path: Path, document: Any) -> None:
    write_json(tmp_path / "classes.json", document)
    assert read_class_scores(tmp_path / "classes.json") == {"v": {"a": 0.5}}


@pytest.mark.parametrize(
    "document", [[], {}, {"v": [{"label": "a"}]}, {"v": 3}, {"v": {"a": "x"}}, {"v": {"a": "nan"}}]
)
def test_read_class_scores_malformed_is_input_error(tmp_path: Path, document: Any) -> None:
    write_json(tmp_path / "classes.json", document)
    with pytest.raises(InputError, match=r"classes\.json"):
        read_class_scores(tmp_path / "classes.json")


def test_make_detections_videos_without_scores_are_counted(data: Path) -> None:
    write_activitynet_results(
        data / "p.json", [VideoSegments("a", None, (Segment(0, 1, "", 0.5),))]
    )
    write_json(data / "classes.json", {"b": {"x": 1.0}})
    with pytest.warns(SpotkickWarning, match="no class scores of 1 of 1 videos, such as 'a'"):
        assert (
            run(
                "detect", data / "p.json", data / "classes.json", "--out", data / "d.json"
            ).exit_code
            == 0
        )
    assert json.loads((data / "d.json").read_text())["results"] == {"a": []}


def test_shipped_configuration_is_public_code_with_context_aware_loss() -> None:
    experiment = read_localization_experiment(
        Path(__file__).parents[2] / "configs" / "activitynet-bmn.toml"
    )
    assert experiment.model == BmnArchitecture()
    assert experiment.proposals == ProposalConfig()
    assert experiment.training == BmnTrainingConfig(tem_loss="context_aware")
