"""Where a period of a match is to be seen: a stretch of a file, or several files in order."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from spotkick.datasets.periods import PeriodSpan
from spotkick.errors import InputError
from spotkick.video.probe import VideoInfo, probe

_SHORTEST_S: Final = 0.1
"""A shorter piece of a clip at the border of two files is left out."""


@dataclass(frozen=True, slots=True)
class FileStretch:
    """A stretch of one file.

    Attributes:
        info: video file.
        start_s: in seconds after its first frame.
        end_s: same; None for the end of the file.
    """

    info: VideoInfo
    start_s: float = 0.0
    end_s: float | None = None

    @property
    def duration_s(self) -> float:
        """Length, 0 where the file ends before the stretch begins."""
        last_s = self.info.duration_s
        end_s = last_s if self.end_s is None else min(self.end_s, last_s)
        return max(0.0, end_s - self.start_s)


@dataclass(frozen=True, slots=True)
class PeriodVideo:
    """The video of a period.

    Attributes:
        stretches: in order; together they are the period.
        begin_s: how long the period had lasted at the start of the first one; above 0 where its
            file begins after the kick-off.
    """

    stretches: tuple[FileStretch, ...]
    begin_s: float = 0.0

    @classmethod
    def from_file(
        cls, info: VideoInfo, start_s: float = 0.0, end_s: float | None = None
    ) -> "PeriodVideo":
        """A period that lies in one file, from its start to its end unless given otherwise."""
        return cls((FileStretch(info, start_s, end_s),))

    @classmethod
    def from_files(cls, infos: Iterable[VideoInfo]) -> "PeriodVideo":
        """A period in several files, as cameras write them that split recordings."""
        return cls(tuple(FileStretch(info) for info in infos))

    @property
    def duration_s(self) -> float:
        """Length of the period, from kick-off to the end of its last file."""
        return self.begin_s + sum(stretch.duration_s for stretch in self.stretches)

    @property
    def is_whole_file(self) -> bool:
        """Whether the period is one file, from its first frame to its last one."""
        first = self.stretches[0]
        is_open = first.end_s is None and first.start_s == 0
        return len(self.stretches) == 1 and is_open and self.begin_s == 0

    def cut_out(self, start_s: float, end_s: float) -> list[FileStretch]:
        """The pieces of files that show a stretch of the period.

        Args:
            start_s: in seconds since the start of the period.
            end_s: same.
        """
        pieces = [
            FileStretch(stretch.info, max(start_s, begin_s) + shift_s, min(end_s, last_s) + shift_s)
            for stretch, begin_s, last_s, shift_s in self.place_stretches()
            if begin_s < end_s and start_s < last_s
        ]
        long_enough = [piece for piece in pieces if piece.duration_s >= _SHORTEST_S]
        return long_enough or pieces[:1]

    def locate(self, position_s: float) -> tuple[VideoInfo, float]:
        """The file that shows a time of the period, and the second in it.

        Past the end of the period the last file is given.
        """
        info, time_s = self.stretches[0].info, 0.0
        for stretch, begin_s, last_s, shift_s in self.place_stretches():
            info, time_s = stretch.info, position_s + shift_s
            if begin_s <= position_s < last_s:
                break
        return info, max(0.0, time_s)

    def seconds_of(self, piece: FileStretch, time_s: float) -> float:
        """Second of the period that a second of one of its files shows."""
        for stretch, _, _, shift_s in self.place_stretches():
            inside = stretch.start_s <= time_s <= stretch.start_s + stretch.duration_s
            if stretch.info.path == piece.info.path and inside:
                return time_s - shift_s
        return time_s - self.stretches[0].start_s + self.begin_s

    def place_stretches(self) -> Iterator[tuple[FileStretch, float, float, float]]:
        """Stretches with start and end in the period, and the shift to seconds of the file."""
        begin_s = self.begin_s
        for stretch in self.stretches:
            last_s = begin_s + stretch.duration_s
            yield stretch, begin_s, last_s, stretch.start_s - begin_s
            begin_s = last_s


def open_periods(spans: Sequence[PeriodSpan], alone: Path | None = None) -> dict[int, PeriodVideo]:
    """Look at the files of spans.

    Args:
        spans: of all periods, in order; several of one period follow each other.
        alone: the video of spans without a file.

    Returns:
        videos by period.

    Raises:
        InputError: if a file cannot be read, or a period begins after its end.
    """
    infos: dict[Path, VideoInfo] = {}
    stretches: dict[int, list[FileStretch]] = {}
    begins_s: dict[int, float] = {}
    for span in spans:
        path = span.file or alone
        if path is None:
            raise InputError(f"{span.describe()} names no video")
        info = infos.setdefault(path, infos.get(path) or probe(path))
        if span.start_s >= info.duration_s > 0:
            raise InputError(
                f"{path}: period {span.period} begins at {span.start_s:g} s, after the end of the "
                f"video ({info.duration_s:.1f} s)"
            )
        stretches.setdefault(span.period, []).append(FileStretch(info, span.start_s, span.end_s))
        begins_s.setdefault(span.period, span.position_s)
    return {
        period: PeriodVideo(tuple(own), begins_s[period])
        for period, own in sorted(stretches.items())
    }


def order_files(paths: Iterable[Path]) -> list[Path]:
    """Files in the order of the numbers in their names: ``part2`` comes before ``part10``."""

    def key(path: Path) -> list[tuple[int, int, str]]:
        pieces = re.findall(r"\d+|\D+", path.name.lower())
        return [(0, int(text), "") if text.isdecimal() else (1, 0, text) for text in pieces]

    return sorted(paths, key=key)
