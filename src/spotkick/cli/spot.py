"""``spotkick spot``: find the actions of matches with a trained network."""

from pathlib import Path
from typing import Annotated, Final

import typer

from spotkick.cli.options import (
    ClockOption,
    ClusterOption,
    DashboardOption,
    DeviceOption,
    FilePeriodsOption,
    MemoryOption,
    ResumeOption,
    SentenceModelOption,
    ShardOption,
    ThreadsOption,
    WorkersOption,
    read_cluster,
)

_INPUT_HELP: Final = (
    "Videos, feature files, match folders, folders of matches, split files; transcripts and sound "
    "files, where the checkpoint reads commentary."
)


def spot(
    checkpoint: Annotated[
        Path | None,
        typer.Argument(
            metavar="CHECKPOINT",
            help="Checkpoint folder, a run folder, whose best one is taken, or the name of a "
            "shipped one ('spotkick models' lists them).",
        ),
    ] = None,
    inputs: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="[INPUT]...",
            help=_INPUT_HELP,
            readable=False,  # an unreadable file is reported in one line where it is opened
        ),
    ] = None,
    further: Annotated[
        list[Path] | None,
        typer.Option(
            "--checkpoint",
            help="A checkpoint whose scores are averaged with the first one's; repeat it for more. "
            "All may be named so, instead of CHECKPOINT.",
        ),
    ] = None,
    classes: Annotated[
        str | None,
        typer.Option(
            help="A class list whose classes are the checkpoint's own or unions of them, such as "
            "soccernet-v1, or a class file."
        ),
    ] = None,
    out: Annotated[
        Path, typer.Option(help="Folder for the results, a .zip, or a .json for a single match.")
    ] = Path("predictions"),
    csv: Annotated[
        Path | None, typer.Option(help="Write all spots as a table, too (.csv or .parquet).")
    ] = None,
    data: Annotated[
        Path | None, typer.Option(help="Folder of the matches that a split names.")
    ] = None,
    split: Annotated[
        str | None, typer.Option(help="Split file, or its name below --data, such as test.")
    ] = None,
    period: FilePeriodsOption = None,
    start: Annotated[
        float, typer.Option(help="Second of a video at which its period begins.")
    ] = 0.0,
    clock: ClockOption = False,
    sentence_model: SentenceModelOption = None,
    runtime: Annotated[str, typer.Option(help="onnx or torch.")] = "onnx",
    device: DeviceOption = "auto",
    threads: ThreadsOption = 0,
    source: Annotated[
        str | None, typer.Option(help="Spots from the network's spots or from peaks of its scores.")
    ] = None,
    nms: Annotated[
        str | None, typer.Option(help="fixed, soft-linear, soft-gauss, per_tolerance or none.")
    ] = None,
    nms_window: Annotated[
        float | None, typer.Option(help="Width of the suppression window in seconds.")
    ] = None,
    chunk_shifts: Annotated[
        int | None,
        typer.Option(min=1, help="Average over so many ways to cut a period into chunks."),
    ] = None,
    min_confidence: Annotated[
        float | None, typer.Option(help="Leave out spots below this confidence.")
    ] = None,
    no_scores: Annotated[
        bool, typer.Option("--no-scores", help="Do not keep the scores of every frame.")
    ] = False,
    workers: WorkersOption = 1,
    cluster: ClusterOption = None,
    memory: MemoryOption = None,
    dashboard: DashboardOption = False,
    shard: ShardOption = None,
    resume: ResumeOption = False,
) -> None:
    """Find the actions of matches; write results_spotting.json and the scores of every frame."""
    from spotkick.checkpoint import read_checkpoint
    from spotkick.cli.outputs import check_command_outputs
    from spotkick.datasets.period_options import parse_period_options
    from spotkick.formats.classes import find_classes
    from spotkick.formats.tables import write_table
    from spotkick.pipelines.clock import ensure_periods
    from spotkick.pipelines.spot_commentary import check_listening
    from spotkick.pipelines.spot_inputs import InputOptions
    from spotkick.pipelines.spot_members import part_checkpoints
    from spotkick.pipelines.spot_outputs import read_outputs, transcripts_folder
    from spotkick.pipelines.spot_request import run_request
    from spotkick.pipelines.spot_workers import SpottingRequest
    from spotkick.reporter import make_reporter
    from spotkick.storage import localise
    from spotkick.stored_checkpoint import resolve_checkpoint

    # What is asked for, checked before any work.
    machines = read_cluster(
        workers, cluster, shard, memory=memory, dashboard=dashboard, resume=resume
    )
    if checkpoint is None and not further:
        raise typer.BadParameter("give a checkpoint, and what to spot")
    named, addressed = part_checkpoints(checkpoint, inputs or (), further or ())

    # Addresses of object storage become paths of this machine.
    paths = [localise(path) for path in addressed]
    data, out = localise(data) if data else None, localise(out, may_be_missing=True)
    folders = [resolve_checkpoint(path) for path in named]
    check_command_outputs(
        {"--out": None if out.is_dir() else out, "--csv": csv},
        [*folders, *paths, split, data],
    )
    folder, *others = folders
    trained = read_checkpoint(folder)
    changes = {
        "source": source,
        "nms": nms,
        "nms_window_s": nms_window,
        "chunk_shifts": chunk_shifts,
        "min_confidence": min_confidence,
    }
    number, spans = parse_period_options(period or [])
    options = InputOptions(
        data,
        split,
        number,
        start,
        threads=threads,
        spans=spans,
        transcripts=transcripts_folder(out),
        device=device,
        sentence_model=sentence_model,
    )
    request = SpottingRequest(
        folder,
        tuple(paths),
        options,
        out,
        decoding=trained.config.decoding.replace(
            **{key: value for key, value in changes.items() if value is not None}
        ),
        runtime=runtime,
        device=device,
        keep_scores=not no_scores,
        further=tuple(others),
        classes=None if classes is None else find_classes(classes),
    )

    # Kick-offs that the clock shows are read first: they cut the videos into periods.
    reporter = make_reporter()
    if clock:
        check_listening(trained, paths, options.transcripts)
        ensure_periods(paths, reporter=reporter)
    result = run_request(request, trained, cluster=machines, reporter=reporter)
    typer.echo(result.describe())
    if csv is not None:
        write_table(csv, read_outputs(out, result.matches))
    if result.summary is not None and result.summary.failed:
        raise typer.Exit(1)
