"""``spotkick detect``: proposals and classes of whole videos to detections."""

from pathlib import Path
from typing import Annotated

import typer

from spotkick.cli.outputs import check_command_outputs


def detect(
    proposals: Annotated[Path, typer.Argument(help="Proposals that 'spotkick proposals' wrote.")],
    classes: Annotated[
        Path,
        typer.Argument(
            help="Scores of classes in whole videos: a JSON of ActivityNet's classification task."
        ),
    ],
    out: Annotated[Path, typer.Option(help="File of detections to write.")] = Path(
        "detections.json"
    ),
    top: Annotated[int, typer.Option(min=1, help="Classes per video that its proposals get.")] = 1,
) -> None:
    """Give proposals the classes of their videos."""
    from spotkick.localization.pipeline import make_detections

    check_command_outputs({"--out": out}, [proposals, classes])
    found = make_detections(proposals, classes, out, top_classes=top)
    print(f"{sum(len(video.segments) for video in found)} detections in {len(found)} videos: {out}")
