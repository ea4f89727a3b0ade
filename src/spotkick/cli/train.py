"""``spotkick train``: train a network from a configuration."""

from pathlib import Path
from typing import Annotated

import typer

from spotkick.cli.options import device_assignment
from spotkick.errors import require_extra
from spotkick.files import check_outputs


def train(
    config: Annotated[
        Path, typer.Argument(help="TOML file of the experiment.", metavar="CONFIG.toml")
    ],
    data: Annotated[
        Path | None, typer.Option(help="Folder of match folders; replaces data.root.")
    ] = None,
    out: Annotated[
        Path, typer.Option(help="Run directory for checkpoints, curves and results.")
    ] = Path("runs/calf"),
    assignments: Annotated[
        list[str] | None,
        typer.Option(
            "--set", help="Replace one value, such as training.epochs=20; may be repeated."
        ),
    ] = None,
    device: Annotated[
        str | None,
        typer.Option(
            metavar="DEVICE",
            help="auto, cpu, cuda, or a GPU such as cuda:1; replaces training.device.",
        ),
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on from an interrupted run in --out.")
    ] = False,
) -> None:
    """Train a network of any kind from a configuration, validate it, and write its checkpoints."""
    require_extra("torch", "train", "training")
    from spotkick.pipelines.config import read_any_experiment
    from spotkick.pipelines.train import run_any_training
    from spotkick.training.ranks import join_ranks

    check_outputs({"--out": out}, [config, *([data] if data else [])])
    changes = [*(assignments or []), *device_assignment(device)]
    experiment = read_any_experiment(config, changes, data_root=data)
    with join_ranks() as ranks:
        checkpoint, summary = run_any_training(experiment, out, resume=resume)
        if ranks.is_first:
            typer.echo(f"{summary}; checkpoint: {checkpoint}")
