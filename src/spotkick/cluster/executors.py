"""Where items are done: in this process, or in several processes of this machine.

A third executor, for Dask clusters, is in `spotkick.cluster.dask_executor`.
"""

import multiprocessing
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from typing import Protocol, TypeVar

from spotkick.cluster.work import Outcome, Work, WorkItem, run_in_worker, run_item
from spotkick.processes import end_with_parent
from spotkick.reporter import Reporter
from spotkick.version import VERSION

R = TypeVar("R")


class Executor(Protocol):
    """Does items somewhere."""

    @property
    def workers(self) -> int:
        """How many items are done at the same time; 1 means in this process."""
        ...

    def run(
        self, work: Work[R], items: Sequence[WorkItem], reporter: Reporter, *, alone: bool
    ) -> Iterator[Outcome[R]]:
        """Do all items, and pass their outcomes on as they come.

        Args:
            work: what is done.
            items: with names of their own.
            reporter: shows how far items of this process are.
            alone: one item at a time, in order, as one of them kills its process. An item that is
                lost then is the one; those without an outcome are still to be done.
        """
        ...


class SerialExecutor:
    """One item after the other, in this process."""

    workers = 1

    def run(
        self, work: Work[R], items: Sequence[WorkItem], reporter: Reporter, *, alone: bool
    ) -> Iterator[Outcome[R]]:
        """Do all items; errors while the work is opened are raised."""
        del alone
        run = work.open(reporter)
        for item in items:
            yield run_item(work, run, item, reporter)


class ProcessExecutor:
    """Several processes of this machine, which end with this one."""

    def __init__(self, workers: int) -> None:
        """Use so many processes."""
        self.workers = workers

    def run(
        self, work: Work[R], items: Sequence[WorkItem], reporter: Reporter, *, alone: bool
    ) -> Iterator[Outcome[R]]:
        """Do all items; a process that dies takes all that was not finished with it."""
        del reporter
        left = {item.name: None for item in items}
        with _open_pool(1 if alone else min(self.workers, len(items))) as pool:
            for outcome in _collect_outcomes(pool, work, items):
                del left[outcome.item]
                yield outcome

        # In order, the first that is left is the one that the process died of.
        for name in list(left)[: 1 if alone else None]:
            yield Outcome(name, "lost")


def _collect_outcomes(
    pool: ProcessPoolExecutor, work: Work[R], items: Sequence[WorkItem]
) -> Iterator[Outcome[R]]:
    """Outcomes in the order in which they come, until a process dies."""
    futures: list[Future[Outcome[R]]] = []
    with suppress(BrokenProcessPool):
        futures.extend(pool.submit(run_in_worker, work, item, VERSION) for item in items)
    for future in as_completed(futures):
        with suppress(BrokenProcessPool):
            yield future.result()


@contextmanager
def _open_pool(workers: int) -> Iterator[ProcessPoolExecutor]:
    """A pool whose waiting items are given up when the caller fails."""
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(workers, context, initializer=end_with_parent)
    try:
        yield pool
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
