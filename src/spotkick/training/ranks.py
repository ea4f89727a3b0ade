"""Several processes that train one network: ``torchrun --nproc-per-node N -m spotkick train …``.

Every rank draws the same epoch and takes its share of each batch. Gradients, losses and the
statistics of batch normalisation are those of whole batches, so that any number of ranks trains as
one does, up to rounding and to dropout inside a network: one process is the case of a single rank.
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, Final, NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, distributed, nn

from spotkick.errors import ConfigError

Item = TypeVar("Item")
Row = TypeVar("Row", bound=np.generic)

TIMEOUT: Final = timedelta(minutes=10)
"""A rank that waits for another one for so long gives up."""


class Ranks(NamedTuple):
    """The processes of a training, seen by one of them.

    Attributes:
        rank: of this process; the first one is 0, and writes.
        size: number of processes.
    """

    rank: int = 0
    size: int = 1

    @property
    def is_first(self) -> bool:
        """Whether this process writes, and reports."""
        return self.rank == 0

    @property
    def are_many(self) -> bool:
        """Whether there is anything to add up."""
        return self.size > 1

    def share(self, rows: npt.NDArray[Row]) -> npt.NDArray[Row]:
        """This rank's rows of an array that all ranks have."""
        return rows[self.rank :: self.size]

    def add_up(self, values: Tensor) -> Tensor:
        """The sum over the ranks, in place; no gradient flows through it."""
        if self.are_many:
            distributed.all_reduce(values)
        return values

    def take_extremes(self, low: Tensor, high: Tensor) -> tuple[Tensor, Tensor]:
        """Least and greatest values over the ranks, in place."""
        if self.are_many:
            distributed.all_reduce(low, distributed.ReduceOp.MIN)
            distributed.all_reduce(high, distributed.ReduceOp.MAX)
        return low, high

    def add_up_gradients(self, parameters: Sequence[nn.Parameter]) -> None:
        """The gradients of whole batches, from those of the shares."""
        if not self.are_many:
            return
        gradients = [own.grad for own in parameters if own.grad is not None]
        flat = torch.cat([gradient.flatten() for gradient in gradients])
        distributed.all_reduce(flat)
        parts = torch.split(flat, [gradient.numel() for gradient in gradients])
        for gradient, part in zip(gradients, parts, strict=True):
            gradient.copy_(part.view_as(gradient))

    def merge(self, own: Sequence[Item], count: int) -> list[Item]:
        """All ranks' results in the order of the whole, from those of each `share`.

        Args:
            own: results of this rank's share, which can be pickled among the ranks.
            count: of all.
        """
        if not self.are_many:
            return list(own)
        found: list[Any] = [None] * self.size
        distributed.all_gather_object(found, list(own))
        return [found[index % self.size][index // self.size] for index in range(count)]

    def wait(self) -> None:
        """Go on when all ranks are here."""
        if self.are_many:
            distributed.barrier()


def current_ranks() -> Ranks:
    """The ranks that this process belongs to; a single one outside `join_ranks`."""
    if distributed.is_available() and distributed.is_initialized():
        return Ranks(distributed.get_rank(), distributed.get_world_size())
    return Ranks()


@contextmanager
def join_ranks() -> Iterator[Ranks]:
    """Join the processes that torchrun has started; without torchrun there is one.

    Each process takes the GPU of its place on its machine.
    """
    if int(os.environ.get("WORLD_SIZE", "1")) < 2 or distributed.is_initialized():
        yield current_ranks()
        return

    backend = "gloo"
    if torch.cuda.is_available():
        torch.cuda.set_device(int(os.environ.get("LOCAL_RANK", "0")))
        backend = "cpu:gloo,cuda:nccl"
    distributed.init_process_group(backend, timeout=TIMEOUT)
    try:
        yield current_ranks()
    finally:
        distributed.destroy_process_group()


def require_single_rank(purpose: str) -> None:
    """Refuse what several ranks cannot do together.

    Raises:
        ConfigError: if there are several, here or in torchrun's variables.
    """
    size = max(current_ranks().size, int(os.environ.get("WORLD_SIZE", "1")))
    if size > 1:
        raise ConfigError(f"{purpose} runs in one process, got {size} ranks; start it without them")


class _SumOverRanks(torch.autograd.Function):
    """The sum over the ranks, whose gradient is the sum over the ranks, too."""

    @staticmethod
    def forward(ctx: Any, values: Tensor) -> Tensor:
        del ctx
        summed = values.clone()
        distributed.all_reduce(summed)
        return summed

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Tensor:
        del ctx
        summed = grad.clone()
        distributed.all_reduce(summed)
        return summed


class RanksBatchNorm1d(nn.BatchNorm1d):
    """Batch normalisation with the statistics of the batch of all ranks.

    The weights have the names of `torch.nn.BatchNorm1d`. torch's own ``SyncBatchNorm`` needs GPUs.
    """

    def forward(self, values: Tensor) -> Tensor:
        """Normalise (batch, channels) or (batch, channels, frames)."""
        if not self.training or not current_ranks().are_many:
            return super().forward(values)

        # Count, mean and variance over all ranks; a rank may have no chunk.
        axes = [axis for axis in range(values.ndim) if axis != 1]
        shape = [1, -1, *(1,) * (values.ndim - 2)]
        own = values.new_tensor(values.numel() // values.shape[1])
        count = current_ranks().add_up(own)
        mean = _sum_over_ranks(values.sum(axes)) / count
        centred = values - mean.view(shape)
        variance = _sum_over_ranks((centred**2).sum(axes)) / count

        self._follow(mean.detach(), variance.detach(), count)
        scale = (self.weight / torch.sqrt(variance + self.eps)).view(shape)
        return centred * scale + self.bias.view(shape)

    @torch.no_grad()
    def _follow(self, mean: Tensor, variance: Tensor, count: Tensor) -> None:
        """Moving statistics as torch keeps them, with the unbiased variance."""
        if self.running_mean is None or self.running_var is None or self.momentum is None:
            return
        if self.num_batches_tracked is not None:
            self.num_batches_tracked.add_(1)
        self.running_mean.lerp_(mean, self.momentum)
        self.running_var.lerp_(variance * count / (count - 1), self.momentum)


def _sum_over_ranks(values: Tensor) -> Tensor:
    summed: Tensor = _SumOverRanks.apply(values)  # type: ignore[no-untyped-call]  # torch leaves it untyped
    return summed


def share_batch_statistics(network: nn.Module) -> None:
    """Make batch normalisation see whole batches, in place; only where there are several ranks."""
    if not current_ranks().are_many:
        return
    for module in network.modules():
        if type(module) is nn.BatchNorm1d:
            module.__class__ = RanksBatchNorm1d
