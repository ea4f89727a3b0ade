"""``spotkick highlights``: a reel and edit lists from spots and the video of a match."""

from pathlib import Path
from typing import Annotated

import typer

from spotkick.cli.highlights_options import (
    marker_kind,
    parse_look,
    parse_named_numbers,
    parse_period_minutes,
    parse_sound,
    parse_starts,
)
from spotkick.cli.options import ClockOption


def highlights(
    spots: Annotated[
        Path, typer.Argument(help="results_spotting.json of one match, or a folder that holds it.")
    ],
    videos: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="[VIDEO]...",
            help="Video of the match, one or several per period (1_*, 2_*), or their folder; none "
            "for lists only.",
            readable=False,
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="The reel: .mp4, .mov or .mkv. Without it only lists are written."),
    ] = None,
    duration: Annotated[
        float, typer.Option(min=0.1, help="Longest duration of the reel in seconds.")
    ] = 180.0,
    edl: Annotated[Path | None, typer.Option(help="Write a CMX3600 edit decision list.")] = None,
    fcpxml: Annotated[Path | None, typer.Option(help="Write FCPXML.")] = None,
    otio: Annotated[Path | None, typer.Option(help="Write OpenTimelineIO.")] = None,
    xmeml: Annotated[
        Path | None,
        typer.Option(help="Write Final Cut Pro 7 XML, for Premiere, Resolve and Avid."),
    ] = None,
    ale: Annotated[Path | None, typer.Option(help="Write an Avid log of the clips.")] = None,
    markers: Annotated[
        Path | None,
        typer.Option(
            help="Write a marker for each action of the reel: .edl for Resolve, .csv for Premiere."
        ),
    ] = None,
    chapters: Annotated[
        Path | None, typer.Option(help="Write chapters of the reel for YouTube.")
    ] = None,
    vtt: Annotated[Path | None, typer.Option(help="Write captions of the reel as WebVTT.")] = None,
    csv: Annotated[Path | None, typer.Option(help="Write the clips as a table.")] = None,
    json: Annotated[
        Path | None,
        typer.Option(help="Write the clips with the reason for each, and what was left out."),
    ] = None,
    poster: Annotated[
        Path | None, typer.Option(help="Write a frame of the best clip as JPEG.")
    ] = None,
    scores: Annotated[
        Path | None,
        typer.Option(help="Scores of every frame.", show_default="scores.npz beside SPOTS"),
    ] = None,
    checkpoint: Annotated[
        Path | None, typer.Option(help="Take thresholds and lengths of clips from this checkpoint.")
    ] = None,
    threshold: Annotated[
        float | None,
        typer.Option(
            min=0,
            max=1,
            help="Least confidence of a spot.",
            show_default="the checkpoint's, or 0.34",
        ),
    ] = None,
    peak_threshold: Annotated[
        float | None,
        typer.Option(min=0, max=1, help="Least score of an unspotted peak.", show_default="0.5"),
    ] = None,
    lead: Annotated[
        list[str] | None,
        typer.Option(help="Seconds before and after, such as Goal=10:30; may be repeated."),
    ] = None,
    interest: Annotated[
        list[str] | None,
        typer.Option(help="Worth of a class, such as Corner=0.8; may be repeated."),
    ] = None,
    period: Annotated[
        list[str] | None,
        typer.Option(
            help="Where a period lies in a video of the whole match, such as 1=754:3612 or "
            "2=1:15:00-2:01:40; may be repeated. A number alone names the only period of a video.",
            show_default="periods.json beside the video",
        ),
    ] = None,
    start: Annotated[
        list[str] | None,
        typer.Option(
            help="When a period starts in a video of the whole match, such as 2=3610.5 (seconds)."
        ),
    ] = None,
    period_minutes: Annotated[
        str | None,
        typer.Option(
            help="Regular length of the periods, for the clock of the match: 20, or 45,45,15,15.",
            show_default="that of soccer, for its classes",
        ),
    ] = None,
    rate: Annotated[
        str | None, typer.Option(help="Frames per second of the video, for lists without it.")
    ] = None,
    sound: Annotated[
        str,
        typer.Option(
            help="auto: as players choose; a number from 1: that track; all: every track."
        ),
    ] = "auto",
    aspect: Annotated[
        str | None,
        typer.Option(
            help="Shape of the reel, such as 16:9, 1:1 or 9:16: the middle of its frames.",
            show_default="that of the first clip",
        ),
    ] = None,
    follow: Annotated[
        bool,
        typer.Option(
            "--follow", help="With --aspect: a slow pan to where most moves, not the middle."
        ),
    ] = False,
    title: Annotated[
        str, typer.Option(help="Title over the first three seconds of the reel.")
    ] = "",
    codec: Annotated[str, typer.Option(help="Codec of the reel: h264, h265 or av1.")] = "h264",
    quality: Annotated[
        str, typer.Option(help="Quality of the reel: small, standard or high.")
    ] = "standard",
    loudness: Annotated[
        float | None,
        typer.Option(
            min=-40,
            max=-5,
            help="Loudness of the sound in LUFS by EBU R 128, such as -23 or -14.",
            show_default="as it is",
        ),
    ] = None,
    clock: ClockOption = False,
    captions: Annotated[
        bool, typer.Option("--captions", help="Burn a caption into each clip.")
    ] = False,
    font: Annotated[
        Path | None,
        typer.Option(help="Font of captions and title: .ttf or .otf.", show_default="DejaVu Sans"),
    ] = None,
    copy: Annotated[
        bool,
        typer.Option(
            "--copy", help="Copy instead of encoding: fast, but clips start at key frames."
        ),
    ] = False,
    no_snap: Annotated[
        bool, typer.Option("--no-snap", help="Do not move the ends of clips to shot changes.")
    ] = False,
    record_start: Annotated[
        str | None,
        typer.Option(
            metavar="HH:MM:SS:FF",
            help="Timecode of the first frame of the reel in all lists.",
            show_default="01:00:00:00 in EDL and markers for Resolve, else 00:00:00:00",
        ),
    ] = None,
    non_drop: Annotated[
        bool, typer.Option("--non-drop", help="Non-drop timecode at 29.97 and 59.94.")
    ] = False,
) -> None:
    """Cut a highlight reel: spots and unspotted peaks, ranked and fitted into a duration."""
    from spotkick.datasets.period_options import parse_period_options
    from spotkick.pipelines.clock import ensure_periods
    from spotkick.pipelines.highlights import make_highlights
    from spotkick.pipelines.highlights_request import HighlightsRequest
    from spotkick.pipelines.period_videos import PeriodChoice
    from spotkick.reporter import make_reporter
    from spotkick.timeline import parse_frame_rate

    # An option that is not given leaves its value to the checkpoint or the defaults.
    lists = {"edl": edl, "fcpxml": fcpxml, "otio": otio, "vtt": vtt, "csv": csv, "json": json}
    lists |= {"xmeml": xmeml, "ale": ale, "chapters": chapters, marker_kind(markers): markers}
    settings: dict[str, object] = {
        "lead_s": parse_named_numbers(lead, 2, "--lead Goal=10:30"),
        "interest": {
            label: numbers[0]
            for label, numbers in parse_named_numbers(interest, 1, "--interest Corner=0.8").items()
        },
        "spot_threshold": threshold,
        "peak_threshold": peak_threshold,
        "period_lengths_s": parse_period_minutes(period_minutes),
    }
    only_period, spans = parse_period_options(period or ())
    request = HighlightsRequest(
        spots=spots,
        videos=tuple(videos or ()),
        out=out,
        lists={kind: path for kind, path in lists.items() if path is not None},
        poster=poster,
        scores=scores,
        checkpoint=checkpoint,
        budget_s=duration,
        settings={key: value for key, value in settings.items() if value is not None},
        periods=PeriodChoice(only_period, spans, parse_starts(start)),
        rate=None if rate is None else parse_frame_rate(rate),
        sound=parse_sound(sound),
        captions=captions,
        font=font,
        title=title,
        copy=copy,
        snap=not no_snap,
        drop=False if non_drop else None,
        start_timecode=record_start or "",
        look=parse_look(aspect, codec, quality, follow=follow),
        loudness_lufs=loudness,
    )

    # Lists that could not be written are named at the end; the others are there.
    reporter = make_reporter()
    if clock:
        ensure_periods(request.videos, reporter=reporter)
    result = make_highlights(request, reporter)
    typer.echo("\n".join(result.lines(out)))
    for line in result.failures:
        typer.echo(f"error: {line}", err=True)
    if result.failures:
        raise typer.Exit(1)
