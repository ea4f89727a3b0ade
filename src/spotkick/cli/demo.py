"""``spotkick demo``: the whole chain on bundled data."""

from pathlib import Path
from typing import Annotated

import typer


def demo(
    out: Annotated[Path, typer.Option(help="Folder for everything that the demo makes.")] = Path("demo-output"),
    epochs: Annotated[int, typer.Option(min=1, help="Epochs of training.")] = 40,
) -> None:
    """Train on bundled matches, score, spot, and write a page that shows it."""
    from spotkick.errors import MissingExtraError

    try:
        from spotkick.experiment.demo import ABOUT_DATA, run_demo
    except ImportError as error:
        raise MissingExtraError("torch", "train", "the demo trains a network and") from error
    from spotkick.evaluation.summary import summary_table

    typer.echo(ABOUT_DATA)
    result = run_demo(out, epochs=epochs)
    typer.echo(summary_table(result.score))
    typer.echo(f"page        {result.page}")
    typer.echo(f"checkpoint  {result.checkpoint}")
    typer.echo(f"predictions {result.predictions}")
