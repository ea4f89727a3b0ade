"""``spotkick clock``: periods and goals of a video by its scoreboard."""

from pathlib import Path
from typing import Annotated

import typer

from spotkick.cli.options import (
    ClusterOption,
    DashboardOption,
    MemoryOption,
    ResumeOption,
    ShardOption,
    WorkersOption,
    read_cluster,
)


def clock(
    videos: Annotated[
        list[Path],
        typer.Argument(
            metavar="VIDEO...",
            help="Videos, folders of them, or still images to read.",
            readable=False,
        ),
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            help="Folder for periods.json and the chart.", show_default="beside the video"
        ),
    ] = None,
    json_file: Annotated[
        Path | None, typer.Option("--json", help="Write every reading to this file.")
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace a periods.json that a person wrote.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print what is found and write nothing.")
    ] = False,
    threads: Annotated[int, typer.Option(min=1, help="CPU threads of text recognition.")] = 2,
    workers: WorkersOption = 1,
    cluster: ClusterOption = None,
    memory: MemoryOption = None,
    dashboard: DashboardOption = False,
    shard: ShardOption = None,
    resume: ResumeOption = False,
) -> None:
    """Find kick-offs, ends and goals by the scoreboard, and write periods.json beside the video.

    The other commands read that file, so that one recording of a whole evening gives the right
    period and time. Of still images the scoreboard is read and printed.
    """
    from spotkick.pipelines.clock_command import ClockRequest, run_clock
    from spotkick.reporter import make_reporter
    from spotkick.storage import localise

    # Addresses of object storage become paths of this machine.
    request = ClockRequest(
        tuple(localise(path) for path in videos),
        localise(out, may_be_missing=True) if out else None,
        json_file,
        overwrite=overwrite,
        dry_run=dry_run,
        threads=threads,
        cluster=read_cluster(
            workers, cluster, shard, memory=memory, dashboard=dashboard, resume=resume
        ),
    )
    if run_clock(request, echo=typer.echo, reporter=make_reporter()):
        raise typer.Exit(1)
