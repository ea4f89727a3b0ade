"""One search on several devices: searchers that share a storage, each with a device of its own."""

from dataclasses import dataclass, replace
from pathlib import Path

from spotkick.cluster.options import ClusterOptions, open_executor
from spotkick.cluster.running import run_work
from spotkick.cluster.work import Run, Work, WorkItem
from spotkick.devices import parse_device
from spotkick.errors import ConfigError
from spotkick.reporter import Reporter
from spotkick.tuning.search import Found, Search, run_search
from spotkick.tuning.space import apply


@dataclass(frozen=True, slots=True)
class OpenSearcher:
    """Opens a searcher, which tries configurations until none is left.

    Attributes:
        search: what is searched.
        out: folder of the results.
        trials: in all.
        storage: that all searchers share.
    """

    search: Search
    out: Path
    trials: int
    storage: str

    def __call__(self, reporter: Reporter) -> Run[str]:
        """What comes back searches on the device that is the payload of an item."""
        del reporter

        def run(item: WorkItem, reporter: Reporter) -> str:
            search = place_search(self.search, item.payload)
            found = run_search(
                search, self.out, trials=self.trials, storage=self.storage, reporter=reporter
            )
            return found.where

        return run


def place_search(search: Search, device: str | None) -> Search:
    """The same search with its networks on a device; None leaves what the configuration says."""
    if device is None:
        return search
    return replace(search, values=apply(search.values, {"training.device": device}))


def run_parallel_search(
    search: Search,
    out: Path,
    *,
    trials: int,
    storage: str = "",
    cluster: ClusterOptions,
    gpus: int = 0,
    reporter: Reporter,
) -> Found:
    """Search with one searcher for each worker.

    Trials of a searcher that dies are tried again by another one.

    Args:
        search: of `spotkick.tuning.search.read_search`.
        out: folder of the results, which all machines see.
        trials: of the first stage, see `run_search`.
        storage: that all processes reach; a file in ``out`` unless given.
        cluster: workers, or a cluster.
        gpus: of this machine; its workers get them in turn. Workers of other machines see those
            that they were started with.
        reporter: receives lines.

    Raises:
        ConfigError: if a searcher fails, for want of data or of finished trials.
        ClusterError: if the machines are gone.
    """
    if cluster.shard is not None:
        raise ConfigError("--shard is for matches; searchers share a --storage instead")
    work = Work("tune", OpenSearcher(search, out, trials, storage), unit="searchers")
    with open_executor(cluster, reporter) as executor:
        items = [
            WorkItem(f"searcher {number}", choose_device(search, cluster, number, gpus))
            for number in range(executor.workers)
        ]
        for outcome in run_work(executor, work, items, reporter):
            if outcome.state == "failed":
                raise outcome.make_error()

    # All trials are made; this reads them, and writes the results for the last time.
    return run_search(search, out, trials=trials, storage=storage, reporter=reporter)


def count_gpus() -> int:
    """GPUs that torch sees on this machine."""
    import torch

    return torch.cuda.device_count()


def choose_device(search: Search, cluster: ClusterOptions, number: int, gpus: int) -> str | None:
    """A GPU of this machine for a searcher, unless its configuration names one or the CPU."""
    is_here = cluster.cluster in (None, "local")
    training = search.values.get("training")
    named = str(training.get("device", "auto")) if isinstance(training, dict) else "auto"
    if not is_here or gpus < 1 or named not in ("auto", "cuda"):
        return None
    device = f"cuda:{number % gpus}"
    parse_device(device)
    return device
