"""Items on the workers of a Dask cluster: of this machine, of a scheduler, or of Slurm jobs."""

import queue
import time
from collections import deque
from collections.abc import Iterator, Sequence
from threading import Timer
from typing import Any, Final, TypeVar

from spotkick.cluster.work import Outcome, Work, WorkItem, run_in_worker
from spotkick.errors import ClusterError
from spotkick.reporter import Reporter
from spotkick.version import VERSION

R = TypeVar("R")

_POLL_S: Final = 2.0
_AHEAD: Final = 2
"""Items that are handed out for each worker, so that none waits for the next one."""

_SHORT_S: Final = 0.2
_AHEAD_SHORT: Final = 16
"""Of short items more are handed out, as the way to a worker takes longer than they do."""


class DaskExecutor:
    """Workers of a scheduler, as many as there are at the moment.

    No more items are handed out than workers can begin soon: when this process dies, they stay
    undone, and a worker that dies costs few.
    """

    def __init__(self, client: Any, *, workers: int, patience_s: float | None) -> None:
        """Work through a client.

        Args:
            client: connected.
            workers: how many are expected.
            patience_s: how long there may be no worker; None for ever, as jobs may be queued.
        """
        self.workers, self._client, self._patience_s = workers, client, patience_s

    def run(
        self, work: Work[R], items: Sequence[WorkItem], reporter: Reporter, *, alone: bool
    ) -> Iterator[Outcome[R]]:
        """Do all items; one whose worker dies too often is lost.

        Raises:
            ClusterError: if the scheduler is gone, or there are no workers for too long.
        """
        waiting, running = deque(items), dict[str, tuple[Any, WorkItem]]()
        ready: queue.SimpleQueue[str] = queue.SimpleQueue()
        watch = _Watch(self._client, self._patience_s, reporter)
        ahead = _AHEAD
        try:
            while waiting or running:
                threads = watch.count_threads()
                room = min(1, threads) if alone else ahead * threads
                # A message of many short items costs little more than that of one.
                least = room if ahead == _AHEAD else room // 2 + 1
                count = min(len(waiting), room - len(running)) if len(running) < least else 0
                own = [waiting.popleft() for _ in range(count)]
                for future, item in zip(self._submit_items(work, own), own, strict=True):
                    running[future.key] = future, item
                    _wait_for(future, ready)

                # Short items come in numbers, and are fetched together.
                ended = [running[key] for key in _take_ready(ready) if key in running]
                for future, outcome in self._fetch_outcomes(ended):
                    if outcome is None:
                        _wait_again(future, ready)
                        continue
                    del running[future.key]
                    ahead = _AHEAD if outcome.seconds > _SHORT_S else _AHEAD_SHORT
                    yield outcome
                    if alone and outcome.state == "lost":
                        return
        finally:
            if running and self._client.status == "running":
                self._client.cancel([future for future, _ in running.values()], force=True)

    def _submit_items(self, work: Work[R], items: Sequence[WorkItem]) -> Sequence[Any]:
        """Futures of items, in their order."""
        count, now = len(items), time.monotonic_ns()
        keys = [f"{work.title}-{work.token}-{item.name}-{now}" for item in items]
        columns = ([work] * count, items, [VERSION] * count)
        return self._client.map(run_in_worker, *columns, key=keys, pure=False) if items else []

    def _fetch_outcomes(
        self, ended: Sequence[tuple[Any, WorkItem]]
    ) -> Iterator[tuple[Any, Outcome[Any] | None]]:
        """Outcomes of items that ended; None where the result died with its worker.

        Dask makes such a result again.
        """
        finished = [future for future, _ in ended if future.status == "finished"]
        known: dict[str, Outcome[Any]] = {}
        if len(finished) > 1:
            # What cannot be fetched is left out, and asked for again alone.
            try:
                gathered = self._client.gather(finished, errors="skip")
            except Exception as error:
                raise _report_loss() from error
            if len(gathered) == len(finished):
                known = dict(zip((future.key for future in finished), gathered, strict=True))
        for future, item in ended:
            yield future, known.get(future.key) or _read_outcome(future, item)


def _wait_for(future: Any, ready: "queue.SimpleQueue[str]") -> None:
    """Have the key of a future put into a queue when its item ends."""
    future.add_done_callback(lambda done: ready.put(done.key))


def _wait_again(future: Any, ready: "queue.SimpleQueue[str]") -> None:
    """Look at a future again in a moment, as Dask tells nothing of results that are made again."""
    Timer(_POLL_S, ready.put, (future.key,)).start()


def _take_ready(ready: "queue.SimpleQueue[str]") -> list[str]:
    """Keys that are there; after a short wait none, so that a cluster that is gone is noticed."""
    keys: dict[str, None] = {}
    try:
        keys[ready.get(timeout=_POLL_S)] = None
        while True:
            keys[ready.get_nowait()] = None
    except queue.Empty:
        return list(keys)


def _read_outcome(future: Any, item: WorkItem) -> Outcome[Any] | None:
    from distributed import KilledWorker

    if future.status in ("lost", "pending"):
        return None
    if future.status == "cancelled":
        raise _report_loss()
    try:
        outcome: Outcome[Any] = future.result()
    except KilledWorker:
        return Outcome(item.name, "lost")
    except Exception as error:
        # An outcome holds all errors of the item itself; this one is of the cluster.
        reason = " ".join(str(error).split()) or type(error).__name__
        raise ClusterError(
            f"{item.name}: the cluster failed: {reason}; what is done stays done, go on with "
            "--resume"
        ) from error
    return outcome


class _Watch:
    """Counts the threads of all workers now and then, and notices when there are none."""

    def __init__(self, client: Any, patience_s: float | None, reporter: Reporter) -> None:
        self._client, self._patience_s, self._reporter = client, patience_s, reporter
        self._threads, self._looked, self._seen = 0, -_POLL_S, time.monotonic()
        self._has_warned = False

    def count_threads(self) -> int:
        now = time.monotonic()
        if self._client.status != "running":
            raise _report_loss()
        if now - self._looked < _POLL_S and self._threads:
            return self._threads

        # One request, every few seconds
        try:
            by_worker: dict[str, int] = self._client.nthreads()
        except Exception as error:
            raise _report_loss() from error
        self._threads, self._looked = len(by_worker), now
        if by_worker:
            self._seen = now
        self._check_workers(by_worker, now)
        return self._threads

    def _check_workers(self, by_worker: dict[str, int], now: float) -> None:
        many = max(by_worker.values(), default=1)
        if many > 1 and not self._has_warned:
            self._has_warned = True
            self._reporter.line(
                f"a worker has {many} threads, and does one match at a time; start more workers "
                "with --nthreads 1"
            )
        if by_worker:
            return
        if not self._has_warned:
            self._has_warned = True
            self._reporter.line("waiting for workers")
        if self._patience_s is not None and now - self._seen > self._patience_s:
            raise ClusterError(
                f"no worker has been there for {self._patience_s:.0f} s; start some with "
                "'dask worker ADDRESS --nthreads 1', and go on with --resume"
            )


def _report_loss() -> ClusterError:
    return ClusterError(
        "the scheduler of the cluster is gone; what is done stays done, go on with --resume"
    )
