"""Recordings of one period: parts that follow each other, and copies of one recording."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from spotkick.errors import InputError
from spotkick.timeline import format_clock
from spotkick.video.probe import probe
from spotkick.video_names import VideoName

_SLACK_S: Final = 1.0
_SLACK: Final = 0.01
"""Lengths that differ by less than a second and a hundredth are those of copies."""


@dataclass(frozen=True, slots=True)
class Take:
    """One recording of a period: a file, or its parts in order."""

    parts: tuple[VideoName, ...]

    @property
    def title(self) -> str:
        """Names of its files."""
        return " + ".join(part.path.name for part in self.parts)

    def measure(self) -> tuple[float | None, int]:
        """Length in seconds, None when a file cannot be read or does not state it; lines."""
        total_s, height_px = 0.0, 0
        for part in self.parts:
            try:
                info = probe(part.path)
            except InputError:
                return None, self.parts[0].height_px or 10**6
            if info.duration_s <= 0:
                return None, info.height_px
            total_s, height_px = total_s + info.duration_s, info.height_px
        return total_s, height_px


def group_takes(candidates: Iterable[VideoName]) -> Iterator[Take]:
    """Recordings of one period: files that differ by nothing but their part belong together."""
    groups: dict[tuple[str, int | None, str], list[VideoName]] = {}
    for video in candidates:
        key = (video.base, video.height_px, video.path.suffix.lower())
        groups.setdefault(key, []).append(video)
    for videos in groups.values():
        alike = [video for video in videos if video.part is None]
        parts = sorted(
            (video for video in videos if video.part is not None),
            key=lambda video: (video.part or 0, video.path.name),
        )
        yield from (Take((video,)) for video in alike)
        if parts:
            yield Take(tuple(parts))


def choose_take(measured: Mapping[Take, tuple[float | None, int]]) -> Take:
    """Choose the smallest frames among the recordings that are as long as the longest one.

    Args:
        measured: of `Take.measure`.
    """
    longest_s = max((length or 0.0) for length, _ in measured.values())
    agreeing = [
        take
        for take, (length, _) in measured.items()
        if longest_s == 0 or (length is not None and _lengths_agree(length, longest_s))
    ]
    return min(
        agreeing,
        key=lambda take: (
            take.parts[0].height_px or measured[take][1],
            sum(part.path.stat().st_size for part in take.parts),
            take.title,
        ),
    )


def _lengths_agree(first_s: float, second_s: float) -> bool:
    return abs(first_s - second_s) <= _SLACK_S + _SLACK * max(first_s, second_s)


def compare_takes(best: Take, best_s: float | None, other_s: float | None, period: int) -> str:
    """Why one recording was taken and another of the same period was not, as a clause."""
    taken = f"{best.title} is taken for period {period}"
    if best_s is None:
        return f"{taken}, the smallest file"
    if other_s is None:
        return f"{taken}; the length of this file cannot be read"
    if _lengths_agree(best_s, other_s):
        return f"{taken}, which is as long and has the smaller frames"
    return f"{taken}, which lasts {format_clock(best_s)} and not {format_clock(other_s)}"
