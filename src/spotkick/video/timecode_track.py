"""The timecode track of QuickTime files: how many numbers a second it counts, and whether it drops.

A camera of 50 frames a second may count 25 a second, so that the rate of the video does not tell.
Source: QuickTime File Format Specification, Timecode Sample Description.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Final

from spotkick.video.opening import walk_boxes

_WAY_TO_DESCRIPTION: Final = (b"moov", b"trak", b"mdia", b"minf", b"stbl", b"stsd")
_ENTRY: Final = 8
"""Bytes of version and number of entries before the first sample description."""

_DROP_FRAME: Final = 0x0001


@dataclass(frozen=True, slots=True)
class TimecodeTrack:
    """How a timecode track counts.

    Attributes:
        rate: frame numbers per second; 30000/1001 counts to 30.
        drop: whether numbers are left out to keep up with real time.
    """

    rate: Fraction
    drop: bool


def read_timecode_track(path: Path) -> TimecodeTrack | None:
    """The first timecode track of a QuickTime or MP4 file; None when it has none."""
    for start, end in _find_boxes(path, 0, path.stat().st_size, _WAY_TO_DESCRIPTION):
        for kind, content, _ in walk_boxes(path, start + _ENTRY, end):
            if kind == b"tmcd":
                return _parse_description(path, content)
    return None


def _find_boxes(
    path: Path, start: int, end: int, way: tuple[bytes, ...]
) -> Iterator[tuple[int, int]]:
    """Content of the boxes at the end of a way through nested ones."""
    for kind, content, box_end in walk_boxes(path, start, end):
        if kind != way[0] or box_end > end:
            continue
        if len(way) == 1:
            yield content, box_end
        else:
            yield from _find_boxes(path, content, box_end, way[1:])


def _parse_description(path: Path, content: int) -> TimecodeTrack | None:
    with path.open("rb") as file:
        file.seek(content)
        data = file.read(25)

    # 6 reserved bytes, data reference, 4 reserved bytes; flags, time scale, frame duration, frames
    flags, scale, duration = (int.from_bytes(data[n : n + 4], "big") for n in (12, 16, 20))
    frames = data[24] if len(data) > 24 else 0
    if not scale or not duration:
        return TimecodeTrack(Fraction(frames), drop=False) if frames else None
    return TimecodeTrack(Fraction(scale, duration), drop=bool(flags & _DROP_FRAME))
