"""Experiments of one's own: presets, rates, run folders, validation, every kind of network."""

import json
import warnings
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from spotkick.checkpoint import read_checkpoint
from spotkick.configuration import read_toml
from spotkick.errors import ConfigError, InputError, SpotkickWarning
from spotkick.models.loading import new_network
from spotkick.pipelines.config import (
    DataConfig,
    ExperimentConfig,
    is_localization,
    read_any_experiment,
    read_experiment,
)
from spotkick.pipelines.train import run_training
from spotkick.pipelines.training_parts import prepare_parts
from spotkick.pipelines.validation import Validation
from spotkick.reporter import SilentReporter
from spotkick.training.run_folder import RunFolder
from support.synthetic_sport import CLASSES, FEATURES, PERIODS, write_sport

CONFIGS = Path(__file__).parents[2] / "configs"


@pytest.fixture(scope="module")
def sport(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_sport(tmp_path_factory.mktemp("sport"), matches=4)


def sport_config(root: Path, *changes: str, rate: str = "12.5") -> ExperimentConfig:
    own = [
        f"data.features={FEATURES}",
        f"data.classes={json.dumps(CLASSES)}",
        "training.threads=1",
        "slicing.preset=default20",
    ]
    rated = [f"data.frame_rate={rate}"] if rate else []
    return read_experiment(CONFIGS / "own-sport.toml", [*own, *rated, *changes], data_root=root)


def quick(root: Path, *changes: str) -> ExperimentConfig:
    return sport_config(
        root, "training.epochs=1", "model.hidden=[4, 4]", "model.pyramid=[2, 2, 2, 2]", *changes
    )


def run_quietly(config: ExperimentConfig, out: Path, **options: Any) -> Any:
    return run_training(config, out, quiet=True, reporter=SilentReporter(), **options)


# A sport of one's own, as docs/training.md has it.


def test_own_sport_configuration_learns_four_periods_at_12_5_fps(
    sport: Path, tmp_path: Path
) -> None:
    with warnings.catch_warnings():
        # Spots 80 ms apart share a frame of the evaluator's grid.
        warnings.filterwarnings("ignore", message=".*share class and frame")
        result = run_quietly(sport_config(sport, "training.epochs=4"), tmp_path / "run")
    assert result.best_score > 0.9
    checkpoint = read_checkpoint(tmp_path / "run")
    assert checkpoint.frame_rate == Fraction(25, 2)
    assert checkpoint.classes.names == CLASSES


def test_own_sport_configuration_is_valid_and_explains_itself() -> None:
    path = CONFIGS / "own-sport.toml"
    assert read_experiment(path).decoding.source == "scores"
    lines = path.read_text().splitlines()
    assert all("#" in line for line in lines if line.startswith(("kind", "segmentation", "source")))


# Validation counts what training uses.


def test_validation_counts_every_period_of_an_own_sport(sport: Path) -> None:
    config = sport_config(sport)
    validation = Validation(config, _setup(config))
    network = new_network(prepare_parts(config).architecture, 0).eval()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SpotkickWarning)
        assignment = validation._assign_spots(network, (5.0,))
    labelled = sum(len(match.actions) for match in validation._labels)
    assert validation._periods == PERIODS
    assert len(assignment.labels.frame) == labelled > 15


def _setup(config: ExperimentConfig) -> Any:
    return prepare_parts(config).setup


def test_validation_of_soccernet_counts_its_two_halves(planted: Path) -> None:
    config = ExperimentConfig.parse(
        {"data": {"root": str(planted), "features": "planted", "classes": "soccernet-v1"}}
    )
    assert Validation(config, _setup(config))._periods == (1, 2)


# Rates.


@pytest.mark.parametrize(
    ("given", "rate"),
    [
        (12.5, Fraction(25, 2)),
        (25, 25),
        ("25/2", Fraction(25, 2)),
        ("2", 2),
        (29.97, Fraction(30000, 1001)),
    ],
)
def test_frame_rate_number_or_text_is_one_fraction(given: Any, rate: Fraction) -> None:
    data = DataConfig.parse({"frame_rate": given})
    assert data.rate == rate
    assert DataConfig.parse(data.model_dump()).rate == rate


@pytest.mark.parametrize("given", [0, -2, "fast", True, [2], "1/0"])
def test_frame_rate_no_rate_is_one_line(given: Any) -> None:
    with pytest.raises(ConfigError, match="'frame_rate' = ") as caught:
        DataConfig.parse({"frame_rate": given})
    assert "\n" not in str(caught.value)


def test_frame_rate_left_out_is_that_of_the_task() -> None:
    assert DataConfig().rate == 2
    assert DataConfig(classes="soccernet-ball").rate == 25
    assert DataConfig(classes=("smash", "drop")).rate == 2


@pytest.mark.parametrize(("rate", "fits"), [("2", "12.5"), ("5", "12.5"), ("", "12.5")])
def test_training_rate_too_low_is_warned_about_with_figures(
    sport: Path, tmp_path: Path, rate: str, fits: str
) -> None:
    changes = ["model.chunk_s=40", "training.validate_every=9", 'data.valid=""']
    config = sport_config(sport, "training.epochs=1", "model.hidden=[4, 4]", *changes, rate=rate)
    with pytest.warns(SpotkickWarning, match=f"the last label lies at 0:5.; {fits} would fit"):
        run_quietly(config, tmp_path / "run")


def test_training_rate_too_high_is_warned_about_with_figures(sport: Path, tmp_path: Path) -> None:
    config = sport_config(
        sport, "training.epochs=1", "model.hidden=[4, 4]", 'data.valid=""', rate="25"
    )
    with pytest.warns(SpotkickWarning, match="past the end.* last 0:30, .* 12.5 would fit"):
        run_quietly(config, tmp_path / "run")


# Presets replace the bounds of a file that is built upon.

TUNED = """
[data]
classes = ["a", "b"]
[slicing]
preset = "default20"
[slicing.bounds_s]
a = [-6, -3, 3, 6]
b = [-6, -3, 3, 6]
"""


@pytest.mark.parametrize(
    ("preset", "bound"), [("binary", (-0.5, -0.5, 0.5, 0.5)), ("v1", (-20, -10, 10, 20))]
)
def test_read_experiment_assigned_preset_replaces_bounds_of_the_file(
    tmp_path: Path, preset: str, bound: tuple[float, ...]
) -> None:
    path = tmp_path / "best.toml"
    path.write_text(TUNED)
    config = read_experiment(path, [f"slicing.preset={preset}"])
    found = config.slicing.slicing(config.data.class_list(), Fraction(2))
    assert found.bounds_s == (bound, bound)
    kept = read_experiment(path).slicing.slicing(config.data.class_list(), Fraction(2))
    assert kept.bounds_s == ((-6, -3, 3, 6),) * 2


def test_read_experiment_bounds_assigned_with_the_preset_stay(tmp_path: Path) -> None:
    path = tmp_path / "best.toml"
    path.write_text(TUNED)
    config = read_experiment(path, ["slicing.preset=v1", "slicing.bounds_s.a=[-2,-1,1,2]"])
    found = config.slicing.slicing(config.data.class_list(), Fraction(2))
    assert found.bounds_s == ((-2, -1, 1, 2), (-20, -10, 10, 20))


def test_read_experiment_binary_beside_bounds_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "best.toml"
    path.write_text(TUNED.replace("default20", "binary"))
    with pytest.raises(ConfigError, match=r"'binary' is one frame wide .* remove one of the two"):
        read_experiment(path)


# Sizes and losses that do not fit name their keys.


@pytest.mark.parametrize("chunk_s", [8, 10])
def test_training_chunk_too_short_names_the_keys(sport: Path, tmp_path: Path, chunk_s: int) -> None:
    with pytest.raises(ConfigError, match=r"model\.chunk_s = .* model.receptive_field_s = 10"):
        run_quietly(quick(sport, f"model.chunk_s={chunk_s}"), tmp_path / "run")


def test_training_radius_beyond_the_context_names_the_keys(sport: Path, tmp_path: Path) -> None:
    config = quick(sport, "loss.segmentation=bce", "loss.target_radius_s=20")
    with pytest.raises(ConfigError, match=r"loss.target_radius_s = 20 must be less than -K1"):
        run_quietly(config, tmp_path / "run")


@pytest.mark.parametrize("loss", ["bce", "focal"])
def test_training_exact_times_need_a_radius(sport: Path, tmp_path: Path, loss: str) -> None:
    config = quick(sport, f"loss.segmentation={loss}", "loss.shifts=nearest")
    with pytest.raises(ConfigError, match=r"at least half a frame \(0\.04 s\)"):
        run_quietly(config, tmp_path / "run")


def test_training_context_aware_loss_needs_the_dominating_action(sport: Path) -> None:
    with pytest.raises(ConfigError, match="'symmetric' needs the action that dominates"):
        quick(sport, "loss.segmentation=symmetric", "loss.shifts=nearest")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("model.kind=dens", "no network of the kind 'dens', did you mean 'dense'"),
        ("model.capsul_dim=3", "did you mean 'capsule_dim'"),
        ("model.chunk_s=0", "'chunk_s' = 0"),
        ("loss.segmentation=focla", "did you mean 'focal'"),
    ],
)
def test_configuration_mistakes_are_one_line(sport: Path, change: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message) as caught:
        sport_config(sport, change)
    assert "\n" not in str(caught.value)


# Run folders.


@pytest.mark.parametrize(
    "change",
    ["data.features=nothing", "data.train=nowhere", "model.chunk_s=8", "data.labels=nothing.json"],
)
def test_a_start_that_fails_leaves_the_folder_free(
    sport: Path, tmp_path: Path, change: str
) -> None:
    with pytest.raises((InputError, ConfigError)):
        run_quietly(quick(sport, change), tmp_path / "run")
    assert not RunFolder(tmp_path / "run").holds_run()
    run_quietly(quick(sport, 'data.valid=""'), tmp_path / "run")
    with pytest.raises(InputError, match="already holds a run"):
        run_quietly(quick(sport, 'data.valid=""'), tmp_path / "run")


def test_a_start_that_dies_in_its_first_epoch_leaves_the_folder_free(
    sport: Path, tmp_path: Path
) -> None:
    class Interrupted:
        def on_batch(self, *counts: object) -> None:
            del counts
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_quietly(quick(sport), tmp_path / "run", observer=Interrupted())
    assert not RunFolder(tmp_path / "run").holds_run()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("training.learning_rate=0.5", "training.learning_rate is 0.003 there and 0.5 here"),
        ("model.hidden=[8, 4]", r"model.hidden is \[4, 4\] there and \[8, 4\] here"),
        ('data.classes=["Foul"]', r"data.classes is .*'Timeout'\] there and \['Foul'\] here"),
        (
            "training.epochs=7",
            "a cosine schedule ends at training.epochs; only",
        ),
    ],
)
def test_resume_with_another_key_names_it_and_both_values(
    sport: Path, tmp_path: Path, change: str, message: str
) -> None:
    run_quietly(quick(sport, 'data.valid=""'), tmp_path / "run")
    with pytest.raises(InputError, match=message):
        run_quietly(quick(sport, 'data.valid=""', change), tmp_path / "run", resume=True)


def test_resume_with_the_root_written_otherwise_goes_on(
    sport: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_quietly(quick(sport, 'data.valid=""'), tmp_path / "run")
    monkeypatch.chdir(sport.parent)
    for root in (Path(sport.name), sport.parent / "." / sport.name / "splits" / ".."):
        assert run_quietly(quick(root, 'data.valid=""'), tmp_path / "run", resume=True).epochs == 1


def test_resume_of_a_run_written_before_keys_were_added_goes_on(
    sport: Path, tmp_path: Path
) -> None:
    config = quick(sport, 'data.valid=""')
    run_quietly(config, tmp_path / "run")
    path = tmp_path / "run" / "experiment.json"
    described = json.loads(path.read_text())
    del described["loss"]["target_sigma_s"]
    path.write_text(json.dumps(described))
    assert run_quietly(config, tmp_path / "run", resume=True).epochs == 1


@pytest.mark.parametrize("schedule", ["constant", "plateau"])
def test_resume_with_more_epochs_equals_the_longer_run(
    sport: Path, tmp_path: Path, schedule: str
) -> None:
    def train(out: str, epochs: int, *, resume: bool = False) -> bytes:
        changes = [f"training.schedule={schedule}", f"training.epochs={epochs}", 'data.valid=""']
        run_quietly(quick(sport, *changes), tmp_path / out, resume=resume)
        return (tmp_path / out / "last" / "model.safetensors").read_bytes()

    whole = train("whole", 3)
    train("parts", 1)
    assert train("parts", 3, resume=True) == whole


# Every kind of network from one command.


def test_is_localization_tells_by_tables_and_kind() -> None:
    assert is_localization(read_toml(CONFIGS / "activitynet-bmn.toml"))
    assert is_localization({"model": {"kind": "bmn"}})
    assert not is_localization({"model": {"kind": "dense"}, "training": {"epochs": 3}})
    assert not is_localization({})


def test_read_any_experiment_localizer_takes_no_data_root(tmp_path: Path) -> None:
    path = CONFIGS / "activitynet-bmn.toml"
    assert read_any_experiment(path).model.kind == "bmn"
    with pytest.raises(ConfigError, match=r"names data\.labels and data.features"):
        read_any_experiment(path, data_root=tmp_path)


def test_data_task_follows_the_classes(tmp_path: Path) -> None:
    assert DataConfig(classes="soccernet-v1").task().label_files[0] == "Labels.json"
    assert DataConfig(classes="soccernet-ball").task().metric == "at1"
    (tmp_path / "mine.txt").write_text("Hit\nMiss\n")
    task = DataConfig(classes=str(tmp_path / "mine.txt"), labels="Labels-x.json").task()
    assert (task.classes.names, task.label_files) == (("Hit", "Miss"), ("Labels-x.json",))


def test_training_single_example_is_hinted_at(tmp_path: Path) -> None:
    root = write_sport(tmp_path / "data", matches=3)
    labels = root / "league/2026/match 0/Labels-v2.json"
    labels.write_text(labels.read_text().replace('"Foul"', '"Ace"', 1))
    config = quick(root, f"data.classes={json.dumps([*CLASSES, 'Ace'])}", 'data.valid=""')
    with pytest.warns(SpotkickWarning, match="a single training example .*: Ace"):
        run_quietly(config, tmp_path / "run")
