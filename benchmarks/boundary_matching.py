"""The sparse boundary-matching layer beside the dense product of the public code, in one run.

Sizes are the paper's.

    OMP_NUM_THREADS=1 python benchmarks/boundary_matching.py

Medians over ``--repeats`` rounds; the contenders take turns, in both orders. Memory is what each
contender allocates at least: its mask, and the tensors between input and result.
"""

import argparse
import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from spotkick.localization.boundary_matching import BoundaryMatching, sampling_matrix
from spotkick.localization.segment_grid import SegmentGrid

CHANNELS, OUT_CHANNELS = 256, 512
MEGABYTE = 1e6


def dense_mask(grid: SegmentGrid, points: int) -> Tensor:
    """(steps, points * durations * steps), what the public code keeps."""
    entries = sampling_matrix(grid, points=points, samples_per_point=3, context_ratio=0.5)
    rows, starts = grid.cells()
    mask = np.zeros(
        (grid.num_steps, points, grid.max_duration_steps, grid.num_steps), dtype=np.float32
    )
    mask[entries.step, entries.point, rows[entries.segment], starts[entries.segment]] = (
        entries.weight
    )
    return torch.from_numpy(mask.reshape(grid.num_steps, -1))


def median_seconds(contenders: dict[str, Callable[[], Any]], repeats: int) -> dict[str, float]:
    """Median time of each contender; the order is reversed in every other round."""
    taken: dict[str, list[float]] = {name: [] for name in contenders}
    for run in contenders.values():
        run()
    for round_number in range(repeats):
        for name in list(contenders)[:: 1 if round_number % 2 else -1]:
            begun = time.perf_counter()
            contenders[name]()
            taken[name].append(time.perf_counter() - begun)
    return {name: statistics.median(times) for name, times in taken.items()}


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--steps", type=int, default=100)
    parser.add_argument("--points", type=int, default=32)
    parser.add_argument("--videos", type=int, default=1)
    parser.add_argument("--repeats", type=int, default=6)
    args = parser.parse_args()
    torch.manual_seed(0)
    grid = SegmentGrid(args.steps, args.steps)
    layer = BoundaryMatching(grid, points=args.points)
    mask = dense_mask(grid, args.points)
    features = torch.rand(args.videos, CHANNELS, args.steps) - 0.5
    kernel = (torch.rand(OUT_CHANNELS, CHANNELS, args.points) - 0.5) / CHANNELS
    shape = (args.videos, CHANNELS, args.points, args.steps, args.steps)

    def dense() -> Tensor:
        return torch.matmul(features, mask).reshape(shape)

    def dense_convolved() -> Tensor:
        return torch.nn.functional.conv3d(dense(), kernel[..., None, None])

    def sparse_convolved() -> Tensor:
        return layer.scatter(layer.convolve(features, kernel), torch.zeros(OUT_CHANNELS))

    with torch.inference_mode():
        rows, starts = (torch.from_numpy(index) for index in grid.cells())
        samples = layer(features).permute(2, 3, 1, 0)
        print(
            "largest difference of the samples: "
            f"{(dense()[:, :, :, rows, starts] - samples).abs().max():.1e}"
        )
        print(
            "largest difference after the convolution: "
            f"{(dense_convolved().squeeze(2) - sparse_convolved()).abs().max():.1e}"
        )
        taken = median_seconds(
            {
                "dense": dense,
                "sparse": lambda: layer(features),
                "dense+conv": dense_convolved,
                "sparse+conv": sparse_convolved,
            },
            args.repeats,
        )
    sample_bytes = 4 * args.videos * CHANNELS * args.points
    result_bytes = 4 * args.videos * OUT_CHANNELS
    parts = [part.numel() * part.element_size() for part in layer.buffers()]
    sparse_mask = sum(parts) / 2  # the layer holds two sparse masks, one for each way of using it
    memory = {
        "dense": 4 * mask.numel() + sample_bytes * args.steps**2,
        "sparse": sparse_mask + sample_bytes * layer.num_segments,
        "dense+conv": 4 * mask.numel() + (sample_bytes + result_bytes) * args.steps**2,
        "sparse+conv": sparse_mask
        + result_bytes * (2 * args.points * args.steps + layer.num_segments + args.steps**2),
    }
    print("| what | median s | times faster | memory MB |")
    print("|---|---|---|---|")
    for name, seconds in taken.items():
        faster = taken["dense+conv" if name.endswith("+conv") else "dense"] / seconds
        print(f"| {name} | {seconds:.3f} | {faster:.1f} | {memory[name] / MEGABYTE:.0f} |")


if __name__ == "__main__":
    main()
