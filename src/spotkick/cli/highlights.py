"""``spotkick highlights``: a reel and edit lists from spots and the video of a match."""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from spotkick.errors import ConfigError, InputError, SpotkickWarning

if TYPE_CHECKING:
    from spotkick.actions import MatchActions
    from spotkick.formats.scores import MatchScores
    from spotkick.highlights.config import HighlightsConfig
    from spotkick.highlights.reel import PeriodVideo


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
        Path | None, typer.Option(help="Write a picture of the best moment as JPEG.")
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
        typer.Option(
            min=0, max=1, help="Least score of a moment that was not spotted.", show_default="0.5"
        ),
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
    """Cut a highlight reel: spots, and moments that look like actions but were not spotted, ranked and fitted into a duration."""
    from spotkick.highlights.edit_list_files import write_list
    from spotkick.highlights.reel import (
        choose,
        describe,
        plan_parts,
        propose_clips,
        render,
        total_s,
        write_poster,
    )

    lists = {"edl": edl, "fcpxml": fcpxml, "otio": otio, "vtt": vtt, "csv": csv, "json": json}
    if out is None and poster is None and not any(lists.values()):
        raise ConfigError(
            "nothing to write: give --out reel.mp4, --poster, --edl, --fcpxml, --otio, --vtt, --csv or --json"
        )
    match, match_scores = _read_match(spots, scores)
    config = _config(checkpoint, threshold, peak_threshold, lead or [], interest or [])
    seen = _videos(videos, {action.period for action in match.actions}, start or [])
    clips = propose_clips(match.actions, match_scores, seen, config)
    chosen = choose(clips, duration, seen, config, snap=_can_snap(wanted=not no_snap))
    parts = plan_parts(chosen, seen, captions=captions and not copy)
    if out is not None:
        with _progress() as show:
            parts = render(out, parts, mode="copy" if copy else "encode", progress=show)
    edits = describe(
        match.match or spots.stem, chosen, parts, seen, drop=False if non_drop else None
    )
    shown = {candidate for clip in chosen for candidate in clip.candidates}
    left_out = [clip for clip in clips if clip.main not in shown]
    for kind, path in lists.items():
        if path is not None:
            write_list(kind, path, edits, chosen, left_out)
    if poster is not None:
        write_poster(poster, chosen, seen)
    typer.echo(
        f"{len(chosen)} of {len(clips)} clips, {float(total_s(parts)):.1f} s{f': {out}' if out else ''}"
    )
    for clip in chosen:
        typer.echo(f"  {clip.title}: {clip.reason}")


def _read_match(spots: Path, scores: Path | None) -> "tuple[MatchActions, MatchScores | None]":
    from spotkick.formats.results import RESULTS_FILE, read_results
    from spotkick.formats.scores import SCORES_FILE, read_scores

    file = spots / RESULTS_FILE if spots.is_dir() else spots
    if spots.is_dir() and not file.is_file():
        below = sorted(spots.rglob(RESULTS_FILE))
        if len(below) != 1:
            held = (
                f"{len(below)} matches; give the folder of one" if below else f"no {RESULTS_FILE}"
            )
            raise InputError(f"{spots}: a reel is cut from one match, this folder holds {held}")
        file = below[0]
    match = next(iter(read_results(file)))
    beside = file.parent / SCORES_FILE
    if scores is None and not beside.is_file():
        return match, None
    return match, read_scores(scores or beside)


def _config(
    checkpoint: Path | None,
    threshold: float | None,
    peak_threshold: float | None,
    lead: Sequence[str],
    interest: Sequence[str],
) -> "HighlightsConfig":
    from spotkick.highlights.config import HighlightsConfig

    values: dict[str, object] = {
        "lead_s": {
            label: _numbers(text, 2, "--lead Goal=10:30") for label, text in map(_split, lead)
        },
        "interest": {
            label: _numbers(text, 1, "--interest Corner=0.8")[0]
            for label, text in map(_split, interest)
        },
    }
    if checkpoint is not None:
        from spotkick.checkpoint import read_checkpoint

        trained = read_checkpoint(checkpoint).config
        values |= {"class_thresholds": trained.thresholds, "slicing_s": trained.slicing_s}
    if threshold is not None:
        values |= {"spot_threshold": threshold, "class_thresholds": {}}
    if peak_threshold is not None:
        values["peak_threshold"] = peak_threshold
    return HighlightsConfig.parse(values, "highlights")


def _split(option: str) -> tuple[str, str]:
    label, equals, text = option.rpartition("=")
    if not equals or not label.strip():
        raise ConfigError(f"expected NAME=VALUE, got {option!r}")
    return label.strip(), text


def _numbers(text: str, count: int, example: str) -> tuple[float, ...]:
    try:
        numbers = tuple(float(part) for part in text.split(":"))
    except ValueError:
        numbers = ()
    if len(numbers) != count:
        raise ConfigError(f"expected {example}, got {text!r}")
    return numbers


def _videos(
    paths: Sequence[Path], periods: set[int], starts: Sequence[str]
) -> "dict[int, PeriodVideo]":
    """Videos by period: one per half as their names say, or one of the whole match with the times at which periods start."""
    from spotkick.highlights.reel import PeriodVideo
    from spotkick.video.probe import probe

    begin_s: dict[int, float] = {}
    for label, text in map(_split, starts):
        if not label.isdecimal():
            raise ConfigError(
                f"expected --start PERIOD=SECONDS such as 2=3610.5, got period {label!r}"
            )
        begin_s[int(label)] = _numbers(text, 1, "--start 2=3610.5")[0]
    if len(paths) > 1 or (not begin_s and _period_in(paths[0]) is not None):
        numbered = {_period_in(path): path for path in paths}
        if None in numbered or len(numbered) < len(paths) or begin_s:
            raise InputError(
                "several videos must be one per period, named 1_*, 2_* and so on, without --start"
            )
        return {
            period: PeriodVideo(probe(path))
            for period, path in numbered.items()
            if period is not None
        }
    info = probe(paths[0])
    begin_s.setdefault(1, 0.0)
    unknown = sorted(periods - set(begin_s))
    if unknown:
        import warnings

        names = ", ".join(map(str, unknown))
        message = f"actions of period {names} are left out: say when it starts in the video with --start {unknown[0]}=SECONDS"
        warnings.warn(message, SpotkickWarning, stacklevel=2)
    ends = {
        period: min((s for s in begin_s.values() if s > first), default=None)
        for period, first in begin_s.items()
    }
    return {
        period: PeriodVideo(info, first, ends[period]) for period, first in sorted(begin_s.items())
    }


def _period_in(path: Path) -> int | None:
    head, separator, _ = path.name.partition("_")
    return int(head) if separator and head.isdecimal() and len(head) == 1 and head != "0" else None


def _can_snap(*, wanted: bool) -> bool:
    from spotkick.highlights.shots import can_find_shots

    if wanted and not can_find_shots():
        typer.echo(
            "clips are not moved to shot changes: pip install 'spotkick[highlights]'", err=True
        )
        return False
    return wanted


@contextmanager
def _progress() -> Iterator[Callable[[float], None]]:
    """A bar on a terminal, a line each tenth elsewhere."""
    from tqdm import tqdm

    terminal = sys.stderr.isatty()
    tenths = 0
    with tqdm(total=100, unit="%", disable=not terminal, leave=False, desc="reel") as bar:

        def show(share: float) -> None:
            nonlocal tenths
            bar.update(int(100 * share) - bar.n)
            if not terminal and int(10 * share) > tenths:
                tenths = int(10 * share)
                typer.echo(f"reel: {10 * tenths} %", err=True)

        yield show
