"""``spotkick highlights``: a reel and its lists from the spots and the videos of one match."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Final

from spotkick.actions import MatchActions
from spotkick.checkpoint import read_checkpoint
from spotkick.datasets.period_video import PeriodVideo
from spotkick.datasets.periods import PeriodSpan
from spotkick.errors import ConfigError, InputError, SpotkickError
from spotkick.files import check_outputs
from spotkick.formats.results import RESULTS_FILE, read_results
from spotkick.formats.scores import SCORES_FILE, MatchScores, read_scores
from spotkick.highlights.choosing import choose, propose
from spotkick.highlights.clips import Clip
from spotkick.highlights.config import HighlightsConfig
from spotkick.highlights.edit_list_files import LIST_FORMATS, write_list
from spotkick.highlights.edit_list_format import ReelListing
from spotkick.highlights.fitting import find_left_out
from spotkick.highlights.left_out_lines import describe_left_out
from spotkick.highlights.loudness import set_loudness
from spotkick.highlights.reel import (
    describe,
    make_title,
    plan_parts,
    plan_unseen_parts,
    render,
    total_s,
    write_poster,
)
from spotkick.highlights.shots import can_find_shots
from spotkick.pipelines.period_videos import PeriodChoice, find_period_videos, make_unseen_videos
from spotkick.pipelines.spot_outputs import read_spotted_periods
from spotkick.reporter import Reporter, SilentReporter
from spotkick.tasks import merge_side_values
from spotkick.video.reel_look import ReelLook
from spotkick.video.reel_parts import ReelPart, SoundChoice, reel_format

_SECONDS_ONLY: Final = frozenset(("csv", "json", "vtt", "chapters"))
"""Lists without frames, which need no frame rate."""

_UNSEEN_RATE: Final = Fraction(25)
_OUTPUT_OPTIONS: Final = (
    "--out reel.mp4, --poster, --edl, --fcpxml, --otio, --xmeml, --ale, --markers, --chapters, "
    "--vtt, --csv or --json"
)


@dataclass(frozen=True, slots=True)
class HighlightsRequest:
    """What is asked for.

    Attributes:
        spots: results file of one match, or a folder that holds one.
        videos: one of the whole match, or one per period; none for lists only.
        out: the reel; None writes lists only.
        lists: file of each list, by kind of `LIST_FORMATS`.
        poster: JPEG file.
        scores: scores of every frame; None takes ``scores.npz`` beside the spots.
        checkpoint: gives thresholds and lengths of clips.
        budget_s: longest duration of the reel.
        settings: of `HighlightsConfig`, on top of the checkpoint's.
        periods: where the periods lie in a single video.
        rate: frames per second of the videos, for lists without them.
        sound: which sound tracks.
        captions: burn captions in.
        font: of captions and title.
        title: painted over the first seconds of the reel; empty for none.
        copy: copy instead of encoding.
        snap: move ends of clips to shot changes.
        drop: drop-frame timecode; None for the custom of the frame rate.
        start_timecode: of the first frame of the reel; empty for the custom of each list.
        look: shape, codec and quality of the reel; those of its first video when None.
        loudness_lufs: of the sound of the reel; None leaves it as it is.
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
    periods: PeriodChoice = field(default_factory=PeriodChoice)
    rate: Fraction | None = None
    sound: SoundChoice = "auto"
    captions: bool = False
    font: Path | None = None
    title: str = ""
    copy: bool = False
    snap: bool = True
    drop: bool | None = None
    start_timecode: str = ""
    look: ReelLook | None = None
    loudness_lufs: float | None = None


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
        # a clip that was too long for the reel may be shown in pieces
        num_shown = len(self.listing.clips)
        proposed = f" of {self.num_proposed}" if num_shown <= self.num_proposed else ""
        count = f"{num_shown}{proposed} clips"
        reel = f": {out}" if out else ""
        shown = [f"  {clip.title}: {clip.reason}" for clip in self.listing.clips]
        left_out = describe_left_out(self.listing.left_out)
        return [f"{count}, {self.duration_s:.1f} s{reel}", *shown, *left_out]


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
    spotted = read_spotted_periods(read_files[0].parent) if request.videos else ()
    videos = _find_videos(request, match, scores, spotted, reporter)
    proposal = propose(match.actions, scores, videos, config)
    for note in proposal.notes:
        reporter.line(note)

    # What fits, and where exactly it is cut
    snap = bool(request.videos) and request.snap and _can_snap(reporter)
    chosen = choose(proposal.clips, request.budget_s, videos, config, snap=snap)
    left_out = find_left_out(proposal.clips, chosen, request.budget_s, config)
    left_out += proposal.left_out
    parts = _plan_cuts(request, chosen, videos, config)
    _report_missing_frames(parts, reporter)

    def list_reel(parts: Sequence[ReelPart]) -> ReelListing:
        title = match.match or request.spots.stem
        edits = describe(
            title,
            chosen,
            parts,
            videos,
            drop=request.drop,
            config=config,
            start_timecode=request.start_timecode,
        )
        return ReelListing(edits, chosen, left_out)

    # The reel first: copies are longer than planned, and the lists describe what was cut.
    listing = list_reel(parts)
    failures, lists = _check_lists(request.lists, listing, reporter)
    if request.out is not None:
        _report_fields(parts, videos, reporter, copied=request.copy)
        parts = _render_reel(request, request.out, parts, reporter)
        _set_loudness(request, reporter)
        listing = list_reel(parts)
    for kind, path in lists.items():
        failures += _collect_failure(partial(write_list, kind, path, listing))
    if request.poster is not None:
        failures += _collect_failure(partial(write_poster, request.poster, chosen, videos))
    return HighlightsResult(listing, len(proposal.clips), float(total_s(parts)), tuple(failures))


def _check_request(request: HighlightsRequest) -> None:
    if request.out is None and request.poster is None and not request.lists:
        raise ConfigError(f"nothing to write: give {_OUTPUT_OPTIONS}")
    if request.out is not None:
        reel_format(request.out)
    if request.copy and (request.look is not None or request.loudness_lufs is not None):
        raise ConfigError(
            "--copy copies pictures and sound as they are: leave out --aspect, --follow, --codec, "
            "--quality and --loudness"
        )
    if request.copy and request.title:
        raise ConfigError("--copy copies frames as they are: leave out --title")
    if request.look is not None:
        request.look.find_encoder()
    if request.videos:
        return
    if request.out is not None or request.poster is not None:
        raise ConfigError("a reel and a poster need the video; without one, only lists are written")
    counted = sorted(set(request.lists) - _SECONDS_ONLY)
    if request.rate is None and counted:
        raise ConfigError(
            f"--{counted[0]} without a video needs its frames per second: give --rate 25, or the "
            f"video"
        )


def _find_videos(
    request: HighlightsRequest,
    match: MatchActions,
    scores: MatchScores | None,
    spotted: Sequence[PeriodSpan],
    reporter: Reporter,
) -> dict[int, PeriodVideo]:
    if request.videos:
        return find_period_videos(request.videos, request.periods, reporter, spotted)
    return make_unseen_videos(match, scores, request.rate or _UNSEEN_RATE)


def _plan_cuts(
    request: HighlightsRequest,
    clips: Sequence[Clip],
    videos: Mapping[int, PeriodVideo],
    config: HighlightsConfig,
) -> tuple[ReelPart, ...]:
    if not request.videos:
        return plan_unseen_parts(clips, videos, config)
    return plan_parts(
        clips,
        videos,
        captions=request.captions and not request.copy,
        font=request.font,
        config=config,
        look=request.look,
    )


def _report_missing_frames(parts: Sequence[ReelPart], reporter: Reporter) -> None:
    """Say how many frames the clips lack, by damage or since they were not recorded."""
    missing: dict[Path, int] = {}
    for part in parts:
        path = part.cut.path
        missing[path] = missing.get(path, 0) + part.cut.missing_frames
    for path, count in missing.items():
        if count:
            reporter.line(
                f"{path}: {count} frames are missing in the clips, damaged or not recorded"
            )


def _report_fields(
    parts: Sequence[ReelPart],
    videos: Mapping[int, PeriodVideo],
    reporter: Reporter,
    *,
    copied: bool,
) -> None:
    """Say what happens to interlaced videos and to HDR."""
    infos = {
        stretch.info.path: stretch.info for video in videos.values() for stretch in video.stretches
    }
    for path in dict.fromkeys(part.cut.path for part in parts):
        if infos[path].is_interlaced:
            order = infos[path].field_order
            done = "stays interlaced" if copied else "is deinterlaced (bwdif)"
            reporter.line(f"{path} is interlaced, {order} field first: the reel {done}")
        if infos[path].hdr:
            depth = "as it is" if copied else "in 8 bits, where smooth areas may show bands"
            reporter.line(f"{path} is HDR ({infos[path].hdr}): the reel stays HDR, {depth}")


def _check_no_overwriting(request: HighlightsRequest, read_files: Sequence[Path]) -> None:
    outputs = {"--out": request.out, "--poster": request.poster}
    outputs |= {f"--{kind}": path for kind, path in request.lists.items()}
    inputs = [request.spots, *read_files, *request.videos]
    if request.checkpoint is not None:
        inputs += sorted(path for path in request.checkpoint.glob("*") if path.is_file())
    check_outputs(outputs, inputs)


def _render_reel(
    request: HighlightsRequest, out: Path, parts: Sequence[ReelPart], reporter: Reporter
) -> tuple[ReelPart, ...]:
    title = None
    if request.title.strip():
        title = make_title(request.title, parts, request.look, request.font)
    with reporter.task("reel", 100, "%") as task:
        return render(
            out,
            parts,
            mode="copy" if request.copy else "encode",
            sound=request.sound,
            look=request.look,
            title=title,
            progress=lambda share: task.update(int(100 * share)),
        )


def _set_loudness(request: HighlightsRequest, reporter: Reporter) -> None:
    """Bring the reel to its loudness, and say by how much each track was changed."""
    if request.out is None or request.loudness_lufs is None:
        return
    for number, (was, gain_db) in enumerate(set_loudness(request.out, request.loudness_lufs), 1):
        reached = was.integrated_lufs + gain_db
        short = "" if reached > request.loudness_lufs - 0.5 else ", more would clip its peaks"
        reporter.line(
            f"sound track {number}: {was.integrated_lufs:.1f} LUFS, {gain_db:+.1f} dB, now "
            f"{reached:.1f} LUFS{short}"
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
        found = read_checkpoint(checkpoint)
        trained, task = found.config, found.task
        values = {
            "class_thresholds": merge_side_values(trained.thresholds, task),
            "slicing_s": merge_side_values(trained.slicing_s, task),
        }
    if "spot_threshold" in settings:
        values |= {"class_thresholds": {}, "is_strict": True}
    return HighlightsConfig.parse(values | dict(settings), "highlights")


def _can_snap(reporter: Reporter) -> bool:
    if can_find_shots():
        return True
    reporter.line("clips are not moved to shot changes: pip install 'spotkick[highlights]'")
    return False
