"""``spotkick spot``: find the actions of matches with a trained network."""

from pathlib import Path
from typing import Annotated, Final

import typer

_INPUT_HELP: Final = (
    "Videos, feature files, match folders, folders of matches, split files; transcripts and sound "
    "files, where the checkpoint reads commentary."
)


def spot(
    checkpoint: Annotated[
        Path, typer.Argument(help="Checkpoint folder, or a run folder, whose best one is taken.")
    ],
    inputs: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="[INPUT]...",
            help=_INPUT_HELP,
            readable=False,  # an unreadable file is reported in one line where it is opened
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
        list[str] | None,
        typer.Option(
            metavar="PERIOD[=START:END]",
            help="Period of a file whose name does not say it; or, repeated, where each period "
            "lies in one recording: 1=754:3612 or 2=1:15:00-2:01:40.",
        ),
    ] = None,
    start: Annotated[
        float, typer.Option(help="Second of a video at which its period begins.")
    ] = 0.0,
    clock: Annotated[
        bool,
        typer.Option("--clock", help="Find the periods of videos by their scoreboard first."),
    ] = False,
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
            help="Leave out matches whose results are in --out already, of this very checkpoint "
            "and the same files.",
        ),
    ] = False,
) -> None:
    """Find the actions of matches; write results_spotting.json and the scores of every frame."""
    from spotkick.checkpoint import read_checkpoint, resolve_checkpoint
    from spotkick.cli.outputs import check_command_outputs
    from spotkick.datasets.period_options import parse_period_options
    from spotkick.errors import ConfigError
    from spotkick.pipelines.clock import ensure_periods
    from spotkick.pipelines.spot import network_for, run_spotting, speed_line
    from spotkick.pipelines.spot_inputs import InputOptions, jobs_for
    from spotkick.pipelines.spot_outputs import MatchOutput, is_folder, transcripts_folder
    from spotkick.pipelines.spot_workers import (
        SpottingRequest,
        claim_folder,
        spot_in_processes,
    )
    from spotkick.reporter import make_reporter

    # What is asked for, checked before any work.
    check_command_outputs(
        {"--out": None if out.is_dir() else out}, [checkpoint, *(inputs or ()), split, data]
    )
    folder = resolve_checkpoint(checkpoint)
    trained = read_checkpoint(folder)
    changes = {
        "source": source,
        "nms": nms,
        "nms_window_s": nms_window,
        "min_confidence": min_confidence,
    }
    decoding = trained.config.decoding.replace(
        **{key: value for key, value in changes.items() if value is not None}
    )
    number, spans = parse_period_options(period or [])
    options = InputOptions(
        data,
        split,
        number,
        start,
        threads=threads,
        spans=spans,
        transcripts=transcripts_folder(out),
    )
    reporter = make_reporter()
    if clock:
        ensure_periods(inputs or (), reporter=reporter)
    jobs = jobs_for(inputs or [], trained, options)
    request = SpottingRequest(
        folder,
        tuple(inputs or ()),
        options,
        out,
        decoding=decoding,
        runtime=runtime,
        keep_scores=not no_scores,
    )

    # Matches that are there already stay.
    names = [job.match for job in jobs]
    if is_folder(out):
        names = claim_folder(request, jobs, resume=resume)
    elif workers > 1 or resume:
        raise ConfigError(f"--workers and --resume need a folder as --out, got '{out}'")
    elif out.suffix == ".json" and len(jobs) > 1:
        raise ConfigError(
            f"--out {out} is for one match, and here are {len(jobs)}; give a folder or a .zip"
        )
    wanted = [job for job in jobs if job.match in set(names)]
    kept = f", {len(jobs) - len(wanted)} already there" if len(wanted) < len(jobs) else ""
    if not wanted:
        typer.echo(f"nothing left to spot{kept}: {out}")
        return

    for note in (note for job in wanted for note in job.notes):
        reporter.line(note)
    if workers > 1:
        summary = spot_in_processes(
            request, names, workers=min(workers, len(names)), reporter=reporter
        )
    else:
        network = network_for(trained, runtime, threads=threads)
        summary = run_spotting(
            wanted,
            network,
            trained,
            out,
            decoding=decoding,
            keep_scores=not no_scores,
            reporter=reporter,
        )
    results = out
    if len(jobs) == 1 and is_folder(out):
        results = MatchOutput.of_match(out, jobs[0].match).results
    typer.echo(f"{speed_line(summary)}{kept}; results: {results}")
    if summary.failed:
        raise typer.Exit(1)
