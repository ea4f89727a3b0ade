"""``spotkick highlights``: a reel and edit lists from spots and the video of a match."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from spotkick.errors import ConfigError


def highlights(
    spots: Annotated[
        Path, typer.Argument(help="results_spotting.json of one match, or a folder that holds it.")
    ],
    videos: Annotated[
        list[Path],
        typer.Argument(
            metavar="VIDEO...",
            help="Video of the match, or one per half (1_*, 2_*).",
            readable=False,
        ),
    ],
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
    start: Annotated[
        list[str] | None,
        typer.Option(
            help="When a period starts in a video of the whole match, such as 2=3610.5 (seconds)."
        ),
    ] = None,
    captions: Annotated[
        bool, typer.Option("--captions", help="Burn a caption into each clip.")
    ] = False,
    copy: Annotated[
        bool,
        typer.Option(
            "--copy", help="Copy instead of encoding: fast, but clips start at key frames."
        ),
    ] = False,
    no_snap: Annotated[
        bool, typer.Option("--no-snap", help="Do not move the ends of clips to shot changes.")
    ] = False,
    non_drop: Annotated[
        bool, typer.Option("--non-drop", help="Non-drop timecode at 29.97 and 59.94.")
    ] = False,
) -> None:
    """Cut a highlight reel: spots and unspotted peaks, ranked and fitted into a duration."""
    from spotkick.pipelines.highlights import HighlightsRequest, make_highlights
    from spotkick.reporter import make_reporter

    lists = {"edl": edl, "fcpxml": fcpxml, "otio": otio, "vtt": vtt, "csv": csv, "json": json}
    settings: dict[str, object] = {
        "lead_s": parse_named_numbers(lead, 2, "--lead Goal=10:30"),
        "interest": {
            label: numbers[0]
            for label, numbers in parse_named_numbers(interest, 1, "--interest Corner=0.8").items()
        },
        "spot_threshold": threshold,
        "peak_threshold": peak_threshold,
    }
    request = HighlightsRequest(
        spots=spots,
        videos=tuple(videos),
        out=out,
        lists={kind: path for kind, path in lists.items() if path is not None},
        poster=poster,
        scores=scores,
        checkpoint=checkpoint,
        budget_s=duration,
        settings={key: value for key, value in settings.items() if value is not None},
        starts_s=parse_starts(start),
        captions=captions,
        copy=copy,
        snap=not no_snap,
        drop=False if non_drop else None,
    )

    result = make_highlights(request, make_reporter())
    typer.echo("\n".join(result.lines(out)))
    for line in result.failures:
        typer.echo(f"error: {line}", err=True)
    if result.failures:
        raise typer.Exit(1)


def parse_named_numbers(
    options: Sequence[str] | None, count: int, example: str
) -> dict[str, tuple[float, ...]]:
    """Parse ``NAME=NUMBER:NUMBER`` options.

    Args:
        options: as given.
        count: numbers that each must have.
        example: for the message.

    Raises:
        ConfigError: if one has another form.
    """
    parsed = {}
    for option in options or ():
        name, equals, text = option.rpartition("=")
        if not equals or not name.strip():
            raise ConfigError(f"expected NAME=VALUE, got {option!r}")

        try:
            numbers = tuple(float(part) for part in text.split(":"))
        except ValueError:
            numbers = ()
        if len(numbers) != count:
            raise ConfigError(f"expected {example}, got {text!r}")
        parsed[name.strip()] = numbers
    return parsed


def parse_starts(options: Sequence[str] | None) -> dict[int, float]:
    """Parse ``PERIOD=SECONDS`` options.

    Raises:
        ConfigError: if one has another form.
    """
    example = "--start 2=3610.5"
    named = parse_named_numbers(options, 1, example)
    for name in named:
        if not name.isdecimal():
            raise ConfigError(
                f"expected --start PERIOD=SECONDS such as 2=3610.5, got period {name!r}"
            )
    return {int(name): numbers[0] for name, numbers in named.items()}
