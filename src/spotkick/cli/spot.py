"""``spotkick spot``: find the actions of matches with a trained network."""

import sys
from pathlib import Path
from typing import Annotated

import typer


def spot(
    checkpoint: Annotated[Path, typer.Argument(help="Checkpoint folder.")],
    inputs: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[INPUT]...", help="Feature files, match folders, folders of matches, split files."),
    ] = None,
    out: Annotated[Path, typer.Option(help="Folder for the results, a .zip, or a .json for a single match.")] = Path(
        "predictions"
    ),
    data: Annotated[Path | None, typer.Option(help="Folder of the matches that a split names.")] = None,
    split: Annotated[str | None, typer.Option(help="Split file, or its name below --data, such as test.")] = None,
    period: Annotated[int | None, typer.Option(min=1, max=9, help="Period of a file whose name does not say it.")] = None,
    runtime: Annotated[str, typer.Option(help="onnx, or torch (which may use CUDA).")] = "onnx",
    threads: Annotated[int, typer.Option(min=0, help="CPU threads; 0 for as many as there are cores.")] = 0,
    source: Annotated[str | None, typer.Option(help="Spots from the network's spots or from peaks of its scores.")] = None,
    nms: Annotated[str | None, typer.Option(help="fixed, soft-linear, soft-gauss, per_tolerance or none.")] = None,
    nms_window: Annotated[float | None, typer.Option(help="Width of the suppression window in seconds.")] = None,
    min_confidence: Annotated[float | None, typer.Option(help="Leave out spots below this confidence.")] = None,
    no_scores: Annotated[bool, typer.Option("--no-scores", help="Do not keep the scores of every frame.")] = False,
) -> None:
    """Find the actions of matches, and write results_spotting.json and the scores of every frame."""
    from tqdm import tqdm

    from spotkick.checkpoint import read_checkpoint
    from spotkick.experiment.spot import jobs_for, network_for, run_spotting, speed_line

    trained = read_checkpoint(checkpoint)
    changes = {"source": source, "nms": nms, "nms_window_s": nms_window, "min_confidence": min_confidence}
    decoding = trained.config.decoding.replace(**{key: value for key, value in changes.items() if value is not None})
    jobs = jobs_for(inputs or [], trained, data=data, split=split, period=period)
    summary = run_spotting(
        tqdm(jobs, unit="match", disable=not sys.stderr.isatty() or len(jobs) == 1),
        network_for(trained, runtime, threads=threads),
        trained,
        out,
        decoding=decoding,
        keep_scores=not no_scores,
    )
    typer.echo(f"{speed_line(summary)}; results: {out}")
    if summary.failed:
        raise typer.Exit(1)
