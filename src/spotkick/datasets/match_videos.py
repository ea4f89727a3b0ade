"""Which videos of a folder show which period: parts of a recording, and copies of one."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from spotkick.datasets.periods import PERIODS_FILE, PeriodSpan, read_periods
from spotkick.datasets.video_takes import choose_take, compare_takes, group_takes
from spotkick.errors import InputError
from spotkick.video_names import VideoName, is_video_name, parse_video_name

_MOST_PARTS: Final = 50
"""Numbers further apart do not count parts."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A video of a match folder that is not used.

    Attributes:
        path: the file.
        reason: why, as a clause.
    """

    path: Path
    reason: str


@dataclass(frozen=True, slots=True)
class MatchVideos:
    """The videos of one match.

    Attributes:
        spans: in the order of the periods; a period whose recording is split has several.
        left_out: videos of the folder that are not used.
    """

    spans: tuple[PeriodSpan, ...] = ()
    left_out: tuple[LeftOut, ...] = ()

    def __bool__(self) -> bool:
        """Whether there is any video."""
        return bool(self.spans)

    @property
    def periods(self) -> dict[int, tuple[PeriodSpan, ...]]:
        """Spans by period, in the order in which they are played."""
        numbers = sorted({span.period for span in self.spans})
        return {
            period: tuple(span for span in self.spans if span.period == period)
            for period in numbers
        }

    @property
    def files(self) -> tuple[Path, ...]:
        """All files that are used, each once."""
        return tuple(dict.fromkeys(span.file for span in self.spans if span.file is not None))

    def describe(self) -> list[str]:
        """What the folder does not show at once: joined parts, and files that are left out."""
        joined = [
            f"period {period} is made of {', '.join(map(_name_span, spans))}, in this order"
            f"{_describe_missing_parts(spans)}"
            for period, spans in self.periods.items()
            if len(spans) > 1
        ]
        return joined + self.describe_left_out()

    def describe_left_out(self) -> list[str]:
        """Files that are not used, with the reason."""
        return [f"{item.path.name} is left out: {item.reason}" for item in self.left_out]

    def describe_missing_parts(self) -> list[str]:
        """Periods of which parts are missing between the first and the last one."""
        missing = {period: _describe_missing_parts(spans) for period, spans in self.periods.items()}
        return [f"period {period}{clause}" for period, clause in missing.items() if clause]


@dataclass(slots=True)
class _Chosen:
    spans: list[PeriodSpan] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)


def list_videos(folder: Path) -> list[VideoName]:
    """Videos that lie directly in a folder, sorted by name."""
    if not folder.is_dir():
        return []
    files = (path for path in sorted(folder.iterdir()) if is_video_name(path) and path.is_file())
    return [parse_video_name(path) for path in files]


def group_by_match(videos: Sequence[VideoName], *, is_match: bool) -> dict[str, list[VideoName]]:
    """Tell the matches apart whose videos lie in one folder.

    Args:
        videos: of `list_videos`.
        is_match: whether the folder is one match by its labels, features or ``periods.json``.

    Returns:
        recordings by name; the name of the folder's own match is empty.

    Example:
        >>> files = map(Path, ["a_H1.mp4", "a_H2.mp4", "b_H1.mp4", "b_H2.mp4"])
        >>> sorted(group_by_match([parse_video_name(file) for file in files], is_match=False))
        ['a', 'b']
    """
    bases = {video.base for video in videos if not video.belongs_to_folder}
    if is_match or any(video.belongs_to_folder for video in videos):
        return {"": list(videos)} if videos else {}
    if len(bases) == 1 and all(video.period is not None for video in videos):
        return {"": list(videos)}

    # Free names: each is a match of its own, with all its periods, parts and sizes.
    found: dict[str, list[VideoName]] = {}
    for video in videos:
        found.setdefault(video.base, []).append(video)
    return {_recording_name(own): own for own in found.values()}


def _recording_name(videos: Sequence[VideoName]) -> str:
    """The stem of a recording in one file; what the stems share when there are several."""
    if len(videos) == 1 and videos[0].period is None and videos[0].part is None:
        return videos[0].path.stem
    return videos[0].base


def choose_videos(videos: Sequence[VideoName], stated: Iterable[PeriodSpan] = ()) -> MatchVideos:
    """Choose the videos of one match.

    Parts of a split recording follow each other. Of several recordings of one period whose lengths
    agree, the one with the smallest frames is taken, as it is the fastest to read; where lengths
    do not agree, the longest.

    Args:
        videos: of the match.
        stated: what ``periods.json`` says; it is right where a name says something else.
    """
    chosen = _Chosen()
    names = {video.path.name for video in videos}
    own = [span for span in stated if span.file is None or span.file.name in names]
    if own:
        videos = _place_stated(videos, own, chosen)

    # Periods that names state; without any, the whole recording counts as the first period.
    by_period: dict[int, list[VideoName]] = {}
    for video in videos:
        if video.period is not None:
            by_period.setdefault(video.period, []).append(video)
    unnamed = [video for video in videos if video.period is None]
    if unnamed and not by_period and not own:
        by_period[1], unnamed = _whole_match(unnamed, chosen), []
    for period, candidates in by_period.items():
        if period not in {span.period for span in own}:
            _choose_take(period, candidates, chosen)
        else:
            chosen.left_out += [
                LeftOut(video.path, f"{PERIODS_FILE} names another file for period {period}")
                for video in candidates
            ]
    chosen.left_out += [
        LeftOut(video.path, "its name states no period, and other videos have one")
        for video in unnamed
    ]
    return MatchVideos(
        tuple(sorted(chosen.spans, key=lambda span: span.period)), tuple(chosen.left_out)
    )


def _place_stated(
    videos: Sequence[VideoName], stated: Sequence[PeriodSpan], chosen: _Chosen
) -> list[VideoName]:
    """Put in place what ``periods.json`` states; the videos that it does not speak of are left."""
    alone = videos[0].path if len(videos) == 1 else None
    spoken = {span.file.name for span in stated if span.file is not None}
    for span in stated:
        file = alone if span.file is None else span.file
        if file is None:
            raise InputError(
                f"{videos[0].path.parent / PERIODS_FILE}: period {span.period} needs the key "
                f"'file', as there are {len(videos)} videos"
            )
        spoken.add(file.name)
        chosen.spans.append(replace(span, file=file))
    return [video for video in videos if video.path.name not in spoken]


def _whole_match(videos: Sequence[VideoName], chosen: _Chosen) -> list[VideoName]:
    """Of videos that state no period, those of the match itself; the others are left out."""
    plain = [video for video in videos if video.is_whole_match]
    if plain and len(plain) < len(videos):
        reason = f"{plain[0].path.name} is the video of the match"
        chosen.left_out += [LeftOut(video.path, reason) for video in videos if video not in plain]
    return plain or list(videos)


def _choose_take(period: int, candidates: Sequence[VideoName], chosen: _Chosen) -> None:
    takes = list(group_takes(candidates))
    best = takes[0]
    if len(takes) > 1:
        measured = {take: take.measure() for take in takes}
        best = choose_take(measured)
        for take in takes:
            if take is not best:
                reason = compare_takes(best, measured[best][0], measured[take][0], period)
                chosen.left_out += [LeftOut(part.path, reason) for part in take.parts]
    chosen.spans += [PeriodSpan(period, file=part.path) for part in best.parts]


def _describe_missing_parts(spans: Iterable[PeriodSpan]) -> str:
    """Which parts are missing between the first and the last one, as a clause; empty when none."""
    parts = {parse_video_name(span.file).part for span in spans if span.file is not None}
    numbers = sorted(part for part in parts if part is not None)
    if not numbers or numbers[-1] - numbers[0] >= _MOST_PARTS:
        return ""
    missing = sorted(set(range(numbers[0], numbers[-1])) - set(numbers))
    return f"; part {', '.join(map(str, missing))} is missing" if missing else ""


def _name_span(span: PeriodSpan) -> str:
    name = span.file.name if span.file else "the video"
    return name if span.is_whole_file else f"{name} ({span.describe()})"


def read_stated_periods(folder: Path) -> tuple[PeriodSpan, ...]:
    """What ``periods.json`` of a folder says; nothing where there is none.

    Raises:
        InputError: if it is damaged.
    """
    path = folder / PERIODS_FILE
    return read_periods(path) if path.is_file() else ()
