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
) -> None:
    """Train on bundled matches, score, spot a clip from its pixels, cut a reel, and write a page that shows it."""
    from spotkick.demo.page import score_rows
    from spotkick.demo.run import about, run_demo
    from spotkick.evaluation.tables import make_table
    from spotkick.pipelines.spot import speed_line

    typer.echo(about())
    result = run_demo(out, epochs=epochs, say=lambda line: typer.echo(f"* {line}", err=True))
    header, rows = score_rows(result.systems)
    typer.echo(
        f"\nAverage precision on the test matches in percent\n{make_table(header, rows, foot=1)}\n"
    )
    typer.echo(f"clip         {speed_line(result.clip)}; {result.spots}")
    if result.reel is not None:
        typer.echo(
            f"reel         {result.reel.path} ({result.reel.duration_s:.1f} s; .edl and .vtt beside it)"
        )
    for system in result.systems:
        typer.echo(f"checkpoint   {system.folder} ({system.name})")
    typer.echo(f"predictions  {result.systems[-1].predictions.parent}")
    typer.echo(f"page         {result.page}")
