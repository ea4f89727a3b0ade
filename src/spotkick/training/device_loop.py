"""Epochs of a training set that lives on the device: no loader, no wait per step, CUDA graphs.

On CUDA the launches of a few hundred small kernels cost more than the kernels, so a whole step
(gathering, forward, loss, backward, optimiser) is recorded once per batch size and replayed. On
other devices the same steps run one kernel at a time.
"""

import math
import warnings
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple, Protocol

import numpy as np
import torch
from torch import Tensor

from spotkick.errors import SpotkickWarning
from spotkick.models.spotter import SpotterArchitecture
from spotkick.training.device_data import DeviceData
from spotkick.training.mixup import MixupDraws
from spotkick.training.sampling import ChunkIndex

WARM_UP_STEPS: Final = 3
"""Steps of a batch size that run without a graph, so that libraries settle before it is
recorded."""

MOST_GRAPHS: Final = 16
"""Batch sizes that have a graph; further ones run without."""

WAIT_STEPS: Final = 128
"""Steps between two waits for the device, which show the loss and find out whether it is finite."""


class StepLosses(NamedTuple):
    """What a step computes before the weights are updated.

    Attributes:
        loss: (), with its gradient; this rank's part of the mean over the batch.
        value: (), the loss of the whole batch.
        scores: (), how far scores differ from chunk to chunk.
        logits: (), how far logits do.
        compute_again: computes the loss at other weights, for steps that need two gradients.
    """

    loss: Tensor
    value: Tensor
    scores: Tensor
    logits: Tensor
    compute_again: Callable[[], Tensor] | None = None


class DeviceStep(Protocol):
    """A step whose parts never wait for the device."""

    def losses_of(
        self, features: Tensor, shifts: Tensor, spots: Tensor, draws: MixupDraws | None
    ) -> StepLosses:
        """Forward pass and loss of a batch."""

    def update(self, found: StepLosses) -> None:
        """Backward pass, and update of the weights."""


class DeviceEpoch(NamedTuple):
    """Results of an epoch.

    Attributes:
        losses: of each step.
        scores: how far scores differ from chunk to chunk, at most.
        logits: how far logits do.
        dropped: actions that did not fit into the spots of their chunk.
        most_dropped: the most of them in one chunk.
    """

    losses: list[float]
    scores: float
    logits: float
    dropped: int
    most_dropped: int


class _Tables:
    """What the steps of an epoch read and write, at places in memory that stay the same."""

    def __init__(self, rows: Tensor, spots: Tensor, steps: int) -> None:
        device = rows.device
        self.rows, self.spots = torch.empty_like(rows), torch.empty_like(spots)
        self.shares, self.places = torch.zeros((2, len(rows)), device=device).unbind()
        self.losses = torch.empty(steps, device=device)
        self.scores, self.logits = torch.zeros((2,), device=device).unbind()
        self.first_chunk, self.step = torch.zeros((2, 1), dtype=torch.long, device=device).unbind()

    def fits(self, rows: Tensor, steps: int) -> bool:
        return len(rows) <= len(self.rows) and steps <= len(self.losses)

    def begin(self, rows: Tensor, spots: Tensor, draws: Sequence[MixupDraws]) -> None:
        self.rows[: len(rows)] = rows
        self.spots[: len(spots)] = spots
        if draws:
            self.shares[: len(rows)] = torch.cat([own.shares for own in draws])
            self.places[: len(rows)] = torch.cat([own.places for own in draws])
        for counter in (self.scores, self.logits, self.first_chunk, self.step):
            counter.zero_()

    def draws(self, chunks: Tensor) -> MixupDraws:
        return MixupDraws(self.shares[chunks], self.places[chunks])


class DeviceLoop:
    """Runs the epochs of a training on the data of a device."""

    def __init__(
        self,
        data: DeviceData,
        step: DeviceStep,
        *,
        sizes: SpotterArchitecture,
        generators: Sequence[torch.Generator] = (),
        use_graphs: bool = True,
        compile_step: bool = False,
    ) -> None:
        """Prepare.

        Args:
            data: the training set.
            step: of the network.
            sizes: of the network.
            generators: that the step draws from on the device.
            use_graphs: replay recorded steps where the device is CUDA.
            compile_step: compile gathering, forward pass and loss with torch.compile.
        """
        self._data, self._step, self._sizes = data, step, sizes
        self._is_mixed = False
        self._tables: _Tables | None = None
        self._places = torch.arange(0, device=data.features.device)

        compute = self._losses_of_rows
        self._compute: Callable[[Tensor, Tensor, MixupDraws | None], StepLosses] = (
            torch.compile(compute, dynamic=False) if compile_step else compute
        )
        has_graphs = use_graphs and data.features.device.type == "cuda"
        self._graphs = _StepGraphs(self._advance, generators) if has_graphs else None

    def run_epoch(
        self,
        batches: Sequence[ChunkIndex],
        draws: Sequence[MixupDraws | None],
        before_step: Callable[[int], None],
        after_step: Callable[[int, float], None],
    ) -> DeviceEpoch:
        """Train on the batches of an epoch.

        Args:
            batches: of `spotkick.training.sampling.epoch_batches`.
            draws: random numbers of mixup for each batch; None without mixup.
            before_step: called with the index of each step.
            after_step: called now and then with the steps done and the latest loss; raises to stop.
        """
        epoch = self._data.epoch(
            np.concatenate(batches),
            chunk_frames=self._sizes.chunk_frames,
            border_frames=self._sizes.loss_border_frames,
            num_spots=self._sizes.num_spots,
        )
        mixed = [own for own in draws if own is not None]
        self._is_mixed = bool(mixed)

        # Graphs read and write fixed places, and are recorded again when an epoch outgrows them.
        if self._tables is None or not self._tables.fits(epoch.rows, len(batches)):
            self._tables = _Tables(epoch.rows, epoch.spots, len(batches))
            longest = max(map(len, batches))
            self._places = torch.arange(longest, device=epoch.rows.device)
            if self._graphs is not None:
                self._graphs.clear()
        self._tables.begin(epoch.rows, epoch.spots, mixed)

        advance = self._advance if self._graphs is None else self._graphs
        for index, batch in enumerate(batches):
            before_step(index)
            advance(len(batch))
            if (index + 1) % WAIT_STEPS == 0 or index + 1 == len(batches):
                self._wait_for_losses(index + 1, after_step)

        return DeviceEpoch(
            self._tables.losses[: len(batches)].tolist(),
            scores=float(self._tables.scores),
            logits=float(self._tables.logits),
            dropped=epoch.dropped,
            most_dropped=epoch.most_dropped,
        )

    def _wait_for_losses(self, steps: int, after_step: Callable[[int, float], None]) -> None:
        """Wait for the device, and pass on the first loss that is not finite, or the latest."""
        assert self._tables is not None  # noqa: S101  # made at the start of the epoch
        recent = self._tables.losses[max(steps - WAIT_STEPS, 0) : steps].tolist()
        shown = next((loss for loss in recent if not math.isfinite(loss)), recent[-1])
        after_step(steps, shown)

    def _advance(self, size: int) -> None:
        """One step on the next ``size`` chunks; every number that changes lies on the device."""
        tables = self._tables
        assert tables is not None  # noqa: S101  # made at the start of the epoch
        chunks = tables.first_chunk + self._places[:size]
        draws = tables.draws(chunks) if self._is_mixed else None
        found = self._compute(tables.rows[chunks], tables.spots[chunks], draws)
        self._step.update(found)

        # What the epoch is judged by.
        tables.losses.index_copy_(0, tables.step, found.value.float()[None])
        torch.maximum(tables.scores, found.scores.float(), out=tables.scores)
        torch.maximum(tables.logits, found.logits.float(), out=tables.logits)
        tables.first_chunk += size
        tables.step += 1

    def _losses_of_rows(self, rows: Tensor, spots: Tensor, draws: MixupDraws | None) -> StepLosses:
        features, shifts = self._data.gather(rows, self._sizes.chunk_frames)
        return self._step.losses_of(features, shifts, spots, draws)


class _StepGraphs:
    """A recorded step for each batch size; the first steps of a size run as they are."""

    def __init__(
        self, advance: Callable[[int], None], generators: Sequence[torch.Generator]
    ) -> None:
        self._advance, self._generators = advance, generators
        self._stream = torch.cuda.Stream()  # type: ignore[no-untyped-call]  # torch leaves it untyped
        self._pool = torch.cuda.graph_pool_handle()
        self._graphs: dict[int, torch.cuda.CUDAGraph] = {}
        self._seen: Counter[int] = Counter()
        self._is_broken = False

    def clear(self) -> None:
        """Forget what was recorded."""
        self._graphs.clear()
        self._seen.clear()

    def __call__(self, size: int) -> None:
        if size not in self._graphs and self._may_record(size):
            self._record(size)
        graph = self._graphs.get(size)
        if graph is not None:
            graph.replay()
            return

        # On a stream of its own, where torch wants it before a recording.
        self._seen[size] += 1
        current = torch.cuda.current_stream()
        self._stream.wait_stream(current)
        with torch.cuda.stream(self._stream):
            self._advance(size)
        current.wait_stream(self._stream)

    def _may_record(self, size: int) -> bool:
        has_room = len(self._graphs) < MOST_GRAPHS
        return has_room and not self._is_broken and self._seen[size] >= WARM_UP_STEPS

    def _record(self, size: int) -> None:
        graph = torch.cuda.CUDAGraph()
        for generator in self._generators:
            graph.register_generator_state(generator)
        torch.cuda.synchronize()
        try:
            with torch.cuda.graph(graph, pool=self._pool, stream=self._stream):
                self._advance(size)
        except RuntimeError as error:
            self._is_broken = True
            message = (
                f"steps run without CUDA graphs, several times slower: {str(error).splitlines()[0]}"
            )
            warnings.warn(message, SpotkickWarning, stacklevel=2)
            return
        self._graphs[size] = graph
