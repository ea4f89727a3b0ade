"""``spotkick align``: events of a data provider onto the video of their match."""

from pathlib import Path
from typing import Annotated

import typer

from spotkick.cli.options import ClockOption


def align(
    events: Annotated[
        Path,
        typer.Argument(
            help="Event file of a data provider, or labels of any format, by the clock of the feed."
        ),
    ],
    videos: Annotated[
        list[Path],
        typer.Argument(
            metavar="VIDEO...", help="Video of the match, one per period, or their folder."
        ),
    ],
    out: Annotated[
        Path,
        typer.Option(
            help="Folder for labels, spots, SportsCode XML, periods.json, alignment.json and a "
            "chart of the residuals."
        ),
    ],
    spots: Annotated[
        Path | None,
        typer.Option(
            help="Spots of the video: results of 'spotkick spot', or labels made by hand."
        ),
    ] = None,
    checkpoint: Annotated[
        Path | None, typer.Option(help="Spot the video with this checkpoint first.")
    ] = None,
    clock: ClockOption = False,
    mapping: Annotated[
        str,
        typer.Option(
            help="How events become labels: soccernet-v2, soccernet-ball, types (every event under "
            "its own type), or a .toml file."
        ),
    ] = "soccernet-v2",
    teams: Annotated[
        Path | None,
        typer.Option(
            help="File of the provider that names teams and players (line-ups, F7, match "
            "information).",
            show_default="looked for beside EVENTS",
        ),
    ] = None,
    overwrite: Annotated[
        bool,
        typer.Option("--overwrite", help="Replace labels in --out that 'align' did not write."),
    ] = False,
) -> None:
    """Find where events lie in the video: offset and drift of each period, by clock and spots."""
    from spotkick.pipelines.align import AlignRequest, align_events
    from spotkick.pipelines.align_outputs import check_alignment_outputs, write_alignment
    from spotkick.pipelines.align_spotting import spot_for_alignment
    from spotkick.pipelines.clock import ensure_periods
    from spotkick.reporter import make_reporter

    # What is read is checked before the long work: scoreboard, then spotting.
    read = [events, *([] if teams is None else [teams])]
    check_alignment_outputs(out, read, videos=videos, spots=spots, overwrite=overwrite)
    reporter = make_reporter()
    if clock:
        ensure_periods(videos, reporter=reporter)
    if checkpoint is not None and spots is None:
        spots = spot_for_alignment(checkpoint, videos, out / "spots", reporter)

    request = AlignRequest(events, tuple(videos), spots, mapping, teams)
    alignment = align_events(request, reporter)
    typer.echo("\n".join(alignment.lines()))
    for path in write_alignment(out, alignment):
        typer.echo(f"wrote {path}")
    if not alignment.is_aligned:
        raise typer.Exit(1)
