"""``spotkick features``: feature tracks from commentary or video."""

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

if TYPE_CHECKING:
    from spotkick.datasets.period_files import PeriodFile
    from spotkick.features.extract import ExtractionConfig, ExtractionProgress

_LINES = 10


def features(
    inputs: Annotated[
        list[Path],
        typer.Argument(
            metavar="INPUT...",
            help="Folders of matches, match folders, or video files.",
            readable=False,
        ),
    ],
    out: Annotated[
        Path, typer.Option(help="Folder for the features: <out>/<match>/<period>_<name>.npy.")
    ],
    kind: Annotated[
        str | None, typer.Option(help="commentary or video; judged by the inputs unless given.")
    ] = None,
    rate: Annotated[
        str | None, typer.Option(help="Feature frames per second.", show_default="2")
    ] = None,
    dim: Annotated[
        int | None,
        typer.Option(
            min=2, help="Values per frame.", show_default="512 for commentary, all for video"
        ),
    ] = None,
    split: Annotated[
        list[str] | None,
        typer.Option(
            help="Only these matches: a split file, or its name such as test; may be repeated."
        ),
    ] = None,
    fit_split: Annotated[
        str | None,
        typer.Option(help="Matches to fit on: a split file or name.", show_default="train"),
    ] = None,
    labels: Annotated[
        bool,
        typer.Option("--labels", help="Commentary: learn from the labels of the fitted matches."),
    ] = False,
    source: Annotated[
        Path | None,
        typer.Option(help="Use the source of this feature set or checkpoint; nothing is fitted."),
    ] = None,
    backbone: Annotated[
        Path | None,
        typer.Option(
            help="ONNX file that turns pictures into vectors.", show_default="EfficientNet-Lite0"
        ),
    ] = None,
    fit: Annotated[
        str, typer.Option(help="stretch: the whole picture; crop: its centre, as SoccerNet did.")
    ] = "stretch",
    mask: Annotated[
        list[str] | None,
        typer.Option(help="left,top,right,bottom of a region to hide, 0 to 1; may be repeated."),
    ] = None,
    device: Annotated[str, typer.Option(help="cpu or cuda.")] = "cpu",
    threads: Annotated[
        int, typer.Option(min=0, help="CPU threads; 0 for as many as there are cores.")
    ] = 0,
) -> None:
    """Make feature tracks: one vector per frame, two frames a second.

    Commentary (<period>_asr.json of SoccerNet-Echoes) becomes TF-IDF of words and word pairs,
    projected by a truncated SVD. With --labels, small networks learn from the training labels what
    the words of a minute say about each class (training matches are read by networks without them).
    Video goes through an image backbone, and through principal components when --dim is given. What
    is fitted is fitted on the training split only, and saved in <out>/<name>.source.
    """
    from spotkick.features.backbone import BUNDLED_BACKBONE
    from spotkick.pipelines.extract import ExtractionRequest, extract_commentary, judge_kind
    from spotkick.pipelines.extract_video import PictureOptions, extract_videos
    from spotkick.timeline import parse_frame_rate

    frame_rate = None if rate is None else parse_frame_rate(rate)
    request = ExtractionRequest(
        tuple(inputs),
        out,
        tuple(split or ()),
        fit_split,
        source,
        frame_rate,
        dim,
        labels,
        threads or os.cpu_count() or 1,
    )
    if _choice("--kind", kind or judge_kind(request), ("commentary", "video")) == "commentary":
        summary, made = extract_commentary(request, show=_shown, note=_note)
    else:
        looks = PictureOptions(
            backbone or BUNDLED_BACKBONE, _looks(fit, mask or []), _device(device), threads
        )
        summary, made = extract_videos(
            request, looks, show=_shown, progress=_video_progress(), note=_note
        )
    counts = {
        "without commentary": summary.silent,
        "already there": summary.kept,
        "failed": summary.failed,
    }
    rest = "".join(f", {count} {what}" for what, count in counts.items() if count)
    rated = f"{made.dim} values at {made.frame_rate} per second"
    typer.echo(
        f"{summary.written} tracks '{made.name}', {summary.frames:,} frames of {rated}{rest}: {out}"
    )
    if summary.failed:
        raise typer.Exit(1)


def _choice(option: str, value: str, allowed: Sequence[str]) -> str:
    from spotkick.errors import ConfigError

    if value not in allowed:
        raise ConfigError(f"{option} must be {' or '.join(allowed)}, got {value!r}")
    return value


def _device(value: str) -> 'Literal["cpu", "cuda"]':
    return "cuda" if _choice("--device", value, ("cpu", "cuda")) == "cuda" else "cpu"


def _looks(fit: str, masks: Sequence[str]) -> "ExtractionConfig":
    from spotkick.features.extract import ExtractionConfig

    return ExtractionConfig.parse(
        {"fit": fit, "masks": [mask.split(",") for mask in masks]}, "--fit and --mask"
    )


def _note(line: str) -> None:
    typer.echo(line, err=True)


def _shown(files: Sequence["PeriodFile"]) -> Iterator["PeriodFile"]:
    """The files, with a progress bar on a terminal and ten plain lines elsewhere."""
    from tqdm import tqdm

    if sys.stderr.isatty():
        yield from tqdm(files, unit="file", leave=False)
        return
    step = max(1, len(files) // _LINES)
    for number, file in enumerate(files, start=1):
        yield file
        if number % step == 0:
            _note(f"{number} of {len(files)} files")


def _video_progress() -> "Callable[[ExtractionProgress], None] | None":
    """A line that is rewritten while a video is read, on a terminal only."""
    if not sys.stderr.isatty():
        return None

    def show(progress: "ExtractionProgress") -> None:
        sys.stderr.write(
            f"\r{progress.done_s:8.0f} s of {progress.total_s:.0f} s read, {progress.speed:5.1f} times real time"
        )

    return show
