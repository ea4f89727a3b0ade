"""Whole searches: with a planted score, and with short trainings on planted and synthetic data."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from spotkick.cli.main import build_app
from spotkick.errors import ConfigError
from spotkick.features.tracks import write_track
from spotkick.files import write_json
from spotkick.localization.experiment import read_localization_experiment
from spotkick.pipelines.config import read_experiment
from spotkick.pipelines.train import run_training
from spotkick.reporter import SilentReporter
from spotkick.tuning.search import (
    BEST_FILE,
    TRIALS_CSV,
    TRIALS_JSON,
    Found,
    Search,
    read_search,
    run_search,
)
from spotkick.tuning.study import Report
from support.synthetic_videos import synthetic_videos

SPOTTER = """
[data]
root = "{root}"
features = "planted"
classes = ["goal", "card", "substitution"]
[model]
chunk_s = 60
receptive_field_s = 16
hidden = [24, 16]
pyramid = [4, 8, 8, 16]
[sampling]
shuffle = true
batch_chunks = 8
border_actions = true
[training]
epochs = 40
learning_rate = 2e-3
validate_every = 1
threads = 1
[tune]
epochs = 2
startup_trials = 2
prune_after = 1
slicing_scales = [0.5]
[tune.space]
model.capsule_dim = [4, 16]
loss.segmentation_weight = {{ low = 0.5, high = 3.0, log = true }}
"""

LOCALIZER = """
[data]
labels = "{root}/labels.json"
features = "{root}/features"
[model]
num_steps = 16
max_duration_steps = 16
feature_dim = 8
base_channels = 8
groups = 1
segment_channels = 8
map_channels = 4
points = 4
[training]
tem_loss = "context_aware"
epochs = 2
batch_videos = 3
[tune]
validate_every = 1
"""


@pytest.fixture
def spotter(planted: Path, tmp_path: Path) -> Path:
    path = tmp_path / "calf.toml"
    path.write_text(SPOTTER.format(root=planted))
    return path


@pytest.fixture
def localizer(tmp_path: Path) -> Path:
    database = {}
    for index, video in enumerate(synthetic_videos(8, num_steps=16, feature_dim=8)):
        write_track(video.features, tmp_path / "features" / f"{video.name}.npy")
        rows = [
            {"segment": [32 * a, 32 * b], "label": c}
            for (a, b), c in zip(video.segments.tolist(), video.labels, strict=True)
        ]
        database[video.name] = {
            "subset": "training" if index < 6 else "validation",
            "duration": 32.0,
            "annotations": rows,
        }
    write_json(
        tmp_path / "labels.json", {"version": "VERSION 1.3", "taxonomy": [], "database": database}
    )
    path = tmp_path / "bmn.toml"
    path.write_text(LOCALIZER.format(root=tmp_path))
    return path


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(build_app(("tune", "train")), list(map(str, arguments)))


def search(config: Path, out: Path, trials: int, train: Any, **changes: Any) -> Found:
    return run_search(
        read_search(config, **changes), out, trials=trials, train=train, reporter=SilentReporter()
    )


def scored(values: dict[str, Any], folder: Path, report: Report) -> float:
    """Best with 16 features per class, a weight of 1, and slicing half as wide."""
    del folder, report
    weight = values["loss"]["segmentation_weight"]
    narrow = values.get("slicing", {}).get("bounds_s", {}).get("goal") == [-10, -5, 5, 10]
    return 0.5 - 0.1 * abs(weight - 1) + 0.1 * (values["model"]["capsule_dim"] == 16) + 0.1 * narrow


def test_run_search_grid_starts_from_the_best_trial(spotter: Path, tmp_path: Path) -> None:
    found = search(spotter, tmp_path / "out", 12, scored)
    assert found.values["model"]["capsule_dim"] == 16
    assert found.values["slicing"]["bounds_s"]["card"] == [-10, -5, 5, 10]
    assert found.where.startswith("trial 0 of 'calf/slicing.scale/")
    assert found.score is not None
    assert found.score > 0.65
    assert len(found.rows) == 13
    assert found.rows[0].values == {
        "model.capsule_dim": 16,
        "loss.segmentation_weight": 1.5,
    }  # the configuration as it is


def test_run_search_best_toml_trains(spotter: Path, tmp_path: Path) -> None:
    found = search(spotter, tmp_path / "out", 6, scored)
    config = read_experiment(tmp_path / "out" / BEST_FILE)
    assert config.training.epochs == 40
    assert config.loss.segmentation_weight == found.values["loss"]["segmentation_weight"]
    assert config.model.hidden == (24, 16)
    result = run_training(
        config.replace(training={**config.training.model_dump(), "epochs": 1}),
        tmp_path / "run",
        quiet=True,
    )
    assert result.best_score is not None


def test_run_search_tables_hold_every_trial(spotter: Path, tmp_path: Path) -> None:
    def sometimes(values: dict[str, Any], folder: Path, report: Report) -> float:
        if values["model"]["capsule_dim"] == 4:
            raise ConfigError("the loss became inf")
        return scored(values, folder, report)

    found = search(spotter, tmp_path / "out", 8, sometimes)
    with (tmp_path / "out" / TRIALS_CSV).open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == len(found.rows) == 9
    assert {row["error"] for row in rows} == {"", "the loss became inf"}
    document = json.loads((tmp_path / "out" / TRIALS_JSON).read_text())
    assert document["best"]["score"] == found.score
    assert (
        [row["state"] for row in document["trials"]].count("fail")
        == sum(row["state"] == "fail" for row in rows)
        > 0
    )


def test_run_search_more_trials_go_on(spotter: Path, tmp_path: Path) -> None:
    calls: list[float] = []

    def counted(values: dict[str, Any], folder: Path, report: Report) -> float:
        calls.append(values["loss"]["segmentation_weight"])
        return scored(values, folder, report)

    search(spotter, tmp_path / "out", 4, counted)
    assert len(calls) == 5
    search(spotter, tmp_path / "out", 4, counted)
    assert len(calls) == 5
    found = search(spotter, tmp_path / "out", 7, counted)
    assert len(calls) in (8, 9)  # the grid again only if there is a new best
    assert sum(row.stage == "calf" for row in found.rows) == 7


def test_run_search_another_configuration_is_refused(spotter: Path, tmp_path: Path) -> None:
    search(spotter, tmp_path / "out", 1, scored)
    with pytest.raises(ConfigError, match="another configuration"):
        search(spotter, tmp_path / "out", 1, scored, assignments=["training.learning_rate=0.1"])
    search(
        spotter,
        tmp_path / "out",
        1,
        scored,
        assignments=["tune.name=other", "training.learning_rate=0.1"],
    )
    search(
        spotter, tmp_path / "out", 1, scored, assignments=["training.threads=2"]
    )  # does not change results


def test_run_search_grid_is_tried_once_and_in_parts(spotter: Path, tmp_path: Path) -> None:
    space = "tune.space={loss={segmentation_weight=[0.5,1.0,1.5]},model={capsule_dim=[4,16]}}"
    grid = ["tune.sampler=grid", space, "tune.slicing_scales=[]"]
    search(spotter, tmp_path / "out", 4, scored, assignments=grid)
    found = search(spotter, tmp_path / "out", 100, scored, assignments=grid)
    tried = [tuple(row.values.values()) for row in found.rows]
    assert tried[0] == (1.5, 16)
    assert len(tried) == len(set(tried)) == 6
    assert found.values["loss"]["segmentation_weight"] == 1.0


def test_run_search_trials_may_be_shorter_than_training(spotter: Path, tmp_path: Path) -> None:
    seen: list[dict[str, Any]] = []

    def watched(values: dict[str, Any], folder: Path, report: Report) -> float:
        seen.append(values["training"])
        return scored(values, folder, report)

    found = search(
        spotter,
        tmp_path / "out",
        1,
        watched,
        assignments=["tune.epochs=3", "tune.validate_every=2"],
    )
    assert {(values["epochs"], values["validate_every"]) for values in seen} == {(3, 2)}
    assert (found.values["training"]["epochs"], found.values["training"]["validate_every"]) == (
        40,
        1,
    )


def test_run_search_changed_grid_needs_no_new_search(spotter: Path, tmp_path: Path) -> None:
    search(spotter, tmp_path / "out", 2, scored, assignments=["tune.slicing_scales=[]"])
    found = search(spotter, tmp_path / "out", 2, scored)
    assert [row.stage.partition("/")[0] for row in found.rows] == ["calf"] * 3


def test_run_search_several_seeds_are_averaged(spotter: Path, tmp_path: Path) -> None:
    seen: list[tuple[int, str]] = []

    def by_seed(values: dict[str, Any], folder: Path, report: Report) -> float:
        del report
        seen.append((values["training"]["seed"], folder.name))
        return float(values["training"]["seed"])

    found = search(
        spotter, tmp_path / "out", 1, by_seed, assignments=["tune.seeds=3", "training.seed=4"]
    )
    assert found.score == 5
    assert seen[:3] == [(4, "seed-4"), (5, "seed-5"), (6, "seed-6")]


def test_run_search_all_failed_gives_the_reason(spotter: Path, tmp_path: Path) -> None:
    def failing(values: dict[str, Any], folder: Path, report: Report) -> float:
        del values, folder, report
        raise ConfigError("the loss became nan")

    with pytest.raises(
        ConfigError, match="none of 2 trials was finished; the last reason: the loss became nan"
    ):
        search(spotter, tmp_path / "out", 2, failing)


def test_tune_command_searches_a_spotter(spotter: Path, planted: Path, tmp_path: Path) -> None:
    result = run("tune", spotter, "--trials", "3", "--out", tmp_path / "out", "--data", planted)
    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines()[-1].endswith(f": {tmp_path / 'out' / BEST_FILE}")
    assert len([line for line in result.stderr.splitlines() if line.startswith("calf ")]) == 3
    assert not list((tmp_path / "out" / "trials").glob("*"))  # finished runs are removed
    again = run("tune", spotter, "--trials", "3", "--out", tmp_path / "out", "--data", planted)
    assert again.stdout == result.stdout


def test_run_search_interrupted_training_goes_on_from_its_epoch(
    spotter: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import spotkick.training.trainer as trainer

    original, epochs = trainer.save_state, []

    def save(path: Path, *rest: Any, **named: Any) -> None:
        original(path, *rest, **named)
        if not path.name.startswith("best-"):
            epochs.append(rest[-1].epoch)
            if len(epochs) == 1:
                raise KeyboardInterrupt

    monkeypatch.setattr(trainer, "save_state", save)
    stopped = run(
        "tune",
        spotter,
        "--trials",
        "1",
        "--out",
        tmp_path / "out",
        "--set",
        "tune.slicing_scales=[]",
    )
    assert stopped.exit_code == 130
    assert "the same command goes on" in stopped.stderr
    finished = run(
        "tune",
        spotter,
        "--trials",
        "1",
        "--out",
        tmp_path / "out",
        "--set",
        "tune.slicing_scales=[]",
    )
    assert finished.exit_code == 0, finished.output
    assert epochs == [1, 2]


def test_tune_command_searches_a_localizer(localizer: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    result = run(
        "tune", localizer, "--trials", "3", "--out", out, "--storage", f"sqlite:///{tmp_path}/s.db"
    )
    assert result.exit_code == 0, result.output
    best = read_localization_experiment(out / BEST_FILE)
    assert best.training.tem_loss == "context_aware"
    k1, k2, k3, k4 = best.training.slicing_steps
    assert k1 <= k2 < 0 < k3 <= k4
    rows = json.loads((out / TRIALS_JSON).read_text())["trials"]
    assert rows[0]["values"]["training.slicing_steps.K1"] == 4
    assert all(0 <= row["score"] <= 1 for row in rows if row["state"] == "complete")


@pytest.mark.parametrize("score", ["auc", "ar1", "ar10", "ar100"])
def test_localizer_trainer_every_score_is_computed(
    localizer: Path, tmp_path: Path, score: str
) -> None:
    config = read_search(
        localizer, [f"tune.score={score}", "tune.space={training.boundary_weight=[1.0]}"]
    )
    found = run_search(config, tmp_path / "out", trials=1, reporter=SilentReporter())
    assert found.score is not None
    assert 0 <= found.score <= 1
    assert score in (tmp_path / "out" / BEST_FILE).read_text().splitlines()[0]


@pytest.mark.parametrize(
    ("assignments", "message"),
    [
        (["data.valid="], "set data.valid"),
        (["tune.space={loss={location_wight=[1, 2]}}"], "did you mean 'location_weight'"),
        (["trainin.epochs=3"], "did you mean 'training'"),
        (["training=3"], "'training' = 3"),
        (["tune=3"], "'tune' must be a table"),
        (["tune.slicing_scale=[1]"], "did you mean 'slicing_scales'"),
    ],
)
def test_read_search_mistakes_are_found_before_the_first_trial(
    spotter: Path, assignments: list[str], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        read_search(spotter, assignments)


def test_read_search_localizer_refuses_a_data_root(localizer: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"names data\.labels and data\.features"):
        read_search(localizer, data_root=tmp_path)


@pytest.mark.parametrize(
    "name", ["soccernet-v1", "soccernet-v2", "commentary-v1", "commentary-v2", "activitynet-bmn"]
)
def test_read_search_shipped_configurations_are_valid(name: str) -> None:
    found: Search = read_search(Path(__file__).parents[2] / "configs" / f"{name}.toml")
    assert found.localization == (name == "activitynet-bmn")
    assert len(found.space) == 5
