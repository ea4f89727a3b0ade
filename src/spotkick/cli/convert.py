"""``spotkick convert``: from one file format to another."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Final

import typer

from spotkick.cli.outputs import check_command_outputs
from spotkick.datasets.period_options import parse_period_options
from spotkick.errors import ConfigError
from spotkick.files import write_json
from spotkick.formats.convert import convert as convert_files
from spotkick.formats.registry import writable_formats
from spotkick.timeline import parse_frame_rate

_NAMES: Final = ", ".join(writable_formats())


def convert(
    source: Annotated[Path, typer.Argument(help="File, folder or zip to read.", metavar="IN")],
    target: Annotated[Path, typer.Argument(help="File or folder to write.", metavar="OUT")],
    from_: Annotated[
        str | None, typer.Option("--from", help="Format of IN; judged by its content unless given.")
    ] = None,
    to: Annotated[
        str | None,
        typer.Option("--to", help=f"Format of OUT; judged by its name unless given: {_NAMES}."),
    ] = None,
    rate: Annotated[
        str | None,
        typer.Option(
            help="Frames per second, for formats that count frames: 25, 29.97, 30000/1001."
        ),
    ] = None,
    period: Annotated[
        list[str] | None,
        typer.Option(
            help="Where a period lies in the video of the whole match, such as 1=754:3612 or "
            "2=1:15:00-2:01:40; may be repeated. Times of IN that count from the start of the "
            "video become times of its periods; periods of IN are placed there in OUT."
        ),
    ] = None,
    column: Annotated[
        list[str] | None,
        typer.Option(
            help="Which column of a table holds what, such as label=Behavior, time='Start (s)', "
            "minute=min, second=sec, frame=Frame, period=Half or player=Subject; may be repeated."
        ),
    ] = None,
    mapping: Annotated[
        str,
        typer.Option(
            help="How events of a data provider become actions: soccernet-v2, soccernet-ball, "
            "types (every event under its own type), or a .toml file."
        ),
    ] = "soccernet-v2",
    json_file: Annotated[
        Path | None, typer.Option("--json", help="Write the report to this file.")
    ] = None,
) -> None:
    """Convert labels or predictions between formats, and report what the target cannot hold."""
    check_command_outputs({"OUT": target, "--json": json_file}, [source])
    frame_rate = None if rate is None else parse_frame_rate(rate)
    only_period, spans = parse_period_options(period or ())
    if only_period is not None:
        raise ConfigError(f"--period {only_period}: where does it start? Give {only_period}=START:")
    report = convert_files(
        source,
        target,
        from_=from_,
        to=to,
        frame_rate=frame_rate,
        period_starts_s={span.period: span.start_s for span in spans},
        columns=parse_columns(column or ()),
        mapping=mapping,
    )
    if json_file is not None:
        write_json(json_file, report.to_json())
    print("\n".join(report.lines()))


def parse_columns(options: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """Parse ``FIELD=HEADER`` options.

    Raises:
        ConfigError: if one has another form.

    Example:
        >>> parse_columns(["label=Behavior", "time=Start (s)"])
        (('label', 'Behavior'), ('time', 'Start (s)'))
    """
    pairs = []
    for option in options:
        field, equals, header = option.partition("=")
        if not equals or not field.strip() or not header.strip():
            raise ConfigError(f"--column must look like label=Behavior, got {option!r}")
        pairs.append((field.strip(), header.strip()))
    return tuple(pairs)
