"""``spotkick spot``: find the actions of matches with a trained network."""

import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from spotkick.features.extract import ExtractionProgress
    from spotkick.pipelines.spot_inputs import SpottingJob

_LINES: Final = 10


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
    out: Annotated[
        Path, typer.Option(help="Folder for the results, a .zip, or a .json for a single match.")
    ] = Path("predictions"),
    data: Annotated[
        Path | None, typer.Option(help="Folder of the matches that a split names.")
    ] = None,
    split: Annotated[
        str | None, typer.Option(help="Split file, or its name below --data, such as test.")
    ] = None,
    period: Annotated[
        int | None, typer.Option(min=1, max=9, help="Period of a file whose name does not say it.")
    ] = None,
    start: Annotated[
        float, typer.Option(help="Second of a video at which its period begins.")
    ] = 0.0,
    runtime: Annotated[str, typer.Option(help="onnx, or torch (which may use CUDA).")] = "onnx",
    threads: Annotated[
        int, typer.Option(min=0, help="CPU threads; 0 for as many as there are cores.")
    ] = 0,
    source: Annotated[
        str | None, typer.Option(help="Spots from the network's spots or from peaks of its scores.")
    ] = None,
    nms: Annotated[
        str | None, typer.Option(help="fixed, soft-linear, soft-gauss, per_tolerance or none.")
    ] = None,
    nms_window: Annotated[
        float | None, typer.Option(help="Width of the suppression window in seconds.")
    ] = None,
    min_confidence: Annotated[
        float | None, typer.Option(help="Leave out spots below this confidence.")
    ] = None,
    no_scores: Annotated[
        bool, typer.Option("--no-scores", help="Do not keep the scores of every frame.")
    ] = False,
    workers: Annotated[
        int,
        typer.Option(min=1, help="Processes that spot at the same time, each a match of its own."),
    ] = 1,
    resume: Annotated[
        bool,
        typer.Option(
            "--resume",
            help="Leave out matches whose results are in --out already, of this very checkpoint.",
        ),
    ] = False,
) -> None:
    """Find the actions of matches, and write results_spotting.json and the scores of every frame."""
    from spotkick.checkpoint import read_checkpoint
    from spotkick.cli.outputs import check_command_outputs
    from spotkick.errors import ConfigError
    from spotkick.pipelines.spot import network_for, run_spotting, speed_line
    from spotkick.pipelines.spot_inputs import InputOptions, jobs_for
    from spotkick.pipelines.spot_workers import (
        SpottingRequest,
        claim_folder,
        is_folder,
        spot_in_processes,
    )

    check_command_outputs(
        {"--out": None if out.is_dir() else out}, [checkpoint, *(inputs or ()), split, data]
    )
    trained = read_checkpoint(checkpoint)
    changes = {
        "source": source,
        "nms": nms,
        "nms_window_s": nms_window,
        "min_confidence": min_confidence,
    }
    decoding = trained.config.decoding.replace(
        **{key: value for key, value in changes.items() if value is not None}
    )
    options = InputOptions(data, split, period, start, threads, _video_progress())
    jobs = jobs_for(inputs or [], trained, options)
    request = SpottingRequest(
        checkpoint, tuple(inputs or ()), options, out, decoding, runtime, keep_scores=not no_scores
    )
    names = [job.match for job in jobs]
    if is_folder(out):
        names = claim_folder(request, names, resume=resume)
    elif workers > 1 or resume:
        raise ConfigError(f"--workers and --resume need a folder as --out, got '{out}'")
    wanted = [job for job in jobs if job.match in set(names)]
    kept = f", {len(jobs) - len(wanted)} already there" if len(wanted) < len(jobs) else ""
    if not wanted:
        typer.echo(f"nothing left to spot{kept}: {out}")
        return
    if workers > 1:
        with _counter(len(wanted)) as count:
            summary = spot_in_processes(
                request, names, workers=min(workers, len(names)), on_match=count
            )
    else:
        network = network_for(trained, runtime, threads=threads)
        with _counter(len(wanted)) as count:
            shown = _counted(wanted, count)
            summary = run_spotting(
                shown, network, trained, out, decoding=decoding, keep_scores=not no_scores
            )
    typer.echo(f"{speed_line(summary)}{kept}; results: {out}")
    if summary.failed:
        raise typer.Exit(1)


@contextmanager
def _counter(total: int) -> "Iterator[Callable[[str], None]]":
    """Told of each finished match: a bar on a terminal, up to ten plain lines elsewhere, nothing for a single match."""
    from tqdm import tqdm

    terminal, done = sys.stderr.isatty(), 0
    with tqdm(total=total, unit="match", disable=not terminal or total == 1) as bar:

        def count(match: str) -> None:
            nonlocal done
            del match
            done += 1
            bar.update()
            if not terminal and total > 1 and done % max(1, total // _LINES) == 0:
                typer.echo(f"{done} of {total} matches", err=True)

        yield count


def _counted(
    jobs: "Sequence[SpottingJob]", count: "Callable[[str], None]"
) -> "Iterator[SpottingJob]":
    for job in jobs:
        yield job
        count(job.match)


def _video_progress() -> "Callable[[ExtractionProgress], None] | None":
    """A line that is rewritten while a video is read, on a terminal only."""
    if not sys.stderr.isatty():
        return None

    def show(progress: "ExtractionProgress") -> None:
        sys.stderr.write(
            f"\r{progress.done_s:8.0f} s of {progress.total_s:.0f} s read, {progress.speed:5.1f} times real time"
        )

    return show
