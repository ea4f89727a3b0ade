"""Training and spotting on a GPU: equality with the CPU, speed against the authors' code, memory.

    PYTHONPATH=src python benchmarks/gpu.py --out gpu.json [--limit 300] [--parts card,step]

Each part runs in a process of its own with its own time limit; results are printed as they come and
written as JSON after every part. Needs Python, torch, numpy, pydantic, safetensors; stand-ins take
the place of other packages that are missing. With ``--device cpu --small`` every part runs on a
machine without a GPU, in small.
"""

import argparse
import contextlib
import importlib.util
import json
import os
import random
import statistics
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).parent))
from absent_packages import STAND_INS
from literal_calf import LiteralCalf, PublishedClips, published_step
from spotkick.actions import SOCCERNET_V1, SOCCERNET_V2, Action, ActionClasses
from spotkick.checkpoint import DecodingConfig
from spotkick.encoding.slicing import slicing_for
from spotkick.features.tracks import FeatureSource, FeatureTrack
from spotkick.losses import matching, matching_kernel
from spotkick.models import CalfArchitecture, CalfNetwork
from spotkick.models.loading import new_network, torch_runner
from spotkick.prediction.network import ChunkOutput
from spotkick.prediction.spotting import SpottingSetup, spot_period
from spotkick.training.config import LossConfig, SamplingConfig, TrainingConfig
from spotkick.training.device_data import DeviceData
from spotkick.training.device_loop import DeviceLoop
from spotkick.training.labelled_periods import LabelledPeriod, label_period
from spotkick.training.sampling import ChunkGeometry, epoch_batches, find_anchors
from spotkick.training.step import TrainingStep, cuda_arithmetic, make_optimizer
from spotkick.training.total_loss import TrainingPlan
from spotkick.training.trainer import train_network

RATE = Fraction(2)
BATCH = 32
SHARES = (
    *(0.0016, 0.0233, 0.0154, 0.0257, 0.0190, 0.0527, 0.0479, 0.0717, 0.2883),
    *(0.1703, 0.1057, 0.0951, 0.0200, 0.0438, 0.0187, 0.0005, 0.0004),
)
"""Share of each of the 17 classes among SoccerNet-v2's 110,458 actions, rounded."""

ACTIONS_PER_PERIOD = 110
PRECISIONS = {"fp32": {}, "tf32": {"tf32": True}, "bf16": {"tf32": True, "mixed_precision": True}}
MODES = ("direct", "merged", "fft")


class Silent:
    """Observer that counts."""

    steps = 0

    def on_batch(self, epoch: int, batch: int, batches: int, loss: float) -> None:
        """Count."""
        del epoch, batches, loss
        self.steps = batch

    def on_epoch(self, entry: dict[str, float], *, is_best: bool, network: Any) -> None:
        """Nothing to show."""


# --- data ---------------------------------------------------------------------------------------


def draw_actions(classes: ActionClasses, num_frames: int, seed: int) -> list[Action]:
    """Actions of a period, as frequent as SoccerNet-v2's."""
    draw = np.random.default_rng((7, seed))
    count = max(3, ACTIONS_PER_PERIOD * num_frames // 5400)
    shares = np.array(SHARES if len(classes) == len(SHARES) else [1.0] * len(classes))
    labels = draw.choice(len(classes), size=count, p=shares / shares.sum())
    positions = draw.integers(0, 500 * num_frames, size=count)
    return [
        Action(classes.names[label], 1, int(position))
        for label, position in zip(labels, positions, strict=True)
    ]


def make_period(
    classes: ActionClasses, preset: str, num_frames: int, seed: int, *, values: bool = True
) -> LabelledPeriod:
    """A labelled period of float16 noise with a trace of its actions, or without features."""
    actions = draw_actions(classes, num_frames, seed)
    features = np.zeros((num_frames, 1), dtype=np.float16)
    if values:
        draw = np.random.default_rng((11, seed))
        features = draw.standard_normal((num_frames, 512), dtype=np.float32)
        for action in actions:
            frame = min(action.position_ms // 500, num_frames - 1)
            features[frame : frame + 6, classes.names.index(action.label)] += 4
        features = features.astype(np.float16)
    return label_period(
        FeatureTrack(features, FeatureSource("made", features.shape[1], RATE)),
        actions,
        classes,
        slicing=slicing_for(classes, preset=preset, frame_rate=RATE),
        chunk_frames=240,
    )


def make_plan(
    classes: ActionClasses, preset: str, chunks_per_epoch: int, **training: object
) -> TrainingPlan:
    """The authors' 17-class settings, with the loss of the paper."""
    bounds = slicing_for(classes, preset=preset, frame_rate=RATE).frames(RATE)
    return TrainingPlan(
        LossConfig(),
        SamplingConfig(preset="v2", batch_chunks=BATCH, chunks_per_epoch=chunks_per_epoch),
        TrainingConfig.parse({"validate_every": 10_000, **training}),
        slicing_frames=torch.from_numpy(bounds).float(),
        frame_rate=RATE,
    )


def network_of(classes: ActionClasses) -> CalfNetwork:
    """A CALF network with seeded weights."""
    spots = 15 if len(classes) == 17 else 5
    return new_network(CalfArchitecture(num_classes=len(classes), num_spots=spots), 0)


CASES = {3: (SOCCERNET_V1, "v1"), 17: (SOCCERNET_V2, "v2")}


# --- measuring ----------------------------------------------------------------------------------


def wait(device: torch.device) -> None:
    """Wait for the device."""
    if device.type == "cuda":
        torch.cuda.synchronize()


def seconds_per_call(
    call: Callable[[], object],
    device: torch.device,
    budget_s: float,
    *,
    least: int = 5,
    warm_up: int = 3,
) -> float:
    """Mean seconds of calls within a budget, after calls to warm up; the device is waited for."""
    for _ in range(warm_up):
        call()
    wait(device)
    started, calls = time.perf_counter(), 0
    while calls < least or time.perf_counter() - started < budget_s:
        call()
        calls += 1
        if calls % 20 == 0:
            wait(device)
    wait(device)
    return (time.perf_counter() - started) / calls


def largest_difference(first: Sequence[float], second: Sequence[float]) -> float:
    """Of two curves, relative to the first."""
    return max(abs(a - b) / abs(a) for a, b in zip(first, second, strict=True))


class Loop:
    """Our training loop on the device, on data and settings of a case."""

    def __init__(
        self,
        data: DeviceData,
        periods: Sequence[LabelledPeriod],
        classes: ActionClasses,
        plan: TrainingPlan,
        *,
        mode: str,
        use_graphs: bool = True,
    ) -> None:
        """Args: as DeviceLoop; mode, of the temporal pyramid."""
        device = data.features.device
        self.network = network_of(classes).to(device)
        self.network.pyramid.mode = mode
        sizes = self.network.architecture
        self.plan, self.periods = plan, periods
        self.geometry = ChunkGeometry(sizes.chunk_frames, sizes.receptive_field_frames)
        self.anchors = find_anchors(periods, sizes.chunk_frames)
        optimizer = make_optimizer(self.network, plan.training, on_device=True)
        self.step = TrainingStep(
            self.network,
            optimizer,
            plan,
            device=device,
            max_actions=data.most_actions(sizes.chunk_frames, sizes.border_frames),
        )
        self.loop = DeviceLoop(
            data,
            self.step,
            sizes=sizes,
            generators=[self.step.random],
            use_graphs=use_graphs,
            compile_step=plan.training.compile,
        )
        self.epochs = 0

    def epoch(self) -> list[float]:
        """Draw an epoch, train on it, and return its losses."""
        batches = epoch_batches(
            self.periods,
            self.plan.sampling,
            self.geometry,
            random=np.random.default_rng((0, self.epochs)),
            anchors=self.anchors,
        )
        self.epochs += 1
        self.network.train()
        self.step.set_learning_rate(1e-3)

        def ignore(*_: object) -> None:
            pass

        return self.loop.run_epoch(batches, [None] * len(batches), ignore, ignore).losses


# --- parts --------------------------------------------------------------------------------------


def part_card(args: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """What there is."""
    found: dict[str, Any] = {
        "python": sys.version.split()[0],
        "torch": torch.__version__,
        "numpy": np.__version__,
        "cores": os.cpu_count(),
        "stand_ins": STAND_INS,
        "torch_threads": torch.get_num_threads(),
    }
    for name in ("triton", "onnxruntime", "av"):
        spec = importlib.util.find_spec(name)
        found[name] = getattr(__import__(name), "__version__", "?") if spec else None
    if found["onnxruntime"] and "onnxruntime" not in STAND_INS:
        import onnxruntime

        found["onnx_providers"] = onnxruntime.get_available_providers()
    if found["av"]:
        with contextlib.suppress(ImportError):
            from av.codec.hwaccel import hwdevices_available

            found["av_hwdevices"] = hwdevices_available()
    for compiler in ("gcc", "cc", "clang"):
        ran = subprocess.run(["which", compiler], capture_output=True, text=True, check=False)
        found[compiler] = ran.stdout.strip()
    if args.device == "cuda":
        own = torch.cuda.get_device_properties(0)
        found |= {
            "card": own.name,
            "memory_gib": own.total_memory / 2**30,
            "multiprocessors": own.multi_processor_count,
            "cuda": torch.version.cuda,
            "cudnn": torch.backends.cudnn.version(),
        }
        started = time.perf_counter()
        found["matching_kernel"] = matching_kernel.prepare_kernel(torch.device("cuda")) or "works"
        found["matching_kernel_s"] = time.perf_counter() - started
    yield found


def part_kernel(args: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """The matching kernel against the rounds, on ties and all numbers of actions."""
    device = torch.device(args.device)
    reason = matching_kernel.prepare_kernel(device)
    if reason:
        yield {"kernel": reason}
        return
    same, cases = 0, 0
    draw = torch.Generator().manual_seed(0)
    for spots in (1, 2, 5, 15, 16):
        for steps in (16, 1024):
            for by_proposers in (False, True):
                places = torch.randint(0, steps + 1, (2, 64, spots), generator=draw) / steps
                counts = torch.randint(0, spots + 1, (64, 1), generator=draw)
                is_action = torch.arange(spots) < counts
                predicted, actual = places
                expected = matching._match_by_rounds(  # noqa: SLF001
                    (predicted[:, None, :] - actual[:, :, None]).abs(),
                    is_action,
                    only_proposers=by_proposers,
                    rounds=spots,
                )
                found = matching_kernel.match_by_kernel(
                    predicted.to(device),
                    actual.to(device),
                    is_action.to(device),
                    only_proposers=by_proposers,
                    rounds=spots,
                )
                cases += 1
                same += int(torch.equal(found.cpu(), expected))
    yield {"equal_cases": same, "cases": cases}


def part_parity(args: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """Loss curves of whole trainings: CPU loader, CPU tables, and the device, with graphs."""
    frames, chunks = (600, 32) if args.small else (900, 64)
    torch.set_num_threads(min(4, torch.get_num_threads()))
    for classes_count, epochs in ((3, 3), (17, 3)):
        classes, preset = CASES[classes_count]
        periods = [make_period(classes, preset, frames, seed) for seed in range(2)]

        def train(device: str, where: str, **training: object) -> tuple[list[float], float]:
            plan = make_plan(
                classes,  # noqa: B023
                preset,  # noqa: B023
                chunks,
                epochs=epochs,  # noqa: B023
                device=device,
                data_on_device=where,
                **training,
            )
            started = time.perf_counter()
            _, progress = train_network(
                network_of(classes),  # noqa: B023
                periods,  # noqa: B023
                plan,
                observer=Silent(),
            )
            return [entry["loss"] for entry in progress.history], time.perf_counter() - started

        cpu, cpu_s = train("cpu", "never")
        device, device_s = train(args.device, "always")
        loader, loader_s = train(args.device, "never")
        yield {
            "classes": classes_count,
            "cpu": cpu,
            "device": device,
            "device_by_loader": loader,
            "difference": largest_difference(cpu, device),
            "difference_by_loader": largest_difference(cpu, loader),
            "seconds": [cpu_s, device_s, loader_s],
        }

        # Adam's first steps have the full length however small a gradient is, and make rounding
        # visible; a warm-up keeps it small.
        calm = {"warmup_steps": 9, "gradient_clip": 1}
        cpu_calm, _ = train("cpu", "never", **calm)
        row = {"classes": classes_count, "options": list(calm)}
        for name, options in PRECISIONS.items():
            curve, _ = train(args.device, "always", **calm, **options)
            row[f"difference_{name}"] = largest_difference(cpu_calm, curve)
        options = {"feature_dropout": 0.1, "ema_decay": 0.99, **calm}
        first, _ = train(args.device, "always", **options)
        second, _ = train(args.device, "never", **options)
        row["difference_of_graph_and_loader"] = largest_difference(second, first)
        yield row


def case_data(
    classes_count: int, num_periods: int, frames: int, device: torch.device
) -> tuple[list[LabelledPeriod], DeviceData]:
    """Labelled periods, and their tables on the device with seeded float16 features."""
    classes, preset = CASES[classes_count]
    periods = [
        make_period(classes, preset, frames, seed, values=False) for seed in range(num_periods)
    ]
    draw = torch.Generator(device).manual_seed(0)
    features = torch.empty((num_periods * frames, 512), dtype=torch.float16, device=device)
    for start in range(0, len(features), 1 << 19):
        part = features[start : start + (1 << 19)]
        part.copy_(torch.randn(part.shape, generator=draw, device=device))
    data = DeviceData(
        features,
        torch.from_numpy(np.concatenate([own.shifts for own in periods])).to(device),
        feature_frames=[frames] * num_periods,
        action_masks=[own.action_mask for own in periods],
        pad_frames=0,
    )
    return periods, data


def part_step(args: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """Ours in every way to compute it, in turns with the authors' step on data on the card."""
    device = torch.device(args.device)
    budget, epoch_steps = (0.1, 1) if args.small else (0.8, 300)
    if device.type == "cuda":
        matching_kernel.prepare_kernel(device)
    for count in (17, 3):
        classes, preset = CASES[count]
        periods, data = case_data(
            count, 4 if args.small else 60, 1200 if args.small else 5400, device
        )

        # The authors' step on one batch that lies on the card already.
        literal = LiteralCalf(count, 15 if count == 17 else 5).to(device)
        adam = torch.optim.Adam(literal.parameters(), lr=1e-3, eps=1e-7)
        k = slicing_for(classes, preset=preset, frame_rate=RATE).frames(RATE)
        bounds = [torch.from_numpy(own).float().to(device) for own in k.T]
        batch = published_batch(periods, device, 15 if count == 17 else 5)

        def published() -> None:
            published_step(literal, adam, batch, bounds)  # noqa: B023

        before = seconds_per_call(published, device, 2 * budget)
        yield {"classes": count, "authors_step_ms": 1e3 * before, "tf32_of_cudnn": "torch default"}

        for precision, options in PRECISIONS.items():
            for mode in MODES:
                plan = make_plan(
                    classes, preset, BATCH * epoch_steps, device=args.device, **options
                )
                with cuda_arithmetic(device, tf32=bool(options.get("tf32"))):
                    loop = Loop(data, periods, classes, plan, mode=mode)
                    loop.epoch()
                    each = (
                        seconds_per_call(loop.epoch, device, budget, least=1, warm_up=0)
                        / epoch_steps
                    )
                yield {
                    "classes": count,
                    "precision": precision,
                    "pyramid": mode,
                    "ours_ms": 1e3 * each,
                    "steps_per_s": 1 / each,
                    "times_authors_step": before / each,
                }
                del loop
        plan = make_plan(classes, preset, BATCH * min(epoch_steps, 60), device=args.device)
        loop = Loop(data, periods, classes, plan, mode="direct", use_graphs=False)
        loop.epoch()
        each = seconds_per_call(loop.epoch, device, budget, least=1, warm_up=0) / min(
            epoch_steps, 60
        )
        yield {"classes": count, "precision": "fp32", "without_graphs_ms": 1e3 * each}
        after = seconds_per_call(published, device, 2 * budget)
        yield {"classes": count, "authors_step_again_ms": 1e3 * after}


def published_batch(
    periods: Sequence[LabelledPeriod], device: torch.device, num_spots: int
) -> list[torch.Tensor]:
    """A batch of the authors' data set on noise."""
    clips = clips_of(periods[:4], chunks=BATCH, num_spots=num_spots)
    items = [clips[index] for index in range(BATCH)]
    return [torch.stack(parts).to(device) for parts in zip(*items, strict=True)]


def clips_of(periods: Sequence[LabelledPeriod], *, chunks: int, num_spots: int) -> PublishedClips:
    """The authors' data set on float32 noise in host memory."""
    draw = np.random.default_rng(0)
    background = [
        (index, int(first), int(end))
        for index, runs in enumerate(find_anchors(periods, 240).runs)
        for first, end in runs
    ]
    return PublishedClips(
        [draw.standard_normal((len(own), 512), dtype=np.float32) for own in periods],
        [own.shifts.astype(np.float64) for own in periods],
        background,
        chunks=chunks,
        num_spots=num_spots,
    )


def part_authors(args: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """The authors' loop as published: four loading processes, pinned memory, their step."""
    device = torch.device(args.device)
    for count in (17, 3):
        classes, preset = CASES[count]
        num_periods, frames, steps = (4, 1200, 4) if args.small else (40, 5400, 250)
        spots = 15 if count == 17 else 5
        periods = [
            make_period(classes, preset, frames, s, values=False) for s in range(num_periods)
        ]
        clips = clips_of(periods, chunks=BATCH * steps, num_spots=spots)
        loader = torch.utils.data.DataLoader(
            clips, batch_size=BATCH, shuffle=True, num_workers=4, pin_memory=device.type == "cuda"
        )
        literal = LiteralCalf(count, spots).to(device)
        adam = torch.optim.Adam(literal.parameters(), lr=1e-3, eps=1e-7)
        k = slicing_for(classes, preset=preset, frame_rate=RATE).frames(RATE)
        bounds = [torch.from_numpy(own).float().to(device) for own in k.T]
        random.seed(0)
        times = []
        for index, batch in enumerate(loader):
            published_step(literal, adam, batch, bounds)
            times.append(time.perf_counter())
            if index > 20 and times[-1] - times[min(20, index)] > (1 if args.small else 8):
                break
        skipped = min(20, len(times) // 2)
        each = (times[-1] - times[skipped]) / (len(times) - 1 - skipped)
        yield {
            "classes": count,
            "authors_loop_ms": 1e3 * each,
            "steps": len(times) - skipped,
            "whole_schedule_h": each * 562_500 / 3600,
            "periods_in_memory": num_periods,
        }


def best_way(args: argparse.Namespace, precision: str) -> str:
    """The fastest pyramid that part_step found for 17 classes, fft where it has not run."""
    found = (
        [
            row
            for row in json.loads(Path(args.out).read_text()).get("step", [])
            if row.get("classes") == 17 and row.get("precision") == precision and "pyramid" in row
        ]
        if Path(args.out).is_file()
        else []
    )
    return min(found, key=lambda row: row["ours_ms"])["pyramid"] if found else "fft"


def part_compile(args: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """The same with torch.compile for gathering, network and loss."""
    device = torch.device(args.device)
    if device.type == "cuda":
        matching_kernel.prepare_kernel(device)
    classes, preset = CASES[17]
    steps = 3 if args.small else 300
    periods, data = case_data(17, 4 if args.small else 60, 1200 if args.small else 5400, device)
    ways = (("fp32", "fft"), ("tf32", "direct"), ("bf16", "direct"))
    for precision, mode in ways[: 1 if args.small else None]:
        options = PRECISIONS[precision]
        plan = make_plan(
            classes, preset, BATCH * steps, device=args.device, compile=True, **options
        )
        with cuda_arithmetic(device, tf32=bool(options.get("tf32"))):
            loop = Loop(data, periods, classes, plan, mode=mode)
            started = time.perf_counter()
            loop.epoch()
            compile_s = time.perf_counter() - started
            each = seconds_per_call(loop.epoch, device, 0.8, least=1, warm_up=0) / steps
        yield {
            "precision": precision,
            "pyramid": mode,
            "ours_ms": 1e3 * each,
            "steps_per_s": 1 / each,
            "compile_s": compile_s,
        }
        del loop


def part_schedule(args: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """The whole 17-class schedule on 500 matches, measured over at least 12 s per precision."""
    device = torch.device(args.device)
    if device.type == "cuda":
        matching_kernel.prepare_kernel(device)
    classes, preset = CASES[17]
    num_periods, frames, chunks = (6, 1200, 96) if args.small else (1000, 5400, 18_000)
    started = time.perf_counter()
    periods, data = case_data(17, num_periods, frames, device)
    wait(device)
    prepare_s = time.perf_counter() - started
    for precision in PRECISIONS:
        options = PRECISIONS[precision]
        mode = best_way(args, precision)
        plan = make_plan(classes, preset, chunks, device=args.device, **options)
        with cuda_arithmetic(device, tf32=bool(options.get("tf32"))):
            loop = Loop(data, periods, classes, plan, mode=mode)
            if device.type == "cuda":
                torch.cuda.reset_peak_memory_stats()
            first = loop.epoch()
            times, losses = [], [statistics.mean(first)]
            while sum(times) < (0.5 if args.small else 12):
                begun = time.perf_counter()
                losses.append(statistics.mean(loop.epoch()))
                times.append(time.perf_counter() - begun)
        each = statistics.mean(times)
        steps = -(-chunks // BATCH)
        row: dict[str, Any] = {
            "precision": precision,
            "pyramid": mode,
            "matches": num_periods // 2,
            "features_gib": data.features.nbytes / 2**30,
            "prepare_s": prepare_s,
            "epochs": len(times),
            "measured_s": sum(times),
            "epoch_s": each,
            "steps_per_s": steps / each,
            "schedule_min": 1000 * each / 60,
            "most_actions": data.most_actions(240, 40),
            "losses": losses[:3] + losses[-1:],
        }
        if device.type == "cuda":
            row["peak_gib"] = torch.cuda.max_memory_allocated() / 2**30
            row["reserved_gib"] = torch.cuda.max_memory_reserved() / 2**30
        yield row
        del loop


def part_profile(args: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """Which kernels the replayed step spends its time on."""
    device = torch.device(args.device)
    if device.type == "cuda":
        matching_kernel.prepare_kernel(device)
    classes, preset = CASES[17]
    steps = 3 if args.small else 20
    periods, data = case_data(17, 4 if args.small else 20, 1200 if args.small else 5400, device)
    for precision in ("fp32", "tf32"):
        options = PRECISIONS[precision]
        plan = make_plan(classes, preset, BATCH * steps, device=args.device, **options)
        with cuda_arithmetic(device, tf32=bool(options.get("tf32"))):
            loop = Loop(data, periods, classes, plan, mode=best_way(args, precision))
            loop.epoch()
            activities = [torch.profiler.ProfilerActivity.CPU]
            if device.type == "cuda":
                activities = [torch.profiler.ProfilerActivity.CUDA]
            with torch.profiler.profile(activities=activities) as profile:
                loop.epoch()
        is_cuda = device.type == "cuda"
        rows = sorted(
            profile.key_averages(),
            key=lambda row: row.self_device_time_total if is_cuda else row.self_cpu_time_total,
            reverse=True,
        )
        yield {
            "precision": precision,
            "kernels_per_step": sum(row.count for row in rows) / steps,
            "us_per_step": sum(row.self_device_time_total for row in rows) / steps,
            "top": [
                [
                    row.key[:110],
                    row.count / steps,
                    (row.self_device_time_total if is_cuda else row.self_cpu_time_total) / steps,
                ]
                for row in rows[:32]
            ],
        }


def part_spot(args: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """Spots of a period on the CPU and on the device: equality and time."""
    classes, preset = CASES[17]
    frames = 1200 if args.small else 5400
    period = make_period(classes, preset, frames, 3)
    values = period.track.values.astype(np.float32)
    track = FeatureTrack(values, FeatureSource("made", 512, RATE))
    setup = SpottingSetup(
        classes, RATE, 240, border_frames=40, pad_period=False, decoding=DecodingConfig()
    )
    network = network_of(classes).eval()
    outputs, times, spots = {}, {}, {}
    chunks = np.stack([values[s : s + 240] for s in range(0, frames - 240, 160)])
    for name in ("cpu", args.device):
        run = torch_runner(network.to(name), ChunkOutput)
        device = torch.device(name)
        with cuda_arithmetic(device, tf32=False):
            outputs[name] = run(chunks)
            times[name] = seconds_per_call(lambda: run(chunks), device, 0.5)  # noqa: B023
            spots[name] = spot_period(run, track, setup)
    pairs = zip(outputs["cpu"], outputs[args.device], strict=True)
    yield {
        "chunks": len(chunks),
        "largest_difference": max(
            float(np.abs(a - b).max()) for a, b in pairs if a is not None and a.size
        ),
        "cpu_ms": 1e3 * times["cpu"],
        "device_ms": 1e3 * times[args.device],
        "equal_actions": len(spots["cpu"].actions) == len(spots[args.device].actions),
        "actions": [len(own.actions) for own in spots.values()],
    }


PARTS: dict[str, tuple[Callable[[argparse.Namespace], Iterator[dict[str, Any]]], int]] = {
    "card": (part_card, 25),
    "authors": (part_authors, 45),
    "step": (part_step, 90),
    "parity": (part_parity, 60),
    "spot": (part_spot, 25),
    "schedule": (part_schedule, 85),
    "compile": (part_compile, 120),
    "profile": (part_profile, 30),
    "kernel": (part_kernel, 40),
}
"""Parts in the order in which they run, with their limits in seconds."""


def run_part(args: argparse.Namespace) -> None:
    """Run one part here, and add its rows to the file as they come."""
    warnings.simplefilter("default")
    path = Path(args.out)
    for row in PARTS[args.part][0](args):
        print(f"{args.part}: {json.dumps(row)}", flush=True)
        kept = json.loads(path.read_text()) if path.is_file() else {}
        kept.setdefault(args.part, []).append(row)
        path.write_text(json.dumps(kept, indent=1))


def main() -> None:
    """Run the parts, each in a process of its own."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", default="gpu.json")
    parser.add_argument("--parts", default=",".join(PARTS))
    parser.add_argument("--part", default="")
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--small", action="store_true", help="sizes for a test")
    parser.add_argument("--limit", type=float, default=330, help="seconds for all parts")
    args = parser.parse_args()
    if args.part:
        run_part(args)
        return

    started = time.perf_counter()
    path = Path(args.out)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    for name in args.parts.split(","):
        left = args.limit - (time.perf_counter() - started)
        limit = min(PARTS[name][1] * (5 if args.small else 1), left)
        begun, state = time.perf_counter(), "done"
        if limit < 5:
            print(f"{name}: no time left", flush=True)
            continue
        command = [sys.executable, __file__, "--part", name, "--out", args.out]
        command += ["--device", args.device, *(["--small"] if args.small else [])]
        try:
            state = f"exit code {subprocess.run(command, timeout=limit, check=False).returncode}"
        except subprocess.TimeoutExpired:
            state = f"stopped after {limit:.0f} s"
        took = time.perf_counter() - begun
        print(f"== {name}: {state}, {took:.1f} s", flush=True)
        kept = json.loads(path.read_text()) if path.is_file() else {}
        kept.setdefault("parts", {})[name] = [state, round(took, 1)]
        path.write_text(json.dumps(kept, indent=1))


if __name__ == "__main__":
    main()
