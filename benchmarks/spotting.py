"""Spotting a whole match from features: ONNX Runtime against torch, in turns in one run.

A match is two halves of 5,400 x 512. The network is the paper's, with random weights: only the time
matters here.
"""

import argparse
import statistics
import tempfile
import time
from fractions import Fraction
from pathlib import Path

import numpy as np
import torch

from spotkick.actions import SOCCERNET_V1, SOCCERNET_V2, ActionClasses
from spotkick.checkpoint import DecodingConfig
from spotkick.features.tracks import read_track, write_track
from spotkick.models import CalfArchitecture, CalfNetwork
from spotkick.models.loading import network_files, torch_runner
from spotkick.prediction import ChunkNetwork, ChunkOutput, OnnxNetwork, SpottingSetup, spot_match


def bench(classes: ActionClasses, num_spots: int, folder: Path, args: argparse.Namespace) -> None:
    """Print one row."""
    sizes = CalfArchitecture(num_classes=len(classes), num_spots=num_spots)
    network = CalfNetwork(sizes).eval()
    setup = SpottingSetup(
        classes,
        Fraction(2),
        sizes.chunk_frames,
        border_frames=sizes.border_frames,
        pad_period=False,
        decoding=DecodingConfig(),
    )
    runners: dict[str, ChunkNetwork] = {
        "onnx": OnnxNetwork(network_files(network)["model.onnx"], threads=args.threads),
        "torch": torch_runner(network, ChunkOutput),
    }
    times: dict[str, list[float]] = {name: [] for name in runners}
    for index in range(args.rounds + 1):
        for name in list(runners) if index % 2 else list(runners)[::-1]:
            started = time.perf_counter()
            tracks = {period: read_track(folder / f"{period}_features.npy") for period in (1, 2)}
            spot_match(runners[name], tracks, setup, "match")
            if index:
                times[name].append(time.perf_counter() - started)
    onnx_s, torch_s = (statistics.median(times[name]) for name in ("onnx", "torch"))
    print(f"| {len(classes)} | {onnx_s:.3f} | {torch_s:.3f} | {torch_s / onnx_s:.2f} |")


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--threads", type=int, default=0)
    args = parser.parse_args()
    if args.threads:
        torch.set_num_threads(args.threads)
    print(
        f"seconds for a match of 2 x 5,400 frames, medians of {args.rounds}, "
        f"{torch.get_num_threads()} threads"
    )
    print("| classes | ONNX Runtime | torch | ratio |\n|---|---|---|---|")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for period in (1, 2):
            values = np.random.default_rng(period).standard_normal((5400, 512)).astype(np.float16)
            write_track(values, folder / f"{period}_features.npy")
        bench(SOCCERNET_V1, 5, folder, args)
        bench(SOCCERNET_V2, 15, folder, args)


if __name__ == "__main__":
    main()
