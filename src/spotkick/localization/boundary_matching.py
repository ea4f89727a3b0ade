"""The boundary-matching layer of BMN: features of each candidate segment at fixed positions.

The layer is a product with a fixed mask of which 3 in 100 values differ from zero, so the mask is
kept sparse. `BoundaryMatching.convolve` goes further: the network applies a linear map to the
samples of each segment, and a linear map may be applied before sampling as well as after it. So the
tensor of all samples, 328 MB for one video at the paper's sizes, is not made.
"""

from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional

from spotkick.errors import ConfigError
from spotkick.localization.segment_grid import SegmentGrid


@dataclass(frozen=True, slots=True)
class SamplingMatrix:
    """The non-zero values of the sampling mask; those of one segment lie together.

    Attributes:
        segment: index of the segment in `SegmentGrid.cells`.
        point: sampling point, 0 to points - 1.
        step: step of the time axis that is read.
        weight: how much of it counts.
        points: sampling points of a segment, N.
    """

    segment: npt.NDArray[np.intp]
    point: npt.NDArray[np.intp]
    step: npt.NDArray[np.intp]
    weight: npt.NDArray[np.float64]
    points: int


def sampling_matrix(
    grid: SegmentGrid, *, points: int, samples_per_point: int, context_ratio: float
) -> SamplingMatrix:
    """Where each segment samples the time axis.

    A segment of d steps is extended by ``context_ratio * (d + 1)`` steps on both sides. ``points *
    samples_per_point`` positions are spread evenly over it, values between steps are interpolated
    linearly, those outside the axis are 0, and each point is the mean of its samples.

    Args:
        grid: the candidate segments.
        points: N.
        samples_per_point: positions that are averaged for each point.
        context_ratio: part of the length that is added before and after.

    Raises:
        ConfigError: if there is only one position.

    Source: BMN paper (Lin et al., ICCV 2019), section 3.2; extension and averaging as in JJBOY's
    PyTorch code.
    """
    if points < 1 or samples_per_point < 1 or points * samples_per_point < 2:
        raise ConfigError(
            f"at least 2 sampling positions are needed, got {points} points x {samples_per_point} "
            "samples"
        )

    # (segments, positions) on the time axis
    rows, starts = grid.cells()
    duration = rows + 1
    margin = (duration + 1) * context_ratio
    fraction = np.arange(points * samples_per_point) / (points * samples_per_point - 1)
    position = (starts - margin)[:, None] + (duration + 2 * margin)[:, None] * fraction

    # Each position lies between two steps, which share its weight.
    below = np.floor(position)
    share = position - below
    step = np.stack([below, below + 1], axis=-1).astype(np.intp)
    weight = np.stack([1 - share, share], axis=-1) / samples_per_point

    # Entries outside the axis or without weight are left out.
    used = (step >= 0) & (step < grid.num_steps) & (weight > 0)
    segment, sample, _ = np.nonzero(used)
    point = (sample // samples_per_point).astype(np.intp)
    entries = SamplingMatrix(segment, point, step[used], weight=weight[used], points=points)
    return _merge_entries(entries, grid.num_steps)


def _merge_entries(entries: SamplingMatrix, num_steps: int) -> SamplingMatrix:
    """The same matrix with one entry for each segment, point and step."""
    flat = (entries.segment * entries.points + entries.point) * num_steps + entries.step
    merged, inverse = np.unique(flat, return_inverse=True)
    weight = np.bincount(inverse, weights=entries.weight, minlength=len(merged)).astype(np.float64)
    rest, step = np.divmod(merged, num_steps)
    segment, point = np.divmod(rest, entries.points)
    return SamplingMatrix(segment, point, step, weight=weight, points=entries.points)


class _SumRows(torch.autograd.Function):
    """Sparse matrix times dense matrix; the gradient is the transposed one times a dense matrix."""

    @staticmethod
    def forward(ctx: Any, values: Tensor, matrix: "_SparseMatrix") -> Tensor:
        ctx.matrix = matrix
        return matrix.sum_rows(values, "direct")

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        return ctx.matrix.sum_rows(gradients[0].contiguous(), "transposed"), None


class _SparseMatrix(nn.Module):
    """A constant sparse matrix that follows its module to other devices and is no weight."""

    def __init__(
        self,
        rows: npt.NDArray[np.intp],
        columns: npt.NDArray[np.intp],
        weight: npt.NDArray[np.float64],
        shape: tuple[int, int],
    ) -> None:
        super().__init__()
        views = {
            "direct": (rows, columns, shape[0]),
            "transposed": (columns, rows, shape[1]),
        }

        # Compressed rows of the matrix and of its transpose, which the gradient needs
        for name, (first, second, size) in views.items():
            order = np.lexsort((second, first))
            ends = np.concatenate(([0], np.cumsum(np.bincount(first, minlength=size))))
            self.register_buffer(
                f"{name}_ends", torch.from_numpy(ends.astype(np.int64)), persistent=False
            )
            self.register_buffer(
                f"{name}_columns",
                torch.from_numpy(second[order].astype(np.int64)),
                persistent=False,
            )
            self.register_buffer(
                f"{name}_weight", torch.from_numpy(weight[order]), persistent=False
            )

    def sum_rows(self, values: Tensor, name: str) -> Tensor:
        """The matrix, or its transpose, times ``values``.

        Embedding bags do this 2 to 3 times faster than sparse tensors.
        """
        ends, columns, weight = (
            self.get_buffer(f"{name}_{part}") for part in ("ends", "columns", "weight")
        )
        return functional.embedding_bag(
            columns,
            values,
            ends,
            mode="sum",
            per_sample_weights=weight.to(values.dtype),
            include_last_offset=True,
        )

    def forward(self, values: Tensor) -> Tensor:
        """This matrix times a dense one; half precision is widened."""
        exact = values if values.dtype == torch.float64 else values.float()
        product = _SumRows.apply(exact.contiguous(), self)  # type: ignore[no-untyped-call]
        return cast("Tensor", product)


class BoundaryMatching(nn.Module):
    """Samples of every candidate segment, and products of them with a kernel."""

    def __init__(
        self,
        grid: SegmentGrid,
        *,
        points: int = 32,
        samples_per_point: int = 3,
        context_ratio: float = 0.5,
    ) -> None:
        """Args: see `sampling_matrix`."""
        super().__init__()
        self.grid, self.points = grid, points
        entries = sampling_matrix(
            grid, points=points, samples_per_point=samples_per_point, context_ratio=context_ratio
        )
        rows, starts = grid.cells()
        self.num_segments = len(rows)
        cells = torch.from_numpy(rows * grid.num_steps + starts)
        self.register_buffer("cells", cells, persistent=False)

        # The sampling mask by itself: (segments * points, steps)
        sample = entries.segment * points + entries.point
        shape = (self.num_segments * points, grid.num_steps)
        self.samples = _SparseMatrix(sample, entries.step, entries.weight, shape)

        # The mask behind a linear map of each point: (segments, points * steps)
        read = entries.point * grid.num_steps + entries.step
        shape = (self.num_segments, points * grid.num_steps)
        self.sums = _SparseMatrix(entries.segment, read, entries.weight, shape)

    def forward(self, features: Tensor) -> Tensor:
        """Sample all segments: the BM layer by itself.

        Args:
            features: (batch, channels, steps).

        Returns:
            (segments, points, batch, channels), segments in the order of `SegmentGrid.cells`.

        Source: BMN paper, section 3.2.
        """
        batch, channels, steps = features.shape
        sampled: Tensor = self.samples(features.permute(2, 0, 1).reshape(steps, batch * channels))
        return sampled.reshape(self.num_segments, self.points, batch, channels)

    def convolve(self, features: Tensor, kernel: Tensor) -> Tensor:
        """Take all samples of a segment to one vector, without making the samples.

        Args:
            features: (batch, channels, steps).
            kernel: (out_channels, channels, points).

        Returns:
            (segments, batch, out_channels): the sum of kernel x samples over channels and points.
            BMN has a Conv3d here, with a kernel of (points, 1, 1).
        """
        batch, _, steps = features.shape
        # A matrix product per point first: (points * steps) x (batch * out_channels) values, then
        # one sparse sum per segment.
        mapped = torch.einsum("bct,ocn->ntbo", features, kernel).reshape(self.points * steps, -1)
        return cast("Tensor", self.sums(mapped)).reshape(self.num_segments, batch, -1)

    def scatter(self, rows: Tensor, fill_value: Tensor) -> Tensor:
        """Scatter one vector per segment into a map.

        Args:
            rows: (segments, batch, channels).
            fill_value: (channels,), value of the cells that are no segment.

        Returns:
            (batch, channels, durations, starts).
        """
        # (durations * starts, batch, channels) of the fill value, then the segments
        _, batch, channels = rows.shape
        durations, steps = self.grid.max_duration_steps, self.grid.num_steps
        empty = fill_value.to(rows.dtype).expand(durations * steps, batch, channels)
        flat = empty.index_copy(0, self.get_buffer("cells"), rows)
        return flat.permute(1, 2, 0).reshape(batch, channels, durations, steps)
