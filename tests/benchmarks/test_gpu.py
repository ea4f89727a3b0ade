"""The parts of the GPU script that cost little without a GPU; `--device cpu --small` runs all."""

import importlib
import json
from argparse import Namespace
from pathlib import Path
from types import ModuleType

import pytest
import torch

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture
def gpu(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    return importlib.import_module("gpu")


@pytest.fixture
def arguments(tmp_path: Path) -> Namespace:
    return Namespace(device="cpu", small=True, out=str(tmp_path / "gpu.json"), part="")


def test_card_and_kernel_on_a_cpu_are_rows_of_json(gpu: ModuleType, arguments: Namespace) -> None:
    for part in ("card", "kernel"):
        arguments.part = part
        gpu.run_part(arguments)
    kept = json.loads(Path(arguments.out).read_text())
    assert kept["card"][0]["torch"] == torch.__version__
    assert set(kept["kernel"][0]) in ({"kernel"}, {"equal_cases", "cases"})


@pytest.mark.parametrize("classes", [3, 17])
def test_published_batch_has_the_shapes_of_the_authors_loader(
    gpu: ModuleType, classes: int
) -> None:
    own, preset = gpu.CASES[classes]
    periods = [gpu.make_period(own, preset, 700, seed, values=False) for seed in range(2)]
    spots = 15 if classes == 17 else 5
    batch = gpu.published_batch(periods, torch.device("cpu"), spots)
    shapes = [(32, 240, 512), (32, 240, classes), (32, spots, 2 + classes)]
    assert [tuple(part.shape) for part in batch] == shapes
    assert bool((batch[1][:, :40] == -1).all())


def test_loop_of_one_batch_gives_its_loss(gpu: ModuleType) -> None:
    own, preset = gpu.CASES[3]
    periods, data = gpu.case_data(3, 1, 480, torch.device("cpu"))
    plan = gpu.make_plan(own, preset, 4, device="cpu")
    losses = gpu.Loop(data, periods, own, plan, mode="fft").epoch()
    assert len(losses) == 1
    assert losses[0] > 0


def test_best_way_is_the_fastest_pyramid_that_was_measured(
    gpu: ModuleType, arguments: Namespace
) -> None:
    assert gpu.best_way(arguments, "fp32") == "fft"
    times = {"direct": 2.0, "merged": 1.0, "fft": 3.0}
    rows = [
        {"classes": 17, "precision": "fp32", "pyramid": way, "ours_ms": ms}
        for way, ms in times.items()
    ]
    Path(arguments.out).write_text(json.dumps({"step": rows}))
    assert gpu.best_way(arguments, "fp32") == "merged"
    assert gpu.best_way(arguments, "tf32") == "fft"
