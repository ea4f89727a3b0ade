"""Dask clusters: on this machine, at an address, or in Slurm jobs.

A cluster of this machine listens on loopback alone, and its programs know each other by
certificates that are made for the run, so that no other user of the machine can have it run
anything. Dask's own page is off unless asked for, and on loopback then.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from spotkick.cluster.counts import count_local
from spotkick.cluster.dask_executor import DaskExecutor
from spotkick.errors import ClusterError, ConfigError, SpotkickError, require_extra
from spotkick.reporter import Reporter

_LOOPBACK: Final = "127.0.0.1"
_ALLOWED_DEATHS: Final = 1
"""An item is lost when two workers died while they had it; it is tried again alone then."""

_CONNECT_S: Final = 20.0
_PATIENCE_S: Final = 300.0
"""Without any worker for longer, a run ends; Slurm's jobs may wait in their queue."""


@contextmanager
def open_cluster(
    name: str,
    reporter: Reporter,
    *,
    workers: int,
    threads: int,
    memory: str | None,
    dashboard: bool,
) -> Iterator[DaskExecutor]:
    """Start a cluster, or connect to one.

    Args:
        name: ``local``, ``slurm``, or an address.
        reporter: gets a line with the address.
        workers: processes or jobs to start; 1 for as many as there are cores.
        threads: CPU threads of an item; 0 for what fits.
        memory: limit of each worker.
        dashboard: serve Dask's page.

    Raises:
        MissingExtraError: if Dask is not installed.
        ClusterError: if the cluster cannot be started or reached.
        ConfigError: if the memory limit is none.
    """
    require_extra("distributed", "cluster", f"--cluster {name}")
    _check_memory(memory)
    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    if name == "local":
        opened = _open_local(workers, memory, dashboard=dashboard)
    elif name == "slurm":
        opened = _open_slurm(workers, threads, memory, dashboard=dashboard)
    else:
        opened = _connect_to(name)
    with opened as (executor, address):
        reporter.line(f"cluster {address}")
        yield executor


def _check_memory(memory: str | None) -> None:
    from dask.utils import parse_bytes

    try:
        if memory is not None:
            parse_bytes(memory)
    except (ValueError, AttributeError):
        raise ConfigError(f"--memory-limit must be a size such as 4GB, got '{memory}'") from None


Opened = tuple[DaskExecutor, str]
"""The executor, and what the user is shown of the cluster."""


@contextmanager
def _open_local(workers: int, memory: str | None, *, dashboard: bool) -> Iterator[Opened]:
    from distributed import Client, LocalCluster
    from distributed.security import Security

    count = count_local(workers)
    with _explain_failure("local"):
        security = Security.temporary()
        cluster = LocalCluster(
            n_workers=count,
            threads_per_worker=1,
            host=_LOOPBACK,
            protocol="tls://",
            security=security,
            memory_limit=memory or "auto",
            dashboard_address=f"{_LOOPBACK}:0",
            worker_dashboard_address=f"{_LOOPBACK}:0",
            scheduler_kwargs={"allowed_failures": _ALLOWED_DEATHS},
            silence_logs=logging.CRITICAL,
        )
    with cluster, Client(cluster, set_as_default=False) as client:
        address = f"local, {count} workers" + _serve_page(cluster, dashboard)
        yield DaskExecutor(client, workers=count, patience_s=_PATIENCE_S), address


@contextmanager
def _open_slurm(
    workers: int, threads: int, memory: str | None, *, dashboard: bool
) -> Iterator[Opened]:
    """Jobs of Slurm; what the options do not say is read from Dask's file ``jobqueue.yaml``."""
    require_extra("dask_jobqueue", "cluster", "--cluster slurm", package="dask-jobqueue")
    from dask_jobqueue import SLURMCluster
    from distributed import Client

    stated: dict[str, Any] = {} if memory is None else {"memory": memory}
    if threads:
        stated["cores"] = threads
    with _explain_failure("slurm"):
        # Certificates reach the jobs through a folder that all machines see.
        shared = Path.home() / ".spotkick" / "slurm"
        shared.mkdir(parents=True, exist_ok=True, mode=0o700)
        cluster = SLURMCluster(
            processes=1,
            security=True,
            shared_temp_directory=str(shared),
            scheduler_options={
                "dashboard_address": f"{_LOOPBACK}:0",
                "allowed_failures": _ALLOWED_DEATHS,
            },
            worker_extra_args=["--nthreads", "1", "--no-dashboard"],
            silence_logs=logging.CRITICAL,
            **stated,
        )
        cluster.scale(jobs=workers)
    with cluster, Client(cluster, set_as_default=False) as client:
        address = f"slurm, {workers} jobs, {cluster.scheduler_address}"
        executor = DaskExecutor(client, workers=workers, patience_s=None)
        yield executor, address + _serve_page(cluster, dashboard)


@contextmanager
def _connect_to(address: str) -> Iterator[Opened]:
    from distributed import Client

    with _explain_failure(address):
        client = Client(address, timeout=_CONNECT_S, set_as_default=False)
    with client:
        count = len(client.nthreads())
        executor = DaskExecutor(client, workers=count, patience_s=_PATIENCE_S)
        yield executor, f"{address}, {count} workers"


def _serve_page(cluster: Any, wanted: bool) -> str:
    """Where Dask's page is; it is closed unless it is wanted."""
    if not wanted:
        cluster.scheduler.http_server.stop()
        return ""
    require_extra("bokeh", "cluster", "--dashboard")
    return f", dashboard {cluster.dashboard_link}"


@contextmanager
def _explain_failure(name: str) -> Iterator[None]:
    """Turn what Dask raises while a cluster starts into one line."""
    try:
        yield
    except SpotkickError:
        raise
    except Exception as error:
        reason = " ".join(str(error).split())[:300] or type(error).__name__
        raise ClusterError(f"--cluster {name}: cannot be started or reached: {reason}") from error
