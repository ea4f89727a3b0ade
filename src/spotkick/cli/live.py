"""``spotkick live``: actions of a match while it is played."""

from pathlib import Path
from typing import Annotated

import typer

from spotkick.cli.options import DeviceOption, SentenceModelOption, ThreadsOption


def live(
    source: Annotated[
        str,
        typer.Argument(
            help="A file that may still grow, '-' for standard input, a capture device such as "
            "v4l2:/dev/video0, an address (udp://, rtp://, srt://, rtmp://, tcp://, "
            "http(s)://...m3u8), or a transcript, which is replayed.",
        ),
    ],
    checkpoint: Annotated[
        list[Path] | None,
        typer.Option(
            help="Checkpoint folder, run folder or the name of a shipped one; repeat it for more, "
            "such as one that reads frames and one that reads commentary.",
        ),
    ] = None,
    out: Annotated[
        Path, typer.Option(help="Folder for the journal of what is published, and for results.")
    ] = Path("live"),
    latency: Annotated[
        float, typer.Option(help="Seconds after an action within which it is published.")
    ] = 10.0,
    min_confidence: Annotated[
        float | None,
        typer.Option(
            min=0.0,
            max=1.0,
            help="Publish from this confidence on, for all classes.",
            show_default="thresholds of the checkpoint",
        ),
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with the journal in --out, with the same ids.")
    ] = False,
    speed: Annotated[
        float,
        typer.Option(
            min=0.0, help="Read a file at this multiple of real time; 0 as fast as possible."
        ),
    ] = 0.0,
    period: Annotated[
        int | None, typer.Option(min=1, help="Period of the match that is shown.")
    ] = None,
    give_up: Annotated[
        float | None,
        typer.Option(
            help="End when nothing has arrived for so many seconds.", show_default="never"
        ),
    ] = None,
    idle: Annotated[
        float,
        typer.Option(min=0.0, help="A file that has not grown for so many seconds is complete."),
    ] = 20.0,
    language: Annotated[
        str | None, typer.Option(help="Of the commentary, such as en.", show_default="found out")
    ] = None,
    speech_model: Annotated[
        str | None,
        typer.Option(help="Folder or name of a Whisper model.", show_default="as transcribe"),
    ] = None,
    sentence_model: SentenceModelOption = None,
    webhook: Annotated[
        str | None, typer.Option(help="Address that each event is posted to, until it is received.")
    ] = None,
    webhook_secret: Annotated[
        str | None,
        typer.Option(
            envvar="SPOTKICK_WEBHOOK_SECRET",
            help="Secret of the signatures. The variable keeps it out of the list of processes.",
        ),
    ] = None,
    view: Annotated[
        bool, typer.Option("--view", help="Serve a page on this machine that follows the run.")
    ] = False,
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port of the page; 0 takes a free one.")
    ] = 0,
    clips: Annotated[
        Path | None,
        typer.Option(
            help="Folder for clips of published actions, written while the match goes on."
        ),
    ] = None,
    clip_class: Annotated[
        list[str] | None,
        typer.Option(help="Class that gets clips; repeat it for more.", show_default="all"),
    ] = None,
    ring_mb: Annotated[
        int,
        typer.Option(
            min=1, help="Megabytes of the stream that are kept on disk for the page and for clips."
        ),
    ] = 1000,
    scoreboard: Annotated[
        bool,
        typer.Option(
            "--scoreboard",
            help="Read the scoreboard: it says when there is a break, and takes goals back.",
        ),
    ] = False,
    stats: Annotated[
        bool, typer.Option("--stats", help="Show what each stage does, and which is the slowest.")
    ] = False,
    device: DeviceOption = "auto",
    threads: ThreadsOption = 0,
) -> None:
    """Find the actions of a match while it is played; one JSON object a line on standard output."""
    from spotkick.live.outputs import write_line
    from spotkick.pipelines.live import run_live
    from spotkick.pipelines.live_outputs import OutputOptions
    from spotkick.pipelines.live_request import LiveParts, LiveRequest
    from spotkick.reporter import make_reporter
    from spotkick.stored_checkpoint import resolve_checkpoint

    if not checkpoint:
        raise typer.BadParameter("give at least one --checkpoint")
    request = LiveRequest(
        source,
        tuple(resolve_checkpoint(folder) for folder in checkpoint),
        out,
        latency_s=latency,
        min_confidence=min_confidence,
        resume=resume,
        speed=speed,
        period=period,
        give_up_s=give_up,
        idle_s=idle,
        language=language,
        speech_model=speech_model,
        sentence_model=sentence_model,
        device=device,
        threads=threads,
        shows_statistics=stats,
        reads_scoreboard=scoreboard,
        outputs=OutputOptions(
            webhook,
            webhook_secret,
            view=view,
            port=port,
            clips=clips,
            clip_classes=tuple(clip_class or ()),
            ring_bytes=ring_mb * 1_000_000,
        ),
    )
    run_live(request, LiveParts(sinks=[write_line], reporter=make_reporter()))
