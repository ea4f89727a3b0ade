"""``spotkick spot``: find the actions of matches with a trained network."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Callable

    from spotkick.features.extract import Progress


def spot(
    checkpoint: Annotated[Path, typer.Argument(help="Checkpoint folder.")],
    inputs: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="[INPUT]...",
            help="Videos, feature files, match folders, folders of matches, split files.",
            readable=False,  # whoever opens the file says so in one line
        ),
    ] = None,
    out: Annotated[Path, typer.Option(help="Folder for the results, a .zip, or a .json for a single match.")] = Path(
        "predictions"
    ),
    data: Annotated[Path | None, typer.Option(help="Folder of the matches that a split names.")] = None,
    split: Annotated[str | None, typer.Option(help="Split file, or its name below --data, such as test.")] = None,
    period: Annotated[int | None, typer.Option(min=1, max=9, help="Period of a file whose name does not say it.")] = None,
    start: Annotated[float, typer.Option(help="Second of a video at which its period begins.")] = 0.0,
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
    from spotkick.experiment.inputs import InputOptions, jobs_for
    from spotkick.experiment.spot import network_for, run_spotting, speed_line

    trained = read_checkpoint(checkpoint)
    changes = {"source": source, "nms": nms, "nms_window_s": nms_window, "min_confidence": min_confidence}
    decoding = trained.config.decoding.replace(**{key: value for key, value in changes.items() if value is not None})
    options = InputOptions(data, split, period, start, threads, _video_progress())
    jobs = jobs_for(inputs or [], trained, options)
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


def _video_progress() -> "Callable[[Progress], None] | None":
    """A line that is rewritten while a video is read, on a terminal only."""
    if not sys.stderr.isatty():
        return None

    def show(progress: "Progress") -> None:
        sys.stderr.write(f"\r{progress.done_s:8.0f} s of {progress.total_s:.0f} s read, {progress.speed:5.1f} times real time")

    return show
