"""The search with objectives whose optimum is planted: no training takes place here."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import optuna
import pytest
from optuna.trial import FrozenTrial, TrialState

import spotkick.tuning.study as study
from spotkick.errors import ConfigError, InputError, StorageError
from spotkick.reporter import SilentReporter
from spotkick.training.tune_config import Candidates, Range, TuneConfig
from spotkick.tuning.sampler import decode, distribution, encode
from spotkick.tuning.study import (
    INTERRUPTED,
    Objective,
    OpenStage,
    Report,
    Stage,
    best_trial,
    open_stage,
    open_storage,
    run_stage,
)

SPACE: dict[str, Candidates] = {"x": Range(low=0.0, high=1.0), "n": (8, 2, 4), "word": ("a", "b")}

optuna.logging.set_verbosity(optuna.logging.WARNING)


def planted(values: dict[str, Any], name: str, report: Report) -> float:
    del name, report
    return 1 - (values["x"] - 0.3) ** 2 - 0.1 * (values["n"] != 4) - 0.1 * (values["word"] != "b")


def opened(path: Path, trials: int, config: TuneConfig | None = None, **changes: Any) -> OpenStage:
    settings = config or TuneConfig(sampler="random", prune=False)
    return open_stage(
        open_storage(str(path / "s.journal")), Stage("s", SPACE, trials, **changes), settings
    )


def run(
    stage: OpenStage, objective: Objective = planted, *, wait: bool = False
) -> list[FrozenTrial]:
    told: list[FrozenTrial] = []
    run_stage(stage, objective, on_trial=told.append, wait=wait, reporter=SilentReporter())
    return told


@pytest.mark.parametrize(
    "candidates",
    [*SPACE.values(), Range(low=1, high=9), Range(low=1, high=100, log=True), (True, False)],
)
def test_decode_of_encode_gives_the_values_back(candidates: Candidates) -> None:
    drawn = distribution(candidates)
    values = candidates if isinstance(candidates, tuple) else (candidates.low, candidates.high)
    for value in values:
        params = encode({"k": value}, {"k": candidates})
        drawn.to_internal_repr(params["k"])
        assert decode(params, {"k": candidates}) == {"k": value}


def test_decode_lists_are_candidates() -> None:
    space: dict[str, Candidates] = {"k": ((64, 16), (128, 32))}
    assert decode(encode({"k": (128, 32)}, space), space) == {"k": (128, 32)}


@pytest.mark.parametrize("sampler", ["gp", "tpe"])
def test_run_stage_planted_optimum_is_found(tmp_path: Path, sampler: str) -> None:
    stage = opened(tmp_path, 40, TuneConfig.parse({"sampler": sampler, "prune": False, "seed": 1}))
    run(stage)
    best = best_trial(stage.study)
    assert best is not None
    values = decode(best.params, SPACE)
    assert (values["n"], values["word"]) == (4, "b")
    assert abs(values["x"] - 0.3) < 0.15


@pytest.mark.parametrize("sampler", ["gp", "tpe", "random"])
def test_run_stage_in_parts_tries_the_same(tmp_path: Path, sampler: str) -> None:
    config = TuneConfig.parse({"sampler": sampler, "prune": False, "startup_trials": 3})
    tried = []
    for name, parts in (("whole", (7,)), ("parts", (2, 5, 7))):
        for trials in parts:
            stage = (
                opened(tmp_path / name, trials, config)
                if (tmp_path / name).mkdir(exist_ok=True) is None
                else None
            )
            assert stage is not None
            run(stage)
        tried.append([trial.params for trial in stage.trials()])
    assert tried[0] == tried[1]
    assert len(tried[0]) == 7


def test_run_stage_other_seeds_try_other_values(tmp_path: Path) -> None:
    tried = []
    for seed in (0, 1):
        (tmp_path / str(seed)).mkdir()
        stage = opened(tmp_path / str(seed), 3, TuneConfig(sampler="random", seed=seed))
        run(stage)
        tried.append([trial.params["x"] for trial in stage.trials()])
    assert set(tried[0]).isdisjoint(tried[1])
    assert len(set(tried[0])) == 3


def test_run_stage_points_come_first_and_once(tmp_path: Path) -> None:
    point = {"x": 0.5, "n": 2, "word": "a"}
    run(opened(tmp_path, 2, points=(point,)))
    stage = opened(tmp_path, 3, points=(point,))
    run(stage)
    values = [decode(trial.params, SPACE) for trial in stage.trials()]
    assert values[0] == point
    assert point not in values[1:]
    assert len(values) == 3


def test_run_stage_failures_do_not_end_the_search(tmp_path: Path) -> None:
    calls = []

    def failing(values: dict[str, Any], name: str, report: Report) -> float:
        calls.append(name)
        if len(calls) == 1:
            raise ConfigError("the loss became nan; lower training.learning_rate")
        if len(calls) == 2:
            raise RuntimeError
        if len(calls) == 3:
            return float("nan")
        return planted(values, name, report)

    stage = opened(tmp_path, 5)
    told = run(stage, failing)
    assert [trial.state.name for trial in told] == ["FAIL", "FAIL", "FAIL", "COMPLETE", "COMPLETE"]
    errors = [trial.user_attrs.get("error") for trial in told]
    assert errors[:3] == [
        "the loss became nan; lower training.learning_rate",
        "RuntimeError",
        "the score is nan",
    ]
    assert best_trial(stage.study) is not None


def test_run_stage_data_errors_end_the_search_without_loss(tmp_path: Path) -> None:
    def broken(values: dict[str, Any], name: str, report: Report) -> float:
        del values, name, report
        raise InputError("features.npy: no such file")

    stage = opened(tmp_path, 3)
    with pytest.raises(InputError, match="no such file"):
        run(stage, broken)
    assert len(run(stage)) == 3


def test_run_stage_interrupted_trial_is_tried_again_in_its_folder(tmp_path: Path) -> None:
    names: list[str] = []

    def interrupted(values: dict[str, Any], name: str, report: Report) -> float:
        names.append(name)
        if len(names) == 2:
            raise KeyboardInterrupt
        return planted(values, name, report)

    stage = opened(tmp_path, 3)
    with pytest.raises(KeyboardInterrupt):
        run(stage, interrupted)
    broken = next(trial for trial in stage.trials() if INTERRUPTED in trial.user_attrs)
    told = run(opened(tmp_path, 3), interrupted)
    assert names == ["s-0000", "s-0001", "s-0001", "s-0003"]
    assert told[0].params == broken.params
    assert sum(trial.state == TrialState.COMPLETE for trial in stage.trials()) == 3


def test_run_stage_interruption_while_drawing_leaves_a_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage = opened(tmp_path, 2)
    with monkeypatch.context() as patch:
        patch.setattr(
            optuna.samplers.RandomSampler, "sample_independent", Mock(side_effect=KeyboardInterrupt)
        )
        with pytest.raises(KeyboardInterrupt):
            run(stage)
    assert stage.trials()[0].user_attrs["worker"].endswith(f":{os.getpid()}")
    monkeypatch.setattr(study, "_is_alive", Mock(return_value=False))
    run(stage)
    assert [trial.state.name for trial in stage.trials()] == ["FAIL", "COMPLETE", "COMPLETE"]


def test_run_stage_bad_trials_are_pruned(tmp_path: Path) -> None:
    reached = []

    def slow(values: dict[str, Any], name: str, report: Report) -> float:
        del values
        number = int(name[-4:])
        quality = 0.1 if number == 3 else 0.5 + 0.01 * number
        for epoch in range(1, 5):
            report(epoch, quality)
        reached.append(number)
        return quality

    stage = opened(tmp_path, 5, TuneConfig(sampler="random", prune_after=3))
    told = run(stage, slow)
    assert reached == [0, 1, 2, 4]
    assert told[3].state == TrialState.PRUNED
    best = best_trial(stage.study)
    assert best is not None
    assert best.value == 0.54


def test_open_stage_other_search_of_the_name_is_refused(tmp_path: Path) -> None:
    opened(tmp_path, 1, fingerprint="a")
    with pytest.raises(ConfigError, match=r"another configuration; give tune\.name another value"):
        opened(tmp_path, 1, fingerprint="b")


def test_open_storage_bad_url_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="cannot open the storage"):
        open_storage("nosuch://host/base")
    (tmp_path / "garbage").write_bytes(b"\x00\xff{]\n" * 99)
    with pytest.raises(StorageError, match="cannot open the storage"):
        open_storage(str(tmp_path / "garbage"))
    with pytest.raises(StorageError, match="cannot open the storage"):
        open_storage(f"sqlite:///{tmp_path}/missing/folder/s.db")


def test_open_storage_database_holds_a_search(tmp_path: Path) -> None:
    config = TuneConfig(sampler="random")
    for trials in (2, 4):
        stage = open_stage(
            open_storage(f"sqlite:///{tmp_path}/s.db"), Stage("s", SPACE, trials), config
        )
        assert len(run(stage)) == 2


WORKER = """
import sys, time
from pathlib import Path
from spotkick.reporter import SilentReporter
from spotkick.training.tune_config import Range, TuneConfig
from spotkick.tuning.study import Stage, open_stage, open_storage, run_stage
trials, pause_s = int(sys.argv[2]), float(sys.argv[3])
def objective(values, name, report):
    print(name, flush=True)
    time.sleep(pause_s)
    return values["x"]
stage = Stage("s", {"x": Range(low=0.0, high=1.0)}, trials)
stage = open_stage(open_storage(sys.argv[1]), stage, TuneConfig(sampler="random"))
run_stage(stage, objective, on_trial=lambda trial: None, wait=True, reporter=SilentReporter())
"""
X_ONLY: dict[str, Candidates] = {"x": Range(low=0.0, high=1.0)}


def start(path: Path, trials: int, pause_s: float) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", WORKER, str(path), str(trials), str(pause_s)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_run_stage_processes_share_a_search(tmp_path: Path) -> None:
    workers = [start(tmp_path / "s.journal", 12, 0.3) for _ in range(2)]
    shown = [worker.communicate(timeout=120) for worker in workers]
    assert [worker.returncode for worker in workers] == [0, 0], shown
    stage = open_stage(
        open_storage(str(tmp_path / "s.journal")),
        Stage("s", X_ONLY, 12),
        TuneConfig(sampler="random"),
    )
    assert sum(trial.state == TrialState.COMPLETE for trial in stage.trials()) == 12
    tried = [line for out, _ in shown for line in out.split()]
    assert len(tried) == len(set(tried)) == 12
    assert run(stage) == []


@pytest.mark.skipif(os.name == "nt", reason="needs signals")
@pytest.mark.parametrize("kind", [signal.SIGKILL, signal.SIGINT])
def test_run_stage_trial_of_a_killed_process_is_tried_again(
    tmp_path: Path, kind: signal.Signals
) -> None:
    process = start(tmp_path / "s.journal", 2, 60)
    assert process.stdout is not None
    assert process.stdout.readline().strip() == "s-0000"
    process.send_signal(kind)
    process.communicate(timeout=30)
    stage = open_stage(
        open_storage(str(tmp_path / "s.journal")),
        Stage("s", X_ONLY, 2),
        TuneConfig(sampler="random"),
    )
    names: list[str] = []

    def named(values: dict[str, Any], name: str, report: Report) -> float:
        del report
        names.append(name)
        return float(values["x"])

    run(stage, named, wait=True)
    assert names == ["s-0000", "s-0002"]
    first = stage.trials()[0]
    assert INTERRUPTED in first.user_attrs
    assert stage.trials()[1].params == first.params
