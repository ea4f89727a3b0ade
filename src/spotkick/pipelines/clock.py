"""Find the match clock of videos: periods, goals on the scoreboard, and a chart of it."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from spotkick.datasets.match_videos import list_videos
from spotkick.datasets.periods import PERIODS_FILE, PeriodSpan, read_periods, write_periods
from spotkick.errors import InputError
from spotkick.files import read_json, walk_folders, write_text
from spotkick.reporter import Reporter, SilentReporter
from spotkick.scoreboard.clock_chart import clock_chart_svg
from spotkick.scoreboard.clock_lines import find_clock_lines, measure_speed
from spotkick.scoreboard.periods import FoundPeriod, find_periods
from spotkick.scoreboard.scan import ScoreboardScan, scan_scoreboard
from spotkick.scoreboard.score_changes import ScoreChange, find_score_changes
from spotkick.scoreboard.text_reader import TextReader
from spotkick.timeline import SOCCER_PERIODS_S, format_clock, match_clock
from spotkick.video_names import is_video_name

SOURCE: Final = "spotkick clock"
"""``found_by`` of the rows that this writes; others were written by people and stay."""

CHART_FILE: Final = "clock.svg"

_MAX_SCORES: Final = 40

_LATE_SCORE_S: Final = 120.0
"""A goal of the last minute may reach the scoreboard after the clock has gone."""


@dataclass(frozen=True, slots=True)
class MatchClock:
    """What the scoreboard of a video says.

    Attributes:
        video: the file.
        scan: everything that was read.
        periods: found; empty where there is no usable clock.
        changes: of the score.
        problem: why there are no periods, in one sentence; empty where there are.
    """

    video: Path
    scan: ScoreboardScan
    periods: tuple[FoundPeriod, ...]
    changes: tuple[ScoreChange, ...]
    problem: str = ""


def find_match_clock(
    video: Path, reader: TextReader, *, reporter: Reporter | None = None
) -> MatchClock:
    """Read the scoreboard of a video and find its periods.

    Args:
        video: file.
        reader: recognises text.
        reporter: shows the progress.

    Raises:
        InputError: if the file cannot be used.
    """
    scan = scan_scoreboard(video, reader, reporter=reporter)
    problem = _find_problem(scan)
    changes = tuple(find_score_changes(scan.readings))[:_MAX_SCORES]
    if problem:
        return MatchClock(video, scan, (), (), problem)
    periods = tuple(find_periods(find_clock_lines(scan.readings), scan.readings))
    if not periods:
        problem = "the clock was read too rarely, or its readings do not agree"
    shown = tuple(change for change in changes if _is_played(change, periods))
    return MatchClock(video, scan, periods, shown, problem)


def _is_played(change: ScoreChange, periods: Sequence[FoundPeriod]) -> bool:
    """Whether a change falls into a period; results of other matches and shoot-outs do not."""
    return any(p.start_s <= change.after_s <= p.end_s + _LATE_SCORE_S for p in periods)


def _find_problem(scan: ScoreboardScan) -> str:
    """Why a scan has no match clock, or nothing."""
    if scan.place is None:
        return "no scoreboard was found"
    if scan.place.clock is None and not any(r.clock_s is not None for r in scan.readings):
        return "the scoreboard shows no clock"
    speed = measure_speed(scan.readings)
    if speed.counts_down:
        return "the clock counts down, as in other sports; periods need one that counts up"
    if speed.contradicts:
        return "the clock contradicts itself: it runs at another speed than the file"
    return ""


def describe_clock(clock: MatchClock) -> list[str]:
    """Lines for people: periods, added time, goals, or why there are none."""
    if clock.problem:
        return [f"{clock.video.name}: {clock.problem}"]
    names = clock.scan.place.names if clock.scan.place else (None, None)
    teams = f", {names[0]} against {names[1]}" if names[0] and names[1] else ""
    lines = [f"{clock.video.name}: {_count_periods(len(clock.periods))}{teams}"]
    for period in clock.periods:
        before = period.start_s < 0
        begins = "before the file" if before else f"at {format_clock(period.start_s)}"
        added = f", {format_clock(period.added_s)} added" if period.added_s else ""
        lines.append(
            f"  period {period.period}: kick-off {begins} (± {period.uncertainty_s:.1f} s), "
            f"seen to {format_clock(period.end_s)}{added}"
        )
    lines += [f"  {describe_change(clock, change)}" for change in clock.changes]
    return [*lines, *(f"  {text}" for text in find_hidden_periods(clock))]


def _count_periods(count: int) -> str:
    return "1 period" if count == 1 else f"{count} periods"


def find_hidden_periods(clock: MatchClock) -> list[str]:
    """A line for each period that the file has room for and whose clock was not read.

    Args:
        clock: with periods.
    """
    found = {period.period: period for period in clock.periods}
    last = clock.periods[-1]
    texts = []
    for number in range(1, max(2, last.period) + 1):
        if number in found:
            continue
        length_s = SOCCER_PERIODS_S[number - 1]
        before, after = found.get(number - 1), found.get(number + 1)
        begin_s = before.end_s if before else 0.0
        end_s = after.start_s if after else clock.scan.duration_s
        if end_s - begin_s >= length_s:
            texts.append(
                f"the clock of period {number} was never read between {format_clock(begin_s)} and "
                f"{format_clock(end_s)}: it is left out unless periods.json or --period states it"
            )
    return texts


def describe_change(clock: MatchClock, change: ScoreChange) -> str:
    """A change of the score with the clock of the match, where a period holds it."""
    score = "{}-{}".format(*change.new)
    name = change.names[change.side] or ("first team", "second team")[change.side]
    taken = ", taken back later" if change.taken_back else ""
    inside = next((p for p in clock.periods if p.start_s <= change.after_s <= p.end_s), None)
    if inside is None:
        return f"{score} at {format_clock(change.after_s)} of the file ({name}){taken}"
    shown = match_clock(inside.period, round(1000 * (change.after_s - inside.start_s)))
    return f"{score} shown at {shown} ({name}){taken}"


def write_match_clock(
    clock: MatchClock, folder: Path | None = None, *, overwrite: bool = False
) -> tuple[Path, ...]:
    """Write ``periods.json`` and the chart.

    Args:
        clock: with periods.
        folder: where; the folder of the video unless given.
        overwrite: replace rows about this video that a person wrote.

    Returns:
        the files.

    Raises:
        InputError: if there are no periods, or a person's rows would be lost.
        StorageError: if a file cannot be written.
    """
    target = folder or clock.video.parent
    if not clock.periods:
        raise InputError(f"{clock.video}: {clock.problem}; nothing is written")
    if not overwrite:
        _require_own_rows(target / PERIODS_FILE, clock.video)
    spans = [_span_of(period, clock.video) for period in clock.periods]
    document = {"scores": {clock.video.name: [_change_row(change) for change in clock.changes]}}
    written = write_periods(target, spans, extra=_merge_scores(target / PERIODS_FILE, document))
    chart = target / f"{clock.video.stem}.{CHART_FILE}"
    svg = clock_chart_svg(
        clock.video.name,
        clock.scan.duration_s,
        clock.scan.readings,
        periods=clock.periods,
        changes=clock.changes,
    )
    write_text(chart, svg)
    return written, chart


def _merge_scores(path: Path, document: dict[str, Any]) -> dict[str, Any]:
    """Keep the score changes of other videos in the same folder."""
    former = read_json(path) if path.is_file() else {}
    scores = former.get("scores") if isinstance(former, dict) else None
    return {"scores": {**(scores if isinstance(scores, dict) else {}), **document["scores"]}}


def _require_own_rows(path: Path, video: Path) -> None:
    if not path.is_file():
        return
    for span in read_periods(path):
        about = span.file is None or span.file.name == video.name
        if about and span.extra.get("found_by") != SOURCE:
            raise InputError(
                f"{path} says already where the periods of {video.name} lie, and was not written "
                f"by '{SOURCE}'; remove it, or give --overwrite"
            )


def _span_of(period: FoundPeriod, video: Path) -> PeriodSpan:
    """A span of the file; of a period that began before it, the clock at its start."""
    extra = {
        "found_by": SOURCE,
        "confidence": period.confidence,
        "uncertainty_s": round(period.uncertainty_s, 2),
        "readings": period.num_readings,
        "added_s": round(period.added_s, 1),
    }
    return PeriodSpan(
        period.period,
        max(0.0, round(period.start_s, 2)),
        round(period.end_s, 2),
        file=video,
        position_s=max(0.0, -round(period.start_s, 2)),
        extra=extra,
    )


def _change_row(change: ScoreChange) -> dict[str, Any]:
    return {**asdict(change), "side": ("home", "away")[change.side]}


def find_videos(paths: Iterable[Path]) -> list[Path]:
    """Video files among paths, and those below folders among them."""
    found = []
    for path in paths:
        if path.is_dir():
            folders = walk_folders(path)
            found += [video.path for folder in folders for video in list_videos(folder)]
        elif path.is_file() and is_video_name(path):
            found.append(path)
    return found


def ensure_periods(
    paths: Iterable[Path], *, threads: int = 2, reporter: Reporter | None = None
) -> None:
    """Find the periods of videos that have no ``periods.json`` yet, and write it beside them.

    Where a clock cannot be found, those of the other videos are read and written first.

    Args:
        paths: videos and folders of videos; other files are passed over.
        threads: CPU threads of text recognition.
        reporter: shows progress, and a line about each video.

    Raises:
        InputError: if the clock of a video cannot be found.
        MissingExtraError: if RapidOCR is not installed.
    """
    shown = reporter or SilentReporter()
    waiting = [video for video in find_videos(paths) if not has_periods(video)]
    if not waiting:
        return
    reader = TextReader(threads=threads)
    failed: list[InputError] = []
    for video in waiting:
        try:
            clock = find_match_clock(video, reader, reporter=shown)
            write_match_clock(clock)
        except InputError as error:
            failed.append(error)
            continue
        for line in describe_clock(clock):
            shown.line(line)
    if failed:
        more = f" ({len(failed) - 1} more videos likewise)" if len(failed) > 1 else ""
        raise InputError(
            f"{failed[0]}{more}; leave out --clock, or state the periods in periods.json"
        )


def has_periods(video: Path) -> bool:
    """Whether ``periods.json`` beside a video speaks of it."""
    path = video.parent / PERIODS_FILE
    return path.is_file() and any(
        span.file is None or span.file.name == video.name for span in read_periods(path)
    )
