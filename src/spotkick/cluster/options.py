"""What the command line says about machines, and the executor that comes of it."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from spotkick.cluster.counts import count_local, share_cores
from spotkick.cluster.executors import Executor, ProcessExecutor, SerialExecutor
from spotkick.cluster.ledger import Ledger
from spotkick.cluster.shards import Shard
from spotkick.errors import ConfigError
from spotkick.reporter import Reporter

LOCAL: Final = "local"
SLURM: Final = "slurm"
_ADDRESSES: Final = ("tcp://", "tls://")


@dataclass(frozen=True, slots=True)
class ClusterOptions:
    """Where matches are worked on, and which.

    Attributes:
        workers: processes, or jobs; 1 for this process, and for a cluster as many as there are.
        cluster: ``local``, ``slurm``, or the address of a Dask scheduler; None for no cluster.
        shard: the part of the matches that this run is for; None for all.
        memory: limit of each worker of ``local`` and ``slurm``, such as ``4GB``.
        dashboard: show Dask's page of the work; of ``local`` and ``slurm``.
        resume: go on with what an earlier run has left.
    """

    workers: int = 1
    cluster: str | None = None
    shard: Shard | None = None
    memory: str | None = None
    dashboard: bool = False
    resume: bool = False

    def __post_init__(self) -> None:
        """Check what contradicts itself."""
        own = self.cluster in (LOCAL, SLURM)
        if self.cluster is not None and not own and not self.cluster.startswith(_ADDRESSES):
            raise ConfigError(
                f"--cluster must be local, slurm, or an address such as tcp://10.0.0.1:8786, "
                f"got '{self.cluster}'"
            )
        if self.memory is not None and not own:
            raise ConfigError("--memory-limit is for the workers of --cluster local and slurm")
        if self.dashboard and not own:
            raise ConfigError(
                "--dashboard is for --cluster local and slurm; another scheduler has its own"
            )
        if self.cluster is not None and not own and self.workers > 1:
            raise ConfigError(
                "--workers is for this machine and for Slurm; a scheduler's workers are started "
                "beside it"
            )

    @property
    def keeps_ledger(self) -> bool:
        """Whether this is a run that may be gone on with."""
        return self.workers > 1 or self.cluster is not None or self.shard is not None or self.resume

    @property
    def is_parallel(self) -> bool:
        """Whether matches are done in other processes."""
        return self.workers > 1 or self.cluster is not None

    def fit(self, items: int) -> "ClusterOptions":
        """The same, with no more processes of this machine than there are items."""
        if self.cluster is not None:
            return self
        return replace(self, workers=max(1, min(self.workers, items)))

    def share_threads(self, threads: int) -> int:
        """CPU threads of one match, where ``threads`` are asked for; 0 leaves the choice.

        The cores of this machine are shared by its processes; of other machines nothing is known.
        """
        if self.cluster == LOCAL:
            return share_cores(threads, count_local(self.workers))
        if self.cluster is None and self.workers > 1:
            return share_cores(threads, self.workers)
        return threads or int(self.cluster == SLURM)

    def open_ledger(self, folder: Path, title: str) -> Ledger | None:
        """The ledger of a run into a folder, where one is kept."""
        if not self.keeps_ledger:
            return None
        return Ledger.of_run(folder, title, self.shard.part if self.shard else "")

    def choose(self, folder: Path | None, title: str, names: Iterable[str]) -> set[str]:
        """The names of this run's part.

        Args:
            folder: of results, where parts are kept apart; None where there is none.
            title: of the work.
            names: of all matches.

        Raises:
            InputError: if another part was cut from other matches.
        """
        named = list(names)
        if self.shard is None:
            return set(named)
        if folder is not None:
            self.shard.claim(folder, title, named)
        return set(self.shard.choose(named))


@contextmanager
def open_executor(
    options: ClusterOptions, reporter: Reporter, *, threads: int = 0
) -> Iterator[Executor]:
    """Open what the options say; it is closed at the end.

    Args:
        options: see `ClusterOptions`.
        reporter: gets a line with the addresses of a cluster.
        threads: CPU threads of an item; 0 for what fits.

    Raises:
        MissingExtraError: if Dask is needed and not installed.
        ClusterError: if the cluster cannot be reached or started.
        ConfigError: if the memory limit is none.
    """
    if options.cluster is None:
        yield ProcessExecutor(options.workers) if options.workers > 1 else SerialExecutor()
        return

    # Dask is imported only where it is asked for.
    from spotkick.cluster.dask_clusters import open_cluster

    with open_cluster(
        options.cluster,
        reporter,
        workers=options.workers,
        threads=threads,
        memory=options.memory,
        dashboard=options.dashboard,
    ) as executor:
        yield executor
