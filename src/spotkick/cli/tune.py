"""``spotkick tune``: search the parameters of an experiment."""

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from spotkick.cli.interruption import ReportedInterruption
from spotkick.cli.options import (
    ClusterOption,
    DashboardOption,
    MemoryOption,
    WorkersOption,
    device_assignment,
    read_cluster,
)
from spotkick.cli.outputs import check_command_outputs
from spotkick.errors import require_extra


def tune(
    config: Annotated[
        Path,
        typer.Argument(
            help="TOML file of an experiment, with or without a [tune] table.",
            metavar="CONFIG.toml",
        ),
    ],
    trials: Annotated[
        int,
        typer.Option(min=1, help="Trials of the search in all, those of earlier calls included."),
    ],
    storage: Annotated[
        str,
        typer.Option(
            metavar="URL",
            help="File or database that processes share; a file in --out unless given.",
        ),
    ] = "",
    data: Annotated[
        Path | None, typer.Option(help="Folder of match folders; replaces data.root.")
    ] = None,
    out: Annotated[
        Path, typer.Option(help="Folder for best.toml and the tables of trials.")
    ] = Path("runs/tune"),
    assignments: Annotated[
        list[str] | None,
        typer.Option("--set", help="Replace one value, such as tune.epochs=8; may be repeated."),
    ] = None,
    device: Annotated[
        str | None,
        typer.Option(
            metavar="DEVICE",
            help="auto, cpu, cuda, or a GPU such as cuda:1; replaces training.device.",
        ),
    ] = None,
    workers: WorkersOption = 1,
    cluster: ClusterOption = None,
    memory: MemoryOption = None,
    dashboard: DashboardOption = False,
) -> None:
    """Search parameters by Bayesian optimisation, then the context slicing on a grid."""
    for package, extra in (("optuna", "tune"), ("torch", "train")):
        require_extra(package, extra, "searching parameters")
    from spotkick.reporter import make_reporter
    from spotkick.tuning.results import summary
    from spotkick.tuning.search import BEST_FILE, read_search, run_search

    # An interrupted search keeps its finished trials, so that the same command goes on.
    check_command_outputs({"--out": out / BEST_FILE}, [config])
    changes = [*(assignments or []), *device_assignment(device)]

    # Several searchers share the storage of one search.
    machines = read_cluster(workers, cluster, None, memory=memory, dashboard=dashboard)
    search = read_search(config, changes, data_root=data)
    run = run_search
    if machines.is_parallel:
        from spotkick.tuning.parallel import count_gpus, run_parallel_search

        run = partial(run_parallel_search, cluster=machines, gpus=count_gpus())
    try:
        found = run(search, out, trials=trials, storage=storage, reporter=make_reporter())
    except KeyboardInterrupt:
        typer.echo("interrupted; the same command goes on where it was", err=True)
        raise ReportedInterruption from None
    typer.echo(summary(found.rows, found.importance))
    typer.echo(f"best: {found.score:.4f}, {found.where}: {out / BEST_FILE}")
