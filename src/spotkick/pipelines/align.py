"""Event feeds onto videos: offset and drift of each period, then labels, spots and XML of it.

Times are those of the file where one file holds the whole match, and those of the period where each
period has files of its own.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Final

from spotkick.actions import Action, MatchActions
from spotkick.datasets.period_video import PeriodVideo
from spotkick.datasets.periods import PeriodSpan
from spotkick.errors import ConfigError, InputError
from spotkick.events.alignment import PeriodFit, align_period
from spotkick.events.kloppy_reader import read_feed
from spotkick.events.mapping import load_mapping, map_feed
from spotkick.events.offset_search import Mark, half_step_s, kind_of
from spotkick.events.providers import find_provider
from spotkick.events.residual_chart import describe_fit
from spotkick.formats.reading import read_actions
from spotkick.formats.results import RESULTS_FILE
from spotkick.pipelines.align_goals import refuse_other_score
from spotkick.pipelines.period_videos import PeriodChoice, find_period_videos
from spotkick.pipelines.spot_outputs import read_spotted_periods
from spotkick.reporter import Reporter, SilentReporter

_SEARCH_MAPPING: Final = "soccernet-v2"
"""Classes by which feeds are compared with spots, whatever is written."""

_AFTER_LAST_S: Final = 30.0
"""A period is taken to last this long after its last event."""

_OVERLAP_S: Final = 60.0
"""The kick-off of a period may lie so long before the last event of the one before it."""


@dataclass(frozen=True, slots=True)
class AlignRequest:
    """What is aligned with what.

    Attributes:
        events: file of a data provider, or of any format of labels.
        videos: of one match.
        spots: predictions or labels of the videos; None to go by the match clock alone.
        mapping: from events of a provider to the labels that are written.
        companion: of the provider's file; looked for beside it when None.
    """

    events: Path
    videos: tuple[Path, ...]
    spots: Path | None = None
    mapping: str = _SEARCH_MAPPING
    companion: Path | None = None


@dataclass(frozen=True, slots=True)
class Alignment:
    """The events of a match, where they lie in its video.

    Attributes:
        match: actions of the periods that were aligned; ``period_starts_ms`` where one file holds
            the match.
        fits: of all periods of the feed.
        videos: the files of each aligned period.
        outside: events that lie outside of the video.
    """

    match: MatchActions
    fits: tuple[PeriodFit, ...]
    videos: Mapping[int, tuple[PeriodSpan, ...]]
    outside: int = 0

    @property
    def is_aligned(self) -> bool:
        """Whether any period was aligned."""
        return any(not fit.problem for fit in self.fits)

    def lines(self) -> list[str]:
        """For people: one line for each period, and what was left out."""
        lines = [describe_fit(fit) for fit in self.fits]
        if self.outside:
            lines.append(f"{self.outside} events lie outside of the video and were left out")
        return lines


def align_events(request: AlignRequest, reporter: Reporter | None = None) -> Alignment:
    """Find where the events of a match lie in its video.

    Args:
        request: what is aligned with what.
        reporter: receives a line about joined files.

    Raises:
        InputError: if a file cannot be used, or holds several matches.
        ConfigError: if there is neither a match clock nor a file of spots.
    """
    reporter = reporter or SilentReporter()
    actions, searched = _read_events(request)
    videos = find_period_videos(request.videos, PeriodChoice(), reporter)
    one_file = len({item.info.path for video in videos.values() for item in video.stretches}) == 1
    clocks = _clock_starts(videos) if one_file else {}
    if request.spots is None and not clocks:
        raise ConfigError(
            "events are aligned by the match clock or by spots, and there is neither: give "
            "--spots, --checkpoint, or --clock (or run 'spotkick clock' on the video)"
        )

    # Each period by itself, then the order of the periods in one file.
    spots = _read_spots(request.spots, videos, one_file=one_file)
    periods = sorted({action.period for action in actions.actions})
    fits = tuple(
        align_period(
            period,
            _marks_of(searched, period),
            spots.get(None if one_file else period, []),
            clock_s=clocks.get(period),
        )
        for period in periods
    )
    if one_file:
        fits = _refuse_disorder(fits, actions)
    if request.spots is None:
        spans = [span for period, video in videos.items() for span in _spans_of(period, video)]
        marks = {period: _marks_of(searched, period) for period in periods}
        fits = refuse_other_score(fits, marks, spans)
    return _place_actions(actions, fits, videos, one_file=one_file)


def _read_events(request: AlignRequest) -> tuple[MatchActions, MatchActions]:
    """The actions that are written, and those that are compared with spots."""
    if find_provider(request.events) is not None:
        feed = read_feed(request.events, request.companion)
        written = map_feed(feed, load_mapping(request.mapping)).match
        if request.mapping == _SEARCH_MAPPING:
            return written, written
        return written, map_feed(feed, load_mapping(_SEARCH_MAPPING)).match
    found = read_actions(request.events)
    if len(found) != 1:
        raise InputError(
            f"{request.events}: events of one match are needed, this holds {len(found)} matches"
        )
    return found[0], found[0]


def _clock_starts(videos: Mapping[int, PeriodVideo]) -> dict[int, float]:
    """Kick-offs in the file, where ``periods.json`` states them."""
    return {
        period: video.stretches[0].start_s - video.begin_s
        for period, video in videos.items()
        if not video.is_whole_file
    }


def _read_spots(
    path: Path | None, videos: Mapping[int, PeriodVideo], *, one_file: bool
) -> dict[int | None, list[Mark]]:
    """Spots by period, or all of them under None in seconds of the one file."""
    if path is None:
        return {}
    file = path / RESULTS_FILE if (path / RESULTS_FILE).is_file() else path
    found = read_actions(file)
    if len(found) != 1:
        raise InputError(f"{path}: spots of one match are needed, this holds {len(found)} matches")

    # Where the file says that its periods lie, or where they lay when the video was spotted; one
    # period is the whole file otherwise.
    starts_s = {period: start_ms / 1000 for period, start_ms in found[0].period_starts_ms}
    starts_s = starts_s or {
        span.period: span.start_s - span.position_s for span in read_spotted_periods(file.parent)
    }
    numbers = {action.period for action in found[0]}
    if not starts_s and numbers != {1}:
        starts_s = dict(_clock_starts(videos))
    if one_file and numbers != {1} and numbers - starts_s.keys():
        raise InputError(
            f"{path}: where period {min(numbers - starts_s.keys())} begins in the video is not "
            "known; give --clock or periods.json beside the video, or spots in times of the video"
        )
    marks: dict[int | None, list[Mark]] = {}
    predicted = [action.position_ms for action in found[0] if action.confidence is not None]
    middle_s = half_step_s(predicted)
    for action in found[0]:
        start_s = starts_s.get(action.period, 0.0) if one_file else 0.0
        mark = Mark(
            kind_of(action.label),
            start_s + action.position_s + (0.0 if action.confidence is None else middle_s),
            weight=1.0 if action.confidence is None else max(0.0, action.confidence),
            label=action.label,
        )
        marks.setdefault(None if one_file else action.period, []).append(mark)
    return marks


def _marks_of(match: MatchActions, period: int) -> list[Mark]:
    return [
        Mark(kind_of(action.label), action.position_s, label=action.label)
        for action in match
        if action.period == period
    ]


def _refuse_disorder(fits: Sequence[PeriodFit], match: MatchActions) -> tuple[PeriodFit, ...]:
    """Of two periods that overlap in the file, the one with the smaller lead is refused."""
    checked = list(fits)
    for first, second in pairwise(range(len(fits))):
        before, after = checked[first], checked[second]
        last_s = max(a.position_s for a in match if a.period == before.period)
        if before.problem or after.problem:
            continue
        if before.time_of(last_s) - _OVERLAP_S > after.offset_s:
            weaker = min((first, second), key=lambda number: checked[number].lead or 0.0)
            other = second if weaker == first else first
            checked[weaker] = replace(
                checked[weaker],
                problem=f"it would overlap period {checked[other].period} in the video",
            )
    return tuple(checked)


def _place_actions(
    match: MatchActions,
    fits: Sequence[PeriodFit],
    videos: Mapping[int, PeriodVideo],
    *,
    one_file: bool,
) -> Alignment:
    # Times of the file, or of the period's own files; what they do not show is left out.
    aligned = {fit.period: fit for fit in fits if not fit.problem}
    duration_s = max(item.info.duration_s for video in videos.values() for item in video.stretches)
    placed: list[Action] = []
    outside = 0
    for action in match:
        fit = aligned.get(action.period)
        if fit is None:
            continue
        time_s = fit.time_of(action.position_s)
        end_s = duration_s if one_file else videos[action.period].duration_s
        if not 0 <= time_s <= end_s:
            outside += 1
            continue
        position_s = time_s - fit.offset_s if one_file else time_s
        placed.append(replace(action, position_ms=round(1000 * position_s)))

    starts_ms = {period: round(1000 * fit.offset_s) for period, fit in aligned.items()}
    spans = (
        _spans_in_file(aligned, match, videos)
        if one_file
        else {period: _spans_of(period, videos[period]) for period in aligned if period in videos}
    )
    return Alignment(
        MatchActions(match.match, tuple(placed), tuple(starts_ms.items()) if one_file else ()),
        tuple(fits),
        spans,
        outside,
    )


def _spans_of(period: int, video: PeriodVideo) -> tuple[PeriodSpan, ...]:
    return tuple(
        PeriodSpan(period, item.start_s, item.end_s, item.info.path) for item in video.stretches
    )


def _spans_in_file(
    aligned: Mapping[int, PeriodFit], match: MatchActions, videos: Mapping[int, PeriodVideo]
) -> dict[int, tuple[PeriodSpan, ...]]:
    """Where the periods lie in the one file: from their kick-off to shortly after their end."""
    info = next(iter(videos.values())).stretches[0].info
    spans = {}
    limit_s = info.duration_s
    for period in sorted(aligned, reverse=True):
        fit = aligned[period]
        last_s = max(action.position_s for action in match if action.period == period)
        end_s = min(limit_s, fit.time_of(last_s) + _AFTER_LAST_S)
        start_s = max(0.0, fit.offset_s)
        if end_s <= start_s:
            continue
        position_s = max(0.0, -fit.offset_s)
        span = PeriodSpan(period, start_s, end_s, info.path, position_s=position_s)
        spans[period] = (span,)
        limit_s = start_s
    return dict(sorted(spans.items()))
