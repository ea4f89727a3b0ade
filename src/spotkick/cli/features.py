"""``spotkick features``: feature tracks from commentary or video."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from spotkick.cli.options import (
    ClockOption,
    ClusterOption,
    DashboardOption,
    DeviceOption,
    FilePeriodsOption,
    MemoryOption,
    SentenceModelOption,
    ShardOption,
    ThreadsOption,
    WorkersOption,
    read_cluster,
)

if TYPE_CHECKING:
    from spotkick.commentary.sentence_encoder import EncoderOptions
    from spotkick.features.extract import ExtractionConfig

KINDS: Final = ("commentary", "tokens", "sentences", "video")


def features(
    inputs: Annotated[
        list[Path],
        typer.Argument(
            metavar="INPUT...",
            help="Folders of matches, match folders, videos, or transcripts.",
            readable=False,
        ),
    ],
    out: Annotated[
        Path, typer.Option(help="Folder for the features: <out>/<match>/<period>_<name>.npy.")
    ],
    period: FilePeriodsOption = None,
    kind: Annotated[
        str | None,
        typer.Option(
            help="commentary, tokens or sentences (of commentary), or video; judged by the inputs "
            "unless given."
        ),
    ] = None,
    rate: Annotated[
        str | None,
        typer.Option(
            help="Feature frames per second.", show_default="2; 1/2 for tokens and sentences"
        ),
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
        typer.Option(
            help="Use the source of this feature set or checkpoint, which may be a shipped one's "
            "name; nothing is fitted."
        ),
    ] = None,
    sentence_model: SentenceModelOption = None,
    backbone: Annotated[
        Path | None,
        typer.Option(
            help="ONNX file that turns images into vectors.", show_default="EfficientNet-Lite0"
        ),
    ] = None,
    fit: Annotated[
        str, typer.Option(help="stretch: the whole image; crop: its centre, as SoccerNet did.")
    ] = "stretch",
    mask: Annotated[
        list[str] | None,
        typer.Option(help="left,top,right,bottom of a region to hide, 0 to 1; may be repeated."),
    ] = None,
    clock: ClockOption = False,
    device: DeviceOption = "auto",
    threads: ThreadsOption = 0,
    workers: WorkersOption = 1,
    cluster: ClusterOption = None,
    memory: MemoryOption = None,
    dashboard: DashboardOption = False,
    shard: ShardOption = None,
) -> None:
    """Make feature tracks: one vector per frame, two frames a second.

    Commentary becomes TF-IDF of words and word pairs, projected by a truncated SVD; with --kind
    tokens, the ids of its words in bins of two seconds, for networks of kind tokens; with --kind
    sentences, vectors of whole sentences from a pre-trained model (--sentence-model). It is read
    from JSON of SoccerNet-Echoes (1_asr.json) and of the Whisper family, SRT, WebVTT and tables.
    With --labels, small networks learn the classes from the training labels (features of training
    matches are out-of-fold predictions).
    Video goes through an image backbone, and through principal components when --dim is given. What
    is fitted is fitted on the training split only, and saved in <out>/<name>.source.
    """
    from spotkick.cli.outputs import check_command_outputs
    from spotkick.datasets.period_options import parse_period_options
    from spotkick.features.backbone import BUNDLED_BACKBONE
    from spotkick.pipelines.clock import ensure_periods
    from spotkick.pipelines.extract import ExtractionRequest, extract_commentary, judge_kind
    from spotkick.pipelines.extract_video import ImageOptions, extract_videos
    from spotkick.reporter import make_reporter
    from spotkick.shipped_folders import find_source
    from spotkick.storage import localise
    from spotkick.timeline import parse_frame_rate

    # Addresses of object storage become paths of this machine; no output may replace an input.
    inputs, out = [localise(path) for path in inputs], localise(out, may_be_missing=True)
    check_command_outputs({"--out": None if out.is_dir() else out}, [*inputs, source])
    reporter = make_reporter()
    number, spans = parse_period_options(period or [])
    if kind is not None:
        _check_choice("--kind", kind, KINDS)
    encoder = _choose_encoder(kind, sentence_model, device, threads)

    # Periods, splits and machines are checked together, before any file is read.
    request = ExtractionRequest(
        tuple(inputs),
        out,
        splits=tuple(split or ()),
        fit_split=fit_split,
        source=None if source is None else find_source(source),
        frame_rate=None if rate is None else parse_frame_rate(rate),
        dim=dim,
        labels=labels,
        tokens=kind == "tokens",
        encoder=encoder,
        workers=threads or os.cpu_count() or 1,
        period=number,
        spans=spans,
        cluster=read_cluster(workers, cluster, shard, memory=memory, dashboard=dashboard),
    )
    if (kind or judge_kind(request)) != "video":
        summary, made = extract_commentary(request, reporter)
    else:
        if clock:
            ensure_periods(inputs, reporter=reporter)
        options = ImageOptions(
            backbone or BUNDLED_BACKBONE,
            _parse_image_options(fit, mask or []),
            device=device,
            threads=threads,
        )
        summary, made = extract_videos(request, options, reporter)

    # The exit code tells a script that some matches have no features.
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


def _check_choice(option: str, value: str, allowed: Sequence[str]) -> str:
    from spotkick.errors import ConfigError

    if value not in allowed:
        raise ConfigError(f"{option} must be {' or '.join(allowed)}, got {value!r}")
    return value


def _choose_encoder(
    kind: str | None, folder: Path | None, device: str, threads: int
) -> "EncoderOptions | None":
    """The encoder of sentences; the option and the kind stand for each other."""
    from spotkick.commentary.sentence_encoder import EncoderOptions
    from spotkick.errors import ConfigError

    if kind == "sentences" and folder is None:
        raise ConfigError(
            "--kind sentences needs a pre-trained model: give its folder with --sentence-model"
        )
    if folder is None:
        return None
    if kind not in (None, "sentences"):
        raise ConfigError(f"--sentence-model is for --kind sentences, got --kind {kind}")
    return EncoderOptions(folder, device, threads)


def _parse_image_options(fit: str, masks: Sequence[str]) -> "ExtractionConfig":
    from spotkick.features.extract import ExtractionConfig

    return ExtractionConfig.parse(
        {"fit": fit, "masks": [mask.split(",") for mask in masks]}, "--fit and --mask"
    )
