"""Writing a reel, its lists and its poster; one that fails does not stop the others."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

from spotkick.datasets.period_video import PeriodVideo
from spotkick.errors import SpotkickError
from spotkick.highlights.edit_list_files import LIST_FORMATS, write_list
from spotkick.highlights.edit_list_format import ReelListing
from spotkick.highlights.loudness import set_loudness
from spotkick.highlights.reel import make_title, render
from spotkick.pipelines.highlights_request import HighlightsRequest
from spotkick.reporter import Reporter
from spotkick.video.reel_parts import ReelPart


def check_lists(
    wanted: Mapping[str, Path], listing: ReelListing, reporter: Reporter
) -> tuple[list[str], dict[str, Path]]:
    """Check which lists can hold the reel, before it is encoded.

    Returns:
        one line for each list that cannot be written; the others.
    """
    failures: list[str] = []
    possible: dict[str, Path] = {}
    for kind, path in wanted.items():
        failed = collect_failure(partial(LIST_FORMATS[kind].check, listing.edits))
        failures += failed
        for line in failed:
            reporter.line(f"warning: --{kind} is not written: {line}")
        if not failed:
            possible[kind] = path
    return failures, possible


def write_reel(
    request: HighlightsRequest,
    out: Path,
    parts: Sequence[ReelPart],
    *,
    videos: Mapping[int, PeriodVideo],
    reporter: Reporter,
) -> tuple[ReelPart, ...]:
    """Write the reel, and bring it to its loudness.

    Returns:
        the parts as they were cut: copies are longer than planned.

    Raises:
        StorageError: if it cannot be written.
    """
    _report_fields(parts, videos, reporter, copied=request.copy)
    cut = _render_reel(request, out, parts, reporter)
    if request.loudness_lufs is not None:
        _adjust_loudness(out, request.loudness_lufs, reporter)
    return cut


def write_lists(lists: Mapping[str, Path], listing: ReelListing) -> list[str]:
    """Write lists that can hold the reel; returns one line for each that failed."""
    failures: list[str] = []
    for kind, path in lists.items():
        failures += collect_failure(partial(write_list, kind, path, listing))
    return failures


def collect_failure(write: Callable[[], None]) -> list[str]:
    """Run one step; its failure becomes a line instead of an exception."""
    try:
        write()
    except SpotkickError as error:
        return [" ".join(str(error).split())]
    return []


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


def _adjust_loudness(out: Path, loudness_lufs: float, reporter: Reporter) -> None:
    """Bring the reel to its loudness, and say by how much each track was changed."""
    for number, (was, gain_db) in enumerate(set_loudness(out, loudness_lufs), 1):
        reached = was.integrated_lufs + gain_db
        short = "" if reached > loudness_lufs - 0.5 else ", more would clip its peaks"
        reporter.line(
            f"sound track {number}: {was.integrated_lufs:.1f} LUFS, {gain_db:+.1f} dB, now "
            f"{reached:.1f} LUFS{short}"
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
