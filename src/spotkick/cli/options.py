"""Options that several commands have, with one name, one type and one help text."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from spotkick.devices import parse_device
from spotkick.errors import ConfigError

if TYPE_CHECKING:
    from spotkick.cluster.options import ClusterOptions

ClassesOption = Annotated[
    str | None,
    typer.Option(
        help="soccernet-v1, soccernet-v2, soccernet-ball, soccernet-ball-2023, or a file with "
        "one class a line; unless given, what the predictions state, else soccernet-v2."
    ),
]

SplitOption = Annotated[
    str | None,
    typer.Option(help="Only the matches of this split: a file, or its name such as valid."),
]

GridRateOption = Annotated[
    str | None,
    typer.Option(
        help="Frames per second of the evaluator's grid; 25 for ball actions, else 2, unless given."
    ),
]

CountedPeriodsOption = Annotated[
    str | None,
    typer.Option(
        help="Periods that count, such as 1,2,3,4; 1,2 for SoccerNet, all for own classes."
    ),
]

PredictionFormatOption = Annotated[
    str | None,
    typer.Option("--from", help="Format of the predictions; judged by their content unless given."),
]

LabelFormatOption = Annotated[
    str | None,
    typer.Option("--labels-from", help="Format of the labels; judged by their content likewise."),
]

MarkdownOption = Annotated[bool, typer.Option("--markdown", help="Print a Markdown table.")]

LatexOption = Annotated[bool, typer.Option("--latex", help="Print a LaTeX table (booktabs).")]

DateOption = Annotated[
    str,
    typer.Option(
        metavar="YYYY-MM-DD", help="Date on the report; that of the newest prediction file."
    ),
]

FilePeriodsOption = Annotated[
    list[str] | None,
    typer.Option(
        metavar="PERIOD[=START:END]",
        help="Period of a file whose name does not say it; or, repeated, where each period "
        "lies in one recording: 1=754:3612 or 2=1:15:00-2:01:40.",
    ),
]

ClockOption = Annotated[
    bool, typer.Option("--clock", help="Find the periods of videos by their scoreboard first.")
]

DeviceOption = Annotated[
    str,
    typer.Option(metavar="DEVICE", help="auto, cpu, cuda, or a GPU such as cuda:1."),
]

SentenceModelOption = Annotated[
    Path | None,
    typer.Option(
        metavar="FOLDER",
        help="Folder of a pre-trained sentence model: model.onnx and tokenizer.json.",
    ),
]

ThreadsOption = Annotated[
    int, typer.Option(min=0, help="CPU threads; 0 for as many as there are cores.")
]

WorkersOption = Annotated[
    int,
    typer.Option(
        min=1,
        help="Processes that work at the same time, each on a match of its own; jobs of --cluster "
        "slurm.",
    ),
]

ClusterOption = Annotated[
    str | None,
    typer.Option(
        metavar="WHERE",
        help="Work on a Dask cluster: local, slurm, or the address of a scheduler such as "
        "tcp://10.0.0.1:8786.",
    ),
]

MemoryOption = Annotated[
    str | None,
    typer.Option(
        "--memory-limit",
        metavar="SIZE",
        help="Memory of each worker of --cluster local or slurm, such as 4GB.",
    ),
]

DashboardOption = Annotated[
    bool,
    typer.Option(
        "--dashboard", help="Serve Dask's page of --cluster local or slurm, on this machine alone."
    ),
]

ShardOption = Annotated[
    str | None,
    typer.Option(
        metavar="I/N",
        help="Only this part of the matches, such as 3/8; slurm takes it from the job array.",
    ),
]

ResumeOption = Annotated[
    bool,
    typer.Option(
        "--resume",
        help="Leave out matches that an earlier run has done; what failed is tried again.",
    ),
]


def check_metric(name: str | None) -> str | None:
    """Refuse an unknown metric as wrong usage."""
    from spotkick.pipelines.evaluate import parse_metric

    try:
        return None if name is None else parse_metric(name).name
    except ConfigError as error:
        raise typer.BadParameter(str(error)) from None


def parse_periods(text: str | None) -> tuple[int, ...]:
    """Numbers of periods with commas, such as ``1,2,3,4``.

    Raises:
        ConfigError: if they are not numbers from 1.
    """
    if text is None:
        return ()
    parts = [part.strip() for part in text.split(",")]
    if not all(part.isascii() and part.isdecimal() and int(part) > 0 for part in parts):
        raise ConfigError(f"--periods must be numbers such as 1,2,3,4, got '{text}'")
    return tuple(dict.fromkeys(map(int, parts)))


def read_cluster(
    workers: int,
    cluster: str | None,
    shard: str | None,
    *,
    memory: str | None,
    dashboard: bool,
    resume: bool = False,
) -> "ClusterOptions":
    """The options about machines, checked together.

    Raises:
        ConfigError: if they are not valid, or contradict each other.
    """
    from spotkick.cluster.options import ClusterOptions
    from spotkick.cluster.shards import parse_shard

    return ClusterOptions(
        workers,
        cluster,
        None if shard is None else parse_shard(shard),
        memory=memory,
        dashboard=dashboard,
        resume=resume,
    )


def print_warnings(messages: tuple[str, ...]) -> None:
    """Print warnings on standard error, one a line."""
    for message in messages:
        typer.echo(f"warning: {message}", err=True)


def device_assignment(device: str | None) -> list[str]:
    """``--device`` as the ``--set`` of an experiment; none unless given.

    Raises:
        ConfigError: if it is no device.
    """
    if device is None:
        return []
    parse_device(device)
    return [f"training.device={device}"]
