"""``spotkick doctor``: what is wrong with a data set or predictions, and how to fix it."""

from pathlib import Path
from typing import Annotated

import typer

from spotkick.cli.outputs import check_command_outputs
from spotkick.doctor import examine
from spotkick.files import write_json
from spotkick.formats.classes import find_classes
from spotkick.timeline import parse_frame_rate


def doctor(
    path: Annotated[
        Path,
        typer.Argument(
            help="Data set, match folder, or labels or predictions in any known format."
        ),
    ],
    classes: Annotated[
        str | None,
        typer.Option(
            help="soccernet-v1, soccernet-v2, soccernet-ball, or a file; guessed unless given."
        ),
    ] = None,
    labels: Annotated[
        Path | None, typer.Option(help="Labels of the matches that PATH predicts.")
    ] = None,
    feature: Annotated[
        str | None, typer.Option(help="Look at the features of this name only.")
    ] = None,
    frame_rate: Annotated[
        str | None, typer.Option(help="Frames per second of the evaluator's grid.")
    ] = None,
    rate: Annotated[
        str | None,
        typer.Option(help="Frames per second of files that count frames and do not state it."),
    ] = None,
    sport: Annotated[
        str | None,
        typer.Option(
            help="Whose rules are checked: soccer or none; as the classes say unless given."
        ),
    ] = None,
    skip: Annotated[
        list[str] | None,
        typer.Option(metavar="CHECK", help="Leave out findings of this check; may be repeated."),
    ] = None,
    json_file: Annotated[
        Path | None, typer.Option("--json", help="Write all findings to this file.")
    ] = None,
) -> None:
    """Check a data set, a match folder or predictions, and say what is wrong and how to fix it.

    The exit code is 1 if there are errors.
    """
    check_command_outputs({"--json": json_file}, [path, labels])
    report = examine(
        path,
        classes=None if classes is None else find_classes(classes),
        frame_rate=None if frame_rate is None else parse_frame_rate(frame_rate),
        feature=feature,
        labels=labels,
        rate=None if rate is None else parse_frame_rate(rate),
        sport=sport,
        skip=skip or (),
    )
    if json_file is not None:
        write_json(json_file, report.to_json())
    print("\n".join(report.lines()))
    if report.errors:
        raise typer.Exit(1)
