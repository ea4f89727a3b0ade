"""A training step against a literal transcription of the specification, in one run.

Both do the same work (batch 32, 240 x 512, C = 3 and 17) on the same data, in turns, in both
orders; medians and their ratio are printed, with the time of each way to compute the temporal
pyramid, and time-shift encoding against a loop per frame. ``authors`` is the order of operations of
the authors' PyTorch code. With ``--processor`` the processor time of this process counts, which
other programs on the machine change less.
"""

import argparse
import statistics
import sys
import time
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np
import torch
from torch.profiler import ProfilerActivity, profile
from torch.utils.flop_counter import FlopCounterMode

sys.path.insert(0, str(Path(__file__).parent))
from literal_calf import LiteralCalf, literal_step, published_step
from spotkick.actions import SOCCERNET_V1, SOCCERNET_V2, ActionClasses
from spotkick.encoding.slicing import slicing_for
from spotkick.encoding.spots import border_mask, encode_spots
from spotkick.encoding.time_shift import action_frames, time_shift_encoding
from spotkick.models import CalfArchitecture, CalfNetwork
from spotkick.training.config import LossConfig, SamplingConfig, TrainingConfig
from spotkick.training.total_loss import TrainingPlan, total_loss

RATE = Fraction(2)
CLOCK: Callable[[], float] = time.perf_counter


def in_turns(
    first: Callable[[], object], second: Callable[[], object], rounds: int
) -> tuple[float, float]:
    """Median seconds of two functions run in turns, the order reversed in every second round."""
    times: tuple[list[float], list[float]] = ([], [])
    first()
    second()
    for index in range(rounds):
        order = (0, 1) if index % 2 == 0 else (1, 0)
        for which in order:
            started = CLOCK()
            (first, second)[which]()
            times[which].append(CLOCK() - started)
    return statistics.median(times[0]), statistics.median(times[1])


def time_shift_by_frame(
    actions: list[int], num_frames: int, bounds: tuple[float, ...]
) -> list[float]:
    """Time shifts of one class, frame by frame: the rule of section 3.1 in plain Python."""
    k1, k2, k3, k4 = bounds
    shifts = []
    for frame in range(num_frames):
        past = [frame - action for action in actions if action <= frame]
        future = [frame - action for action in actions if action > frame]
        if not actions:
            shifts.append(k1)
        elif not past:
            shifts.append(max(future))
        elif not future or min(past) < k3:
            shifts.append(min(past))
        else:
            after, before = min(past), max(future)
            in_transition = after < k4
            stays = in_transition and (
                before <= k1
                or (before <= k2 and (after - k3) / (k4 - k3) < (k2 - before) / (k2 - k1))
            )
            shifts.append(after if stays else before)
    return shifts


def bench_step(
    classes: ActionClasses, preset: str, num_spots: int, args: argparse.Namespace
) -> None:
    """Print the table of training steps."""
    random = np.random.default_rng(0)
    slicing = slicing_for(classes, preset=preset).frames(RATE)
    action_mask = np.zeros((args.batch, 240, len(classes)), dtype=bool)
    for chunk in action_mask:
        chunk[random.integers(0, 240, 4), random.integers(0, len(classes), 4)] = True
    shifts = torch.from_numpy(
        np.stack([time_shift_encoding(chunk, slicing) for chunk in action_mask])
    )
    spots = torch.from_numpy(encode_spots(action_mask, num_spots, border_mask(240, 40))[0])
    features = torch.randn(args.batch, 240, 512)
    bounds = torch.from_numpy(slicing).float()
    plan = TrainingPlan(LossConfig(), SamplingConfig(), TrainingConfig(), bounds, RATE)
    mask = torch.from_numpy(border_mask(240, 40))
    network = CalfNetwork(CalfArchitecture(num_classes=len(classes), num_spots=num_spots))
    literal = LiteralCalf(len(classes), num_spots)
    optimizer = torch.optim.AdamW(network.parameters(), lr=1e-3, eps=1e-7, weight_decay=0)
    literal_optimizer = torch.optim.Adam(literal.parameters(), lr=1e-3, eps=1e-7)

    def ours() -> None:
        loss = total_loss(
            network(features), shifts, spots, slicing_frames=bounds, mask=mask, plan=plan
        )
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()

    authors = LiteralCalf(len(classes), num_spots)
    authors_optimizer = torch.optim.Adam(authors.parameters(), lr=1e-3, eps=1e-7)

    def published() -> None:
        published_step(authors, authors_optimizer, (features, shifts, spots), bounds.T.unbind())

    def reference() -> None:
        literal_step(literal, literal_optimizer, features, shifts, spots, bounds)

    print(
        f"training step, batch {args.batch} x 240 x 512, C={len(classes)}, "
        f"{torch.get_num_threads()} threads"
    )
    literal_s, ours_s = in_turns(reference, ours, args.rounds)
    print(
        f"  literal {1000 * literal_s:8.1f} ms   ours {1000 * ours_s:8.1f} ms   "
        f"ratio {literal_s / ours_s:.2f}"
    )
    authors_s, ours_s = in_turns(published, ours, args.rounds)
    print(
        f"  authors {1000 * authors_s:8.1f} ms   ours {1000 * ours_s:8.1f} ms   "
        f"ratio {authors_s / ours_s:.2f}",
        flush=True,
    )
    if args.profile:
        print_bounds(ours, published, ours_s)
    if args.only_steps:
        return
    for mode in ("direct", "merged"):
        other = CalfNetwork(network.architecture, pyramid_mode=mode)
        fast = CalfNetwork(network.architecture, pyramid_mode="fft")

        def run(net: CalfNetwork) -> None:
            output = net(features)
            (output.scores.mean() + output.spots.mean()).backward()

        other_s, fft_s = in_turns(
            lambda net=other: run(net), lambda net=fast: run(net), args.rounds
        )
        left = f"  pyramid {mode:7s} {1000 * other_s:8.1f} ms   fft  {1000 * fft_s:8.1f} ms"
        print(f"{left}   ratio {other_s / fft_s:.2f} (forward and backward)")


KINDS = {
    "matrix products": ("mm", "addmm", "addmm_", "bmm", "baddbmm", "convolution"),
    "Fourier transforms": ("_fft_r2c", "_fft_c2r", "_fft_c2c"),
    "copies": ("copy_", "fill_"),
}
"""Names of torch's operators by what they do; all others work value by value."""


def print_bounds(ours: Callable[[], None], authors: Callable[[], None], ours_s: float) -> None:
    """Print the multiplications of both steps, and where ours spends its processor time."""
    flops = []
    for step in (ours, authors):
        with FlopCounterMode(display=False) as counter:
            step()
        flops.append(counter.get_total_flops() / 1e9)
    print(f"  products: ours {flops[0]:.1f} GFLOP, authors {flops[1]:.1f} GFLOP")

    with profile(activities=[ProfilerActivity.CPU]) as profiler:
        for _ in range(10):
            ours()
    times = {event.key: event.self_cpu_time_total for event in profiler.key_averages()}
    total = sum(times.values())
    for kind, names in KINDS.items():
        share = sum(times.get(f"aten::{name}", 0) for name in names) / total
        print(f"  {kind:20s} {100 * share:3.0f} %, about {1000 * share * ours_s:.0f} ms")


def bench_time_shift(args: argparse.Namespace) -> None:
    """Print the table of time-shift encoding."""
    random = np.random.default_rng(0)
    num_frames, actions = 5400, 10
    slicing = slicing_for(SOCCERNET_V2, preset="v2").frames(RATE)
    frames = [
        sorted(random.choice(num_frames, actions, replace=False).tolist()) for _ in SOCCERNET_V2
    ]
    flat = [(frame, column) for column, own in enumerate(frames) for frame in own]
    action_mask = action_frames(
        [frame for frame, _ in flat], [column for _, column in flat], num_frames, len(SOCCERNET_V2)
    )

    def loop() -> np.ndarray:
        columns = [
            time_shift_by_frame(own, num_frames, tuple(k))
            for own, k in zip(frames, slicing, strict=True)
        ]
        return np.array(columns, dtype=np.float32).T

    assert np.array_equal(loop(), time_shift_encoding(action_mask, slicing))
    loop_s, ours_s = in_turns(
        loop, lambda: time_shift_encoding(action_mask, slicing), max(3, args.rounds // 4)
    )
    print(
        f"time-shift encoding of a half ({num_frames} frames, 17 classes, {actions} actions each)"
    )
    print(
        f"  loop    {1000 * loop_s:8.1f} ms   ours {1000 * ours_s:8.2f} ms   "
        f"ratio {loop_s / ours_s:.0f}"
    )


def main() -> None:
    """Run all."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--processor", action="store_true", help="count processor time")
    parser.add_argument("--profile", action="store_true", help="say what bounds our step")
    parser.add_argument("--only-steps", action="store_true", help="leave out everything else")
    args = parser.parse_args()
    if args.processor:
        global CLOCK
        CLOCK = time.process_time
    if args.threads:
        torch.set_num_threads(args.threads)
    bench_step(SOCCERNET_V1, "v1", 5, args)
    bench_step(SOCCERNET_V2, "v2", 15, args)
    if not args.only_steps:
        bench_time_shift(args)


if __name__ == "__main__":
    main()
