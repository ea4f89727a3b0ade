"""``spotkick clock``: periods and goals of a video by its scoreboard."""

from pathlib import Path
from typing import Annotated

import typer


def clock(
    videos: Annotated[
        list[Path],
        typer.Argument(metavar="VIDEO...", help="Videos, or still images to read.", readable=False),
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
) -> None:
    """Find kick-offs, ends and goals by the scoreboard, and write periods.json beside the video.

    The other commands read that file, so that one recording of a whole evening gives the right
    period and time. Of still images the scoreboard is read and printed.
    """
    from spotkick.pipelines.clock_command import run_clock
    from spotkick.reporter import make_reporter

    failed = run_clock(
        videos,
        out,
        json_file=json_file,
        overwrite=overwrite,
        dry_run=dry_run,
        threads=threads,
        echo=typer.echo,
        reporter=make_reporter(),
    )
    if failed:
        raise typer.Exit(1)
