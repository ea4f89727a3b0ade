"""``spotkick highlights``: a reel and its lists from the spots and the videos of one match."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from spotkick.datasets.period_video import PeriodVideo
from spotkick.highlights.choosing import choose, propose
from spotkick.highlights.clips import Clip
from spotkick.highlights.config import HighlightsConfig
from spotkick.highlights.edit_list_format import ReelListing
from spotkick.highlights.fitting import find_left_out
from spotkick.highlights.left_out_lines import describe_left_out
from spotkick.highlights.reel import describe, plan_parts, plan_unseen_parts, total_s, write_poster
from spotkick.highlights.shots import can_find_shots
from spotkick.pipelines.highlights_inputs import find_videos, make_config, read_match
from spotkick.pipelines.highlights_outputs import (
    check_lists,
    collect_failure,
    write_lists,
    write_reel,
)
from spotkick.pipelines.highlights_request import (
    HighlightsRequest,
    check_no_overwriting,
    check_request,
)
from spotkick.pipelines.spot_outputs import read_spotted_periods
from spotkick.reporter import Reporter, SilentReporter
from spotkick.video.reel_parts import ReelPart


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
    check_request(request)

    # What is there to show
    match, scores, read_files = read_match(request.spots, request.scores)
    check_no_overwriting(request, read_files)
    config = make_config(request.settings, request.checkpoint)
    spotted = read_spotted_periods(read_files[0].parent) if request.videos else ()
    videos = find_videos(request, match, scores, spotted, reporter)
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
    failures, lists = check_lists(request.lists, listing, reporter)
    if request.out is not None:
        parts = write_reel(request, request.out, parts, videos=videos, reporter=reporter)
        listing = list_reel(parts)
    failures += write_lists(lists, listing)
    if request.poster is not None:
        failures += collect_failure(partial(write_poster, request.poster, chosen, videos))
    return HighlightsResult(listing, len(proposal.clips), float(total_s(parts)), tuple(failures))


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


def _can_snap(reporter: Reporter) -> bool:
    if can_find_shots():
        return True
    reporter.line("clips are not moved to shot changes: pip install 'spotkick[highlights]'")
    return False
