"""``spotkick demo``: the whole chain on bundled data."""

from pathlib import Path
from typing import Annotated

import typer

_EPOCHS = 24


def demo(
    out: Annotated[Path, typer.Option(help="Folder for everything that the demo makes.")] = Path(
        "demo-output"
    ),
    epochs: Annotated[
        int, typer.Option(min=0, help="Epochs of training; 0 uses the shipped checkpoint alone.")
    ] = _EPOCHS,
    commentary: Annotated[
        Path | None,
        typer.Option(
            help="Match folder with transcripts of your own, or a transcript, to spot as well.",
            show_default="an invented commentary",
        ),
    ] = None,
    goal: Annotated[
        list[str] | None,
        typer.Option(
            metavar="MINUTE",
            help="A goal that is known of that match, such as 26 or 45+2; may be repeated.",
        ),
    ] = None,
) -> None:
    """Train on bundled matches, score, spot a clip, cut a reel, and write a page about it."""
    from spotkick.demo.data import describe_data
    from spotkick.demo.run import run_demo
    from spotkick.demo.score_table import score_rows
    from spotkick.evaluation.tables import make_table
    from spotkick.pipelines.spot_summary import speed_line
    from spotkick.reporter import LineReporter

    typer.echo(describe_data())
    result = run_demo(
        out, epochs=epochs, commentary=commentary, goals=goal or (), reporter=LineReporter()
    )

    header, rows = score_rows(result.systems)
    typer.echo("\nAverage precision on the test matches in percent")
    typer.echo(f"{make_table(header, rows, foot=1)}\n")

    # What was made, and where it lies.
    typer.echo(f"clip         {speed_line(result.clip)}; {result.spots}")
    if result.reel is not None:
        length = f"{result.reel.duration_s:.1f} s; .edl and .vtt beside it"
        typer.echo(f"reel         {result.reel.path} ({length})")
    if result.commentary is not None:
        typer.echo(
            f"commentary   {len(result.commentary.shown)} spots; {result.commentary.results}"
        )
    for system in result.systems:
        typer.echo(f"checkpoint   {system.folder} ({system.name})")
    typer.echo(f"predictions  {result.systems[-1].predictions.parent}")
    typer.echo(f"page         {result.page}")
