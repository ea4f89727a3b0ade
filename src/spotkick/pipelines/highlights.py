"""``spotkick highlights``: a reel and its lists from the spots and the videos of one match."""

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from spotkick.actions import MatchActions
from spotkick.checkpoint import read_checkpoint
from spotkick.errors import ConfigError, InputError, SpotkickError, SpotkickWarning
from spotkick.files import check_outputs
from spotkick.formats.results import RESULTS_FILE, read_results
from spotkick.formats.scores import SCORES_FILE, MatchScores, read_scores
from spotkick.highlights.config import HighlightsConfig
from spotkick.highlights.edit_list_files import LIST_FORMATS, write_list
from spotkick.highlights.edit_list_format import ReelListing
from spotkick.highlights.reel import (
    PeriodVideo,
    choose,
    describe,
    plan_parts,
    propose_clips,
    render,
    total_s,
    write_poster,
)
from spotkick.highlights.shots import can_find_shots
from spotkick.reporter import Reporter, SilentReporter
from spotkick.video.cut import ReelPart, reel_format
from spotkick.video.probe import probe

_OUTPUT_OPTIONS = "--out reel.mp4, --poster, --edl, --fcpxml, --otio, --vtt, --csv or --json"


@dataclass(frozen=True, slots=True)
class HighlightsRequest:
    """What is asked for.

    Attributes:
        spots: results file of one match, or a folder that holds one.
        videos: one of the whole match, or one per period.
        out: the reel; None writes lists only.
        lists: file of each list, by kind of `LIST_FORMATS`.
        poster: JPEG file.
        scores: scores of every frame; None takes ``scores.npz`` beside the spots.
        checkpoint: gives thresholds and lengths of clips.
        budget_s: longest duration of the reel.
        settings: of `HighlightsConfig`, on top of the checkpoint's.
        starts_s: second of a single video at which each period starts.
        captions: burn captions in.
        copy: copy instead of encoding.
        snap: move ends of clips to shot changes.
        drop: drop-frame timecode; None for the custom of the frame rate.
    """

    spots: Path
    videos: tuple[Path, ...]
    out: Path | None = None
    lists: Mapping[str, Path] = field(default_factory=dict)
    poster: Path | None = None
    scores: Path | None = None
    checkpoint: Path | None = None
    budget_s: float = 180.0
    settings: Mapping[str, object] = field(default_factory=dict)
    starts_s: Mapping[int, float] = field(default_factory=dict)
    captions: bool = False
    copy: bool = False
    snap: bool = True
    drop: bool | None = None


@dataclass(frozen=True, slots=True)
class HighlightsResult:
    """What was made.

    Attributes:
        listing: the reel.
        num_proposed: clips that were proposed.
        duration_s: length of the reel.
        failures: one line for each output that could not be written.
    """

    listing: ReelListing
    num_proposed: int
    duration_s: float
    failures: tuple[str, ...] = ()

    def lines(self, out: Path | None = None) -> list[str]:
        """Summary for the terminal."""
        count = f"{len(self.listing.clips)} of {self.num_proposed} clips"
        reel = f": {out}" if out else ""
        shown = [f"  {clip.title}: {clip.reason}" for clip in self.listing.clips]
        return [f"{count}, {self.duration_s:.1f} s{reel}", *shown]


def make_highlights(
    request: HighlightsRequest, reporter: Reporter | None = None
) -> HighlightsResult:
    """Propose, choose, cut and describe the highlights of a match.

    Outputs are checked before anything is encoded. An output that fails does not stop the others.

    Args:
        request: what to read and write.
        reporter: receives progress and lines.

    Raises:
        ConfigError: if there is nothing to write, or a setting is not valid.
        InputError: if an output would overwrite an input, or spots or videos cannot be used.
        StorageError: if the reel cannot be written.
    """
    reporter = reporter or SilentReporter()
    _check_request(request)

    # What is there to show
    match, scores, read_files = read_match(request.spots, request.scores)
    _check_no_overwriting(request, read_files)
    config = make_config(request.settings, request.checkpoint)
    periods = {action.period for action in match.actions}
    videos = find_period_videos(request.videos, periods, request.starts_s)
    clips = propose_clips(match.actions, scores, videos, config)

    # What fits, and where exactly it is cut
    snap = request.snap and _can_snap(reporter)
    chosen = choose(clips, request.budget_s, videos, config, snap=snap)
    parts = plan_parts(chosen, videos, captions=request.captions and not request.copy)
    title = match.match or request.spots.stem
    shown = {candidate for clip in chosen for candidate in clip.candidates}
    left_out = tuple(clip for clip in clips if clip.main not in shown)
    listing = ReelListing(
        describe(title, chosen, parts, videos, drop=request.drop), chosen, left_out
    )
    failures, lists = _check_lists(request.lists, listing, reporter)

    # The reel first: copies are longer than planned, and the lists describe what was cut.
    if request.out is not None:
        parts = _render(request, request.out, parts, reporter)
        edits = describe(title, chosen, parts, videos, drop=request.drop)
        listing = ReelListing(edits, chosen, left_out)
    for kind, path in lists.items():
        failures += _collect_failure(partial(write_list, kind, path, listing))
    if request.poster is not None:
        failures += _collect_failure(partial(write_poster, request.poster, chosen, videos))
    return HighlightsResult(listing, len(clips), float(total_s(parts)), tuple(failures))


def _check_request(request: HighlightsRequest) -> None:
    if request.out is None and request.poster is None and not request.lists:
        raise ConfigError(f"nothing to write: give {_OUTPUT_OPTIONS}")
    if request.out is not None:
        reel_format(request.out)


def _check_no_overwriting(request: HighlightsRequest, read_files: Sequence[Path]) -> None:
    outputs = {"--out": request.out, "--poster": request.poster}
    outputs |= {f"--{kind}": path for kind, path in request.lists.items()}
    inputs = [request.spots, *read_files, *request.videos]
    if request.checkpoint is not None:
        inputs += sorted(path for path in request.checkpoint.glob("*") if path.is_file())
    check_outputs(outputs, inputs)


def _render(
    request: HighlightsRequest, out: Path, parts: Sequence[ReelPart], reporter: Reporter
) -> tuple[ReelPart, ...]:
    with reporter.task("reel", 100, "%") as task:
        return render(
            out,
            parts,
            mode="copy" if request.copy else "encode",
            progress=lambda share: task.update(int(100 * share)),
        )


def _check_lists(
    wanted: Mapping[str, Path], listing: ReelListing, reporter: Reporter
) -> tuple[list[str], dict[str, Path]]:
    """Check which lists can hold the reel, before it is encoded.

    Returns:
        one line for each list that cannot be written; the others.
    """
    failures: list[str] = []
    possible: dict[str, Path] = {}
    for kind, path in wanted.items():
        failed = _collect_failure(partial(LIST_FORMATS[kind].check, listing.edits))
        failures += failed
        for line in failed:
            reporter.line(f"warning: --{kind} is not written: {line}")
        if not failed:
            possible[kind] = path
    return failures, possible


def _collect_failure(write: Callable[[], None]) -> list[str]:
    """Run one step; its failure becomes a line instead of an exception."""
    try:
        write()
    except SpotkickError as error:
        return [" ".join(str(error).split())]
    return []


def read_match(
    spots: Path, scores: Path | None
) -> tuple[MatchActions, MatchScores | None, tuple[Path, ...]]:
    """Read the spots of one match, and its scores where there are any.

    Returns:
        spots, scores, and the files that were read.

    Raises:
        InputError: if a folder holds no match or several, or a file cannot be read.
    """
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
        return match, None, (file,)
    return match, read_scores(scores or beside), (file, scores or beside)


def make_config(settings: Mapping[str, object], checkpoint: Path | None) -> HighlightsConfig:
    """Settings on top of the thresholds and the slicing of a checkpoint.

    Raises:
        ConfigError: if a setting is not valid.
        CheckpointError: if the checkpoint cannot be read.
    """
    values: dict[str, object] = {}
    if checkpoint is not None:
        trained = read_checkpoint(checkpoint).config
        values = {"class_thresholds": trained.thresholds, "slicing_s": trained.slicing_s}
    if "spot_threshold" in settings:
        values["class_thresholds"] = {}
    return HighlightsConfig.parse(values | dict(settings), "highlights")


def find_period_videos(
    paths: Sequence[Path], periods: set[int], starts_s: Mapping[int, float]
) -> dict[int, PeriodVideo]:
    """Videos by period: one per period as their names say, or one of the whole match.

    Args:
        paths: the videos.
        periods: that occur in the spots.
        starts_s: second of a single video at which each period starts.

    Raises:
        InputError: if several videos are not one per period, or one cannot be read.
    """
    if len(paths) > 1 or (not starts_s and period_of_name(paths[0]) is not None):
        numbered = {period_of_name(path): path for path in paths}
        if None in numbered or len(numbered) < len(paths) or starts_s:
            raise InputError(
                "several videos must be one per period, named 1_*, 2_* and so on, without --start"
            )
        return {
            period: PeriodVideo(probe(path))
            for period, path in numbered.items()
            if period is not None
        }

    # One file of the whole match: a period ends where the next one starts.
    info = probe(paths[0])
    begin_s = {1: 0.0, **starts_s}
    unknown = sorted(periods - set(begin_s))
    if unknown:
        names = ", ".join(map(str, unknown))
        warnings.warn(
            f"actions of period {names} are left out: give its start in the video with "
            f"--start {unknown[0]}=SECONDS",
            SpotkickWarning,
            stacklevel=2,
        )
    return {
        period: PeriodVideo(
            info, first_s, min((s for s in begin_s.values() if s > first_s), default=None)
        )
        for period, first_s in sorted(begin_s.items())
    }


def period_of_name(path: Path) -> int | None:
    """Period of a file named ``1_*``, ``2_*`` and so on."""
    head, separator, _ = path.name.partition("_")
    return int(head) if separator and head.isdecimal() and len(head) == 1 and head != "0" else None


def _can_snap(reporter: Reporter) -> bool:
    if can_find_shots():
        return True
    reporter.line("clips are not moved to shot changes: pip install 'spotkick[highlights]'")
    return False
