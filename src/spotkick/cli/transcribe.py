"""``spotkick transcribe``: transcripts of commentary from videos and sound files."""

from pathlib import Path
from typing import Annotated

import typer

from spotkick.cli.options import (
    ClusterOption,
    DashboardOption,
    DeviceOption,
    FilePeriodsOption,
    MemoryOption,
    ShardOption,
    ThreadsOption,
    WorkersOption,
    read_cluster,
)


def transcribe(
    inputs: Annotated[
        list[Path],
        typer.Argument(
            metavar="INPUT...",
            help="Videos, sound files, match folders, or folders of them.",
            readable=False,
        ),
    ],
    out: Annotated[
        Path, typer.Option(help="Folder for the transcripts: <out>/<match>/<period>_asr.json.")
    ],
    model: Annotated[
        str | None,
        typer.Option(
            help="Folder of a Whisper model for CTranslate2, or a name such as small.",
            show_default="tiny.en where it is installed, else base",
        ),
    ] = None,
    language: Annotated[
        str | None,
        typer.Option(help="Code of the language, such as es.", show_default="found out"),
    ] = None,
    translate: Annotated[bool, typer.Option("--translate", help="Translate into English.")] = False,
    period: FilePeriodsOption = None,
    device: DeviceOption = "auto",
    threads: ThreadsOption = 0,
    workers: WorkersOption = 1,
    cluster: ClusterOption = None,
    memory: MemoryOption = None,
    dashboard: DashboardOption = False,
    shard: ShardOption = None,
) -> None:
    """Transcribe what commentators say, with times of words.

    Whisper does the recognition. Stretches without speech are skipped, repetitions of the
    recogniser left out. Transcripts that are in --out already are kept, so that a stopped run goes
    on. 'spotkick features' makes features of them.
    """
    import os
    from functools import partial

    from spotkick.cli.outputs import check_command_outputs
    from spotkick.commentary.speech import open_recogniser
    from spotkick.datasets.period_options import parse_period_options
    from spotkick.devices import parse_device
    from spotkick.pipelines.transcribe import transcribe_files
    from spotkick.pipelines.transcribe_inputs import TranscriptionRequest
    from spotkick.reporter import make_reporter
    from spotkick.storage import localise

    # Addresses of object storage become paths of this machine; no output may replace an input.
    inputs, out = [localise(path) for path in inputs], localise(out, may_be_missing=True)
    check_command_outputs({"--out": None if out.is_dir() else out}, inputs)

    # A wrong device or cluster is refused before files are searched for.
    parse_device(device)
    machines = read_cluster(workers, cluster, shard, memory=memory, dashboard=dashboard)
    number, spans = parse_period_options(period or [])
    request = TranscriptionRequest(
        tuple(inputs), out, period=number, spans=spans, language=language, translate=translate
    )

    # The model is opened when the first file needs it.
    summary = transcribe_files(
        request,
        partial(
            open_recogniser,
            model,
            device=device,
            threads=machines.share_threads(threads) or os.cpu_count() or 1,
        ),
        make_reporter(),
        cluster=machines,
    )
    counts = {
        "without speech": summary.without_speech,
        "already there": summary.kept,
        "failed": summary.failed,
    }
    rest = "".join(f", {count} {what}" for what, count in counts.items() if count)
    typer.echo(f"{summary.written} transcripts, {summary.segments:,} segments{rest}: {out}")
    if summary.failed:
        raise typer.Exit(1)
