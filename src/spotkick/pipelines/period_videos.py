"""Which stretch of which given video shows which period of a match."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

from spotkick.actions import MatchActions
from spotkick.datasets.match_videos import choose_videos, list_videos, read_stated_periods
from spotkick.datasets.period_video import PeriodVideo, open_periods
from spotkick.datasets.periods import PeriodSpan, close_spans, find_contradiction
from spotkick.errors import ConfigError, InputError
from spotkick.formats.scores import MatchScores
from spotkick.reporter import Reporter
from spotkick.video.probe import VideoInfo
from spotkick.video_names import VideoName, parse_video_name

_AFTER_LAST_S = 60.0
"""Without a video and scores, a period lasts this long after its last spot."""


@dataclass(frozen=True, slots=True)
class PeriodChoice:
    """What the user states about the periods of a video.

    Attributes:
        period: the only one in the video; None when not given.
        spans: several in one video.
        starts_s: second at which each period starts; each lasts until the next one.
    """

    period: int | None = None
    spans: tuple[PeriodSpan, ...] = ()
    starts_s: Mapping[int, float] | None = None

    def find_spans(self) -> tuple[PeriodSpan, ...]:
        """The periods of the video; none when nothing is given.

        Raises:
            ConfigError: if starts are given besides periods, or contradict each other.
        """
        if not self.starts_s:
            return self.spans or ((PeriodSpan(self.period),) if self.period else ())
        if self.period or self.spans:
            raise ConfigError("give either --period or --start, not both")
        spans = [PeriodSpan(period, s) for period, s in {1: 0.0, **self.starts_s}.items()]
        problem = find_contradiction(spans)
        if problem:
            raise ConfigError(f"--start: {problem}")
        return close_spans(spans)


def find_period_videos(
    paths: Sequence[Path],
    choice: PeriodChoice,
    reporter: Reporter,
    spotted: Sequence[PeriodSpan] = (),
) -> dict[int, PeriodVideo]:
    """Videos by period, as the options, ``periods.json``, the spotting or their names say.

    A single video of which nothing says a period is the first one. A period in several files is
    joined in their order.

    Args:
        paths: videos, or the folder of a match.
        choice: of the user.
        reporter: receives a line about joined files, and copies that are not used.
        spotted: where the periods lay when the spots were made; see `read_spotted_periods`.

    Raises:
        InputError: if it is not clear which video shows which period, or one cannot be read.
    """
    videos = [name for path in paths for name in _list_names(path)]
    spans = choice.find_spans()
    if spans:
        if len(videos) != 1:
            raise InputError(
                f"--period and --start are about one video of the whole match, got {len(videos)}; "
                f"several videos are named 1_*, 2_* and so on, or described by periods.json"
            )
        return open_periods(spans, videos[0].path)

    folders = dict.fromkeys(video.path.parent for video in videos)
    stated = [span for folder in folders for span in read_stated_periods(folder)]
    if not stated:
        stated = _place_spotted(videos, spotted, reporter)
    unclear = [video for video in videos if video.period is None and video.part is None]
    named = {span.file.name for span in stated if span.file is not None}
    if len(videos) > 1 and any(video.path.name not in named for video in unclear):
        raise InputError(
            "several videos must be one per period, named 1_*, 2_* and so on (parts of a period: "
            "1_part1, 1_part2), or described by periods.json, without --start"
        )

    # Names and periods.json decide together, as in every other command.
    chosen = choose_videos(videos, stated)
    for line in chosen.describe():
        reporter.line(line)
    return open_periods(chosen.spans, videos[0].path)


def _place_spotted(
    videos: Sequence[VideoName], spotted: Sequence[PeriodSpan], reporter: Reporter
) -> list[PeriodSpan]:
    """The periods as they were when the spots were made, if that was from these very files."""
    paths = {video.path.name: video.path for video in videos}
    placed = [
        replace(span, file=paths[span.file.name])
        for span in spotted
        if span.file is not None and span.file.name in paths
    ]
    unplaced = [span for span in spotted if not span.is_whole_file]
    if {span.file for span in placed} == set(paths.values()):
        for span in placed:
            if not span.is_whole_file and span.file is not None:
                reporter.line(f"{span.file.name}: {span.describe()}, as it was spotted")
        return placed

    # Another copy of the recording may begin elsewhere: the user knows.
    if unplaced and not placed:
        lines = ", ".join(span.describe() for span in unplaced)
        reporter.line(
            f"the spots were made from {unplaced[0].file} with {lines}; --period says where the "
            f"periods lie in {videos[0].path.name}"
        )
    return []


def _list_names(path: Path) -> list[VideoName]:
    if not path.is_dir():
        return [parse_video_name(path)]
    found = list_videos(path)
    if not found:
        raise InputError(f"{path}: this is a folder without videos; a video file is needed")
    return found


def make_unseen_videos(
    match: MatchActions, scores: MatchScores | None, rate: Fraction
) -> dict[int, PeriodVideo]:
    """Stand-ins for videos that are not at hand, for lists only.

    Args:
        match: spots.
        scores: their length is that of the periods.
        rate: frames per second of the videos.
    """
    lengths_s: dict[int, float] = {}
    for action in match.actions:
        at_least_s = action.position_s + _AFTER_LAST_S
        lengths_s[action.period] = max(lengths_s.get(action.period, 0.0), at_least_s)
    if scores is not None:
        for period, values in scores.periods.items():
            lengths_s[period] = float(len(values) / scores.frame_rate)
    return {
        period: PeriodVideo.from_file(_make_stand_in(period, length_s, rate))
        for period, length_s in sorted(lengths_s.items())
    }


def _make_stand_in(period: int, duration_s: float, rate: Fraction) -> VideoInfo:
    return VideoInfo(
        path=Path(f"period-{period}"),
        container="",
        codec="",
        stream_index=0,
        width_px=1920,
        height_px=1080,
        rotation_deg=0,
        frame_rate=rate,
        duration_s=duration_s,
        start_s=0.0,
        audio_index=1,
        audio_rate_hz=48_000,
        size_bytes=0,
        nominal_rate=rate,
    )
