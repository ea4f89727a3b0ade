"""``spotkick proposals``: train a temporal localizer, and propose segments with it."""

import json
from pathlib import Path
from typing import Annotated

import typer

from spotkick.cli.outputs import check_command_outputs
from spotkick.errors import require_extra
from spotkick.timeline import parse_frame_rate


def proposals(
    checkpoint: Annotated[
        Path | None, typer.Argument(help="Trained localizer; not needed with --train.")
    ] = None,
    inputs: Annotated[
        list[Path] | None,
        typer.Argument(
            help="Feature files (.npy); without any, the data set of the checkpoint is used."
        ),
    ] = None,
    train: Annotated[
        Path | None,
        typer.Option(metavar="CONFIG.toml", help="Train a localizer into the folder --out."),
    ] = None,
    out: Annotated[
        Path, typer.Option(help="File of proposals to write; with --train, the run directory.")
    ] = Path("proposals.json"),
    labels: Annotated[
        Path | None, typer.Option(help="Label file that names the videos; replaces data.labels.")
    ] = None,
    features: Annotated[
        Path | None, typer.Option(help="Folder of features; replaces data.features.")
    ] = None,
    subset: Annotated[
        str | None, typer.Option(help="Subset of the labels to use; replaces data.valid.")
    ] = None,
    frame_rate: Annotated[str, typer.Option(help="Feature frames per second of INPUTS.")] = "2",
    assignments: Annotated[
        list[str] | None,
        typer.Option(
            "--set", help="With --train: replace one value, such as training.tem_loss=bmn."
        ),
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="With --train: go on from an interrupted run in --out.")
    ] = False,
) -> None:
    """Train a temporal localizer (BMN), or propose segments of videos with a trained one."""
    given = {"labels": labels, "features": features, "valid": subset}
    data = {key: str(value) for key, value in given.items() if value is not None}
    if train is not None and checkpoint is None:
        replaced = [f"data.{key}={json.dumps(value)}" for key, value in data.items()]
        _train_localizer(train, [*(assignments or []), *replaced], out, resume=resume)
        return
    if checkpoint is None or train is not None:
        raise typer.BadParameter("give either a checkpoint, or --train CONFIG.toml")
    if assignments or resume:
        raise typer.BadParameter("--set and --resume belong to --train")
    from spotkick.localization.pipeline import make_proposals

    check_command_outputs({"--out": out}, [checkpoint, labels, features, *(inputs or ())])
    found = make_proposals(
        checkpoint, out, data=data, inputs=inputs or (), frame_rate=parse_frame_rate(frame_rate)
    )
    print(f"{sum(len(video.segments) for video in found)} proposals in {len(found)} videos: {out}")


def _train_localizer(config: Path, assignments: list[str], out: Path, *, resume: bool) -> None:
    require_extra("torch", "train", "training")
    from spotkick.localization.experiment import read_localization_experiment
    from spotkick.pipelines.train import run_any_training

    typer.echo("proposals --train is another name for 'spotkick train'", err=True)
    experiment = read_localization_experiment(config, tuple(assignments))
    checkpoint, summary = run_any_training(experiment, out, resume=resume)
    print(f"{summary}; checkpoint: {checkpoint}")
