"""From a data set with planted answers to a scored prediction, and what can go wrong."""

from collections.abc import Callable
from pathlib import Path
from unittest.mock import Mock

import numpy as np
import pytest
import torch

from spotkick.actions import ActionClasses, MatchActions
from spotkick.checkpoint import CheckpointConfig, read_checkpoint, write_checkpoint
from spotkick.errors import CheckpointError, ConfigError, InputError, SpotkickWarning, StorageError
from spotkick.evaluation import evaluate
from spotkick.formats.results import read_results
from spotkick.formats.scores import read_scores
from spotkick.formats.soccernet import read_label_set, read_labels, write_labels
from spotkick.models.loading import load_network
from spotkick.pipelines.config import ExperimentConfig
from spotkick.pipelines.spot import network_for, run_spotting
from spotkick.pipelines.spot_inputs import jobs_for
from spotkick.pipelines.train import BEST, LAST, STATE_FILE, run_training

CLASSES = ("goal", "card", "substitution")


def experiment(root: Path, **changes: dict[str, object]) -> ExperimentConfig:
    values: dict[str, dict[str, object]] = {
        "data": {"root": str(root), "features": "planted", "classes": CLASSES},
        "model": {
            "chunk_s": 60,
            "receptive_field_s": 16,
            "hidden": (24, 16),
            "pyramid": (4, 8, 8, 16),
        },
        "sampling": {"shuffle": True, "batch_chunks": 8, "border_actions": True},
        "training": {"epochs": 120, "learning_rate": 2e-3, "validate_every": 30, "threads": 1},
    }
    for section, own in changes.items():
        values[section] = {**values.get(section, {}), **own}
    return ExperimentConfig.parse(values)


def short(root: Path, **training: object) -> ExperimentConfig:
    return experiment(root, training={"epochs": 2, "validate_every": 1, **training})


@pytest.fixture(scope="module")
def trained(planted: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("runs") / "calf"
    run_training(experiment(planted), out)
    return out


def spot_all(checkpoint: Path, root: Path, out: Path) -> float:
    trained = read_checkpoint(checkpoint)
    run_spotting(jobs_for([root], trained), network_for(trained, threads=1), trained, out)
    labels = list(read_label_set(root))
    return evaluate(read_results(out), labels, ActionClasses(CLASSES)).average_map


def test_run_training_separable_features_are_learned(
    trained: Path, planted: Path, tmp_path: Path
) -> None:
    assert spot_all(trained / BEST, planted, tmp_path / "out") > 0.9


def test_run_spotting_keeps_scores_of_every_frame(
    trained: Path, planted: Path, tmp_path: Path
) -> None:
    spot_all(trained / BEST, planted, tmp_path / "out")
    scores = read_scores(tmp_path / "out" / "league/2026/match 0" / "scores.npz")
    assert scores.classes == CLASSES
    assert {period: len(values) for period, values in scores.periods.items()} == {1: 707, 2: 714}
    labels = next(iter(read_label_set(planted, ["league/2026/match 0"])))
    on_goals = [
        scores.periods[a.period][a.position_ms // 500 + 1, 0]
        for a in labels.actions
        if a.label == "goal"
    ]
    assert np.mean(on_goals) > np.mean(scores.periods[1][:, 0]) + 0.2


def test_network_for_torch_and_onnx_agree(trained: Path) -> None:
    checkpoint = read_checkpoint(trained / BEST)
    features = np.random.default_rng(0).standard_normal((5, 120, 16)).astype(np.float32)
    on_onnx, on_torch = (
        network_for(checkpoint, runtime, threads=1)(features) for runtime in ("onnx", "torch")
    )
    np.testing.assert_allclose(on_onnx.scores, on_torch.scores, atol=1e-5)
    np.testing.assert_allclose(on_onnx.spots, on_torch.spots, atol=1e-5)


def weights(run: Path, which: str = LAST) -> dict[str, np.ndarray]:
    return {name: value.numpy() for name, value in load_network(run / which).state_dict().items()}


@pytest.mark.parametrize("schedule", ["linear", "plateau"])
def test_run_training_interrupted_resumes_bit_identically(
    planted: Path, tmp_path: Path, schedule: str
) -> None:
    config = short(planted, epochs=4, schedule=schedule, feature_dropout=0.2, plateau_patience=1)
    run_training(config, tmp_path / "whole", quiet=True)

    class InterruptError(Exception):
        pass

    import spotkick.training.trainer as trainer

    original = trainer.save_state
    calls = []

    def save_then_die(path: Path, *rest: object, **named: object) -> None:
        original(path, *rest, **named)  # type: ignore[arg-type]  # passes on what it is given
        calls.append(path.name)
        if calls.count(STATE_FILE) == 2:
            raise InterruptError

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(trainer, "save_state", save_then_die)
        with pytest.raises(InterruptError):
            run_training(config, tmp_path / "broken", quiet=True)
    run_training(config, tmp_path / "broken", resume=True, quiet=True)
    for which in (LAST, BEST):
        whole, resumed = weights(tmp_path / "whole", which), weights(tmp_path / "broken", which)
        assert all(np.array_equal(whole[name], resumed[name]) for name in whole)


def test_run_training_weights_depend_on_the_seed(planted: Path, tmp_path: Path) -> None:
    for name, seed in (("a", 0), ("b", 0), ("c", 1)):
        run_training(short(planted, seed=seed, epochs=1), tmp_path / name, quiet=True)
    first, again, other = (weights(tmp_path / name)["segmentation.weight"] for name in "abc")
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_run_training_former_run_is_not_overwritten(planted: Path, tmp_path: Path) -> None:
    run_training(short(planted, epochs=1), tmp_path / "run", quiet=True)
    with pytest.raises(InputError, match="--resume"):
        run_training(short(planted, epochs=1), tmp_path / "run", quiet=True)
    with pytest.raises(InputError, match="another experiment"):
        run_training(
            short(planted, epochs=1, learning_rate=0.5), tmp_path / "run", resume=True, quiet=True
        )


@pytest.mark.parametrize(
    "variant",
    [
        {
            "model": {"kind": "dense"},
            "loss": {"segmentation": "bce", "target_radius_s": 2.0},
            "decoding": {"source": "scores"},
        },
        {"loss": {"segmentation_weight": 0.0}},
        {"slicing": {"preset": "binary"}},
        {"loss": {"margin_low": 0.0, "margin_high": 1.0}},
        {"loss": {"matching": "none"}},
        {"loss": {"segmentation": "tf_legacy", "matching": "propose"}},
        {"loss": {"segmentation": "symmetric", "matching": "hungarian"}},
        {"loss": {"segmentation": "focal"}, "sampling": {"preset": "v2", "chunks_per_epoch": 16}},
        {
            "sampling": {"preset": "uniform", "chunks_per_epoch": 16, "border_actions": True},
            "decoding": {"nms": "soft-gauss"},
        },
        {"sampling": {"shuffle": False, "batch_chunks": 0}, "model": {"bn_axis": "capsule"}},
    ],
)
def test_run_training_every_ablation_trains(
    planted: Path, tmp_path: Path, variant: dict[str, dict[str, object]]
) -> None:
    variant = {**variant, "training": {"epochs": 1, "validate_every": 1}}
    result = run_training(experiment(planted, **variant), tmp_path / "run", quiet=True)
    assert result.best_score is not None
    assert all(np.isfinite(entry["loss"]) for entry in result.history)


def test_run_training_never_changes_the_data(planted: Path, tmp_path: Path) -> None:
    before = {path: path.read_bytes() for path in sorted(planted.rglob("*")) if path.is_file()}
    run_training(short(planted, epochs=1), tmp_path / "run", quiet=True)
    assert {
        path: path.read_bytes() for path in sorted(planted.rglob("*")) if path.is_file()
    } == before


def test_run_training_few_labels_still_give_each_class_a_threshold(
    planted: Path, tmp_path: Path
) -> None:
    run_training(short(planted, epochs=1), tmp_path / "run", quiet=True)
    checkpoint = read_checkpoint(tmp_path / "run" / BEST)
    assert set(checkpoint.config.thresholds) == set(checkpoint.classes.names)
    assert all(0 <= value <= 1 for value in checkpoint.config.thresholds.values())


# What can be wrong with the data.


def test_run_training_missing_match_of_a_split_is_named(
    make_planted: Callable[..., Path], tmp_path: Path
) -> None:
    root = make_planted(tmp_path / "data", num_frames=300)
    (root / "splits" / "train.txt").write_text("league/2026/match 0\nleague/2026/nowhere\n")
    with pytest.raises(InputError, match="nowhere"):
        run_training(short(root), tmp_path / "run", quiet=True)


def test_run_training_match_of_one_period_misses_none(
    make_planted: Callable[..., Path], tmp_path: Path
) -> None:
    root = make_planted(tmp_path / "data", num_frames=300)
    folder = root / "league/2026/match 0"
    (folder / "2_planted.npy").unlink()
    labels = read_labels(folder / "Labels-v2.json")
    write_labels(
        folder / "Labels-v2.json",
        MatchActions(labels.match, tuple(a for a in labels.actions if a.period == 1)),
    )
    run_training(short(root, epochs=1), tmp_path / "run", quiet=True)


def test_run_training_missing_period_is_reported(
    make_planted: Callable[..., Path], tmp_path: Path
) -> None:
    root = make_planted(tmp_path / "data", num_frames=300)
    (root / "league/2026/match 0/2_planted.npy").unlink()
    with pytest.warns(SpotkickWarning) as caught:
        run_training(short(root, epochs=1), tmp_path / "run", quiet=True)
    messages = " ".join(str(warning.message) for warning in caught)
    assert "half 2 are missing" in messages
    assert "2 labels lie in periods without features" in messages


def test_run_training_nan_features_are_named(
    make_planted: Callable[..., Path], tmp_path: Path
) -> None:
    root = make_planted(tmp_path / "data", num_frames=300)
    path = root / "league/2026/match 0/1_planted.npy"
    values = np.load(path)
    values[17, 3] = np.nan
    np.save(path, values)
    with pytest.raises(InputError, match=r"1_planted\.npy: frame 17"):
        run_training(short(root), tmp_path / "run", quiet=True)


def test_run_spotting_other_width_is_refused(trained: Path, tmp_path: Path) -> None:
    np.save(tmp_path / "1_planted.npy", np.zeros((200, 9), dtype=np.float32))
    checkpoint = read_checkpoint(trained / BEST)
    with pytest.raises(InputError, match="9 values"):
        run_spotting(
            jobs_for([tmp_path / "1_planted.npy"], checkpoint),
            network_for(checkpoint),
            checkpoint,
            tmp_path / "out",
        )


def test_run_spotting_other_source_is_refused(
    make_planted: Callable[..., Path], trained: Path, tmp_path: Path
) -> None:
    root = make_planted(tmp_path / "data", num_frames=300, matches=2)
    described = root / "planted.source" / "source.json"
    described.write_text(
        described.read_text().replace('"fingerprint": "planted"', '"fingerprint": "other"')
    )
    checkpoint = read_checkpoint(trained / BEST)
    with pytest.raises(InputError, match="another source"):
        run_spotting(
            jobs_for([root], checkpoint), network_for(checkpoint), checkpoint, tmp_path / "out"
        )


@pytest.mark.parametrize("num_frames", [1, 2, 50, 119, 120, 121])
def test_run_spotting_short_video_is_spotted(
    trained: Path, tmp_path: Path, num_frames: int
) -> None:
    np.save(tmp_path / "1_planted.npy", np.zeros((num_frames, 16), dtype=np.float32))
    checkpoint = read_checkpoint(trained / BEST)
    out = tmp_path / "out.json"
    run_spotting(
        jobs_for([tmp_path / "1_planted.npy"], checkpoint), network_for(checkpoint), checkpoint, out
    )
    assert all(
        action.position_ms < 500 * num_frames for action in next(iter(read_results(out))).actions
    )


def test_run_spotting_bad_match_does_not_lose_the_others(
    make_planted: Callable[..., Path], trained: Path, tmp_path: Path
) -> None:
    root = make_planted(tmp_path / "data", num_frames=300, matches=3)
    (root / "league/2026/match 1/1_planted.npy").write_bytes(b"\x93NUMPY")
    checkpoint = read_checkpoint(trained / BEST)
    with pytest.warns(SpotkickWarning, match="match 1 was left out"):
        summary = run_spotting(
            jobs_for([root], checkpoint), network_for(checkpoint), checkpoint, tmp_path / "out"
        )
    assert summary.matches == 2
    assert list(summary.failed) == ["league/2026/match 1"]


def test_run_training_classes_without_examples_are_reported(planted: Path, tmp_path: Path) -> None:
    config = experiment(
        planted, data={"classes": (*CLASSES, "corner")}, training={"epochs": 1, "validate_every": 1}
    )
    with pytest.warns(SpotkickWarning, match="cannot be learnt: corner"):
        run_training(config, tmp_path / "run", quiet=True)


def test_run_training_labels_without_known_actions_are_refused(
    planted: Path, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match="no action of the classes"):
        run_training(
            experiment(planted, data={"classes": ("smash", "drop")}), tmp_path / "run", quiet=True
        )


def test_run_training_labels_outside_of_the_features_are_reported(
    make_planted: Callable[..., Path], tmp_path: Path
) -> None:
    root = make_planted(tmp_path / "data", num_frames=300)
    path = root / "league/2026/match 0/Labels-v2.json"
    text = path.read_text()
    first = text.split('"position": "')[1].split('"')[0]
    path.write_text(text.replace(f'"position": "{first}"', '"position": "99000000"', 1))
    path2 = root / "league/2026/match 1/Labels-v2.json"
    text = path2.read_text()
    first = text.split('"position": "')[1].split('"')[0]
    path2.write_text(text.replace(f'"position": "{first}"', '"position": "-900"', 1))
    with pytest.warns(SpotkickWarning) as caught:
        run_training(short(root, epochs=1), tmp_path / "run", quiet=True)
    messages = " ".join(str(warning.message) for warning in caught)
    assert "past the end" in messages
    assert "negative position" in messages


# What can be wrong with a checkpoint.


@pytest.mark.parametrize("name", ["model.onnx", "model.safetensors"])
def test_read_checkpoint_changed_byte_is_noticed(trained: Path, tmp_path: Path, name: str) -> None:
    import shutil

    copy = tmp_path / "copy"
    shutil.copytree(trained / BEST, copy)
    data = bytearray((copy / name).read_bytes())
    data[len(data) // 2] ^= 1
    (copy / name).write_bytes(data)
    with pytest.raises(CheckpointError, match=f"{name} has changed"):
        read_checkpoint(copy)
    (copy / name).unlink()
    with pytest.raises(CheckpointError, match=f"{name} is missing"):
        read_checkpoint(copy)


def test_write_checkpoint_full_disk_keeps_the_former(
    trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = read_checkpoint(trained / BEST).config
    folder = tmp_path / "checkpoint"
    write_checkpoint(folder, config, {"model.onnx": b"first"})

    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_bytes", Mock(side_effect=OSError(28, "No space left on device")))
        with pytest.raises(StorageError, match="No space left"):
            write_checkpoint(folder, config, {"model.onnx": b"second"})
    assert (read_checkpoint(folder).folder / "model.onnx").read_bytes() == b"first"
    assert [path.name for path in tmp_path.iterdir()] == ["checkpoint"]


def test_write_checkpoint_other_folder_is_not_replaced(trained: Path, tmp_path: Path) -> None:
    (tmp_path / "holiday.jpg").write_bytes(b"precious")
    config: CheckpointConfig = read_checkpoint(trained / BEST).config
    with pytest.raises(InputError, match="not a checkpoint"):
        write_checkpoint(tmp_path, config, {})
    assert (tmp_path / "holiday.jpg").read_bytes() == b"precious"


def test_experiment_config_unknown_key_names_the_nearest(planted: Path) -> None:
    with pytest.raises(ConfigError, match="did you mean 'learning_rate'"):
        experiment(planted, training={"lerning_rate": 1.0})


def test_network_for_cuda_without_onnx_cuda_runs_on_torch(
    trained: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkpoint = read_checkpoint(trained / BEST)
    with pytest.raises(
        ConfigError, match=r"device 'cuda' cannot be used: .*use auto, cpu, cuda or cuda:1"
    ):
        network_for(checkpoint, device="cuda")

    # Where torch has the device, its network runs there.
    monkeypatch.setattr("spotkick.models.loading.choose_device", lambda _: torch.device("cpu"))
    features = np.random.default_rng(0).standard_normal((2, 120, 16)).astype(np.float32)
    found = network_for(checkpoint, device="cuda")(features)
    expected = network_for(checkpoint, device="cpu")(features)
    np.testing.assert_allclose(found.scores, expected.scores, atol=1e-5)
