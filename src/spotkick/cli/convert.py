"""``spotkick convert``: from one file format to another."""

from pathlib import Path
from typing import Annotated, Final

import typer

from spotkick.cli.outputs import check_command_outputs
from spotkick.files import write_json
from spotkick.formats.convert import convert as convert_files
from spotkick.formats.registry import FORMATS
from spotkick.timeline import parse_frame_rate

_NAMES: Final = ", ".join(FORMATS)


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
    json_file: Annotated[
        Path | None, typer.Option("--json", help="Write the report to this file.")
    ] = None,
) -> None:
    """Convert labels or predictions between formats, and report what the target cannot hold."""
    check_command_outputs({"OUT": target, "--json": json_file}, [source])
    frame_rate = None if rate is None else parse_frame_rate(rate)
    report = convert_files(source, target, from_=from_, to=to, frame_rate=frame_rate)
    if json_file is not None:
        write_json(json_file, report.to_json())
    print("\n".join(report.lines()))
