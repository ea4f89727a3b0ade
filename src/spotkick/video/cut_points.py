"""Where exactly a cut begins and ends: at pictures, found by reading timestamps without decoding anything."""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Final

import av
from av.container import InputContainer
from av.stream import Stream
from av.video.stream import VideoStream

from spotkick.errors import InputError
from spotkick.video.probe import frame_rate_of, open_video, start_ticks_of, time_base_of

_BEFORE_S: Final = 2
"""Reading starts this much before a cut, since sound is stored a little apart from the pictures
that it belongs to."""

_ROUNDED_S: Final = Fraction(11, 10_000)
"""How far rounding to milliseconds moves two timestamps apart, and a little more."""

_HALF_MILLISECOND: Final = Fraction(1, 2000)
"""Times given in milliseconds, and files that round to them, still meet the picture that is
meant."""


@dataclass(frozen=True, slots=True)
class PlannedCut:
    """A stretch of a video that begins and ends at pictures.

    Attributes:
        path: video file.
        start_ticks: timestamp of the first picture, in units of ``time_base``.
        end_ticks: timestamp of the first picture that is left out, or the end of the last one.
        time_base: in seconds.
        origin_ticks: timestamp of the first picture of the file, which is time zero.
        num_pictures: pictures between.
        rate: pictures per second when they are evenly spaced, but for rounded timestamps; None when
            they are not.
    """

    path: Path
    start_ticks: int
    end_ticks: int
    time_base: Fraction
    origin_ticks: int
    num_pictures: int
    rate: Fraction | None = None

    @property
    def start_s(self) -> Fraction:
        """Start in seconds after the first picture of the file."""
        return (self.start_ticks - self.origin_ticks) * self.time_base

    @property
    def duration_s(self) -> Fraction:
        """Exact length."""
        if self.rate is not None:
            return self.num_pictures / self.rate
        return (self.end_ticks - self.start_ticks) * self.time_base


def plan_cut(path: Path, start_s: float, end_s: float) -> PlannedCut:
    """Find the pictures of a stretch of a video.

    The cut starts with the first picture at or after ``start_s`` and ends where the last picture at
    or before ``end_s`` starts, or with the video: it is never longer than asked for.

    Args:
        path: video file.
        start_s: in seconds after the first picture.
        end_s: same.

    Raises:
        InputError: if the file cannot be read, or no picture starts in the stretch.
    """
    with open_video(path) as (container, stream):
        base, origin = time_base_of(stream), start_ticks_of(stream)
        slack = min(_HALF_MILLISECOND, 1 / frame_rate_of(stream) / 4)
        first = origin + -int((slack - Fraction(start_s)) // base)  # rounded up
        last = origin + int((Fraction(end_s) + slack) // base)
        times, end_of_video = _picture_times(container, stream, first, last)
        inside = sorted(time for time in times if first <= time <= last)
        end = (
            end_of_video
            if end_of_video is not None and end_of_video <= last
            else inside[-1]
            if inside
            else first
        )
        pictures = [time for time in inside if time < end]
        if not pictures:
            raise InputError(
                f"{path}: no picture between {start_s:.2f} and {end_s:.2f} s to cut out"
            )
        rate = frame_rate_of(stream)
        steady = all(
            abs((time - pictures[0]) * base - number / rate) <= _ROUNDED_S
            for number, time in enumerate([*pictures, end])
        )
        return PlannedCut(
            path, pictures[0], end, base, origin, len(pictures), rate if steady else None
        )


def seek_before(container: InputContainer, stream: VideoStream, ticks: int) -> None:
    """Move to a key frame at or before a time, or to the start of the file.

    Containers without an index arrive anywhere near what was asked for, so that the place is
    checked, and earlier ones are tried.
    """
    before = int(_BEFORE_S / time_base_of(stream))
    while ticks - before > start_ticks_of(stream):
        try:
            container.seek(ticks - before, stream=stream)
            key = next(
                (
                    packet.pts
                    for packet in container.demux(stream)
                    if packet.is_keyframe and packet.size
                ),
                None,
            )
            if key is not None and key <= ticks:
                container.seek(ticks - before, stream=stream)
                return
        except av.FFmpegError:
            break
        before *= 4
    container.seek(0)


def read_until_broken(container: InputContainer, *streams: Stream) -> "Iterator[av.Packet[Stream]]":
    """Packets until the file ends or cannot be read any further."""
    try:
        yield from container.demux(*streams)
    except (av.FFmpegError, OSError):
        return


def _picture_times(
    container: InputContainer, stream: VideoStream, first: int, last: int
) -> tuple[set[int], int | None]:
    """Timestamps of pictures around a stretch, and the end of the video if it was reached."""
    seek_before(container, stream, first)
    times: set[int] = set()
    end = 0
    step = max(1, round(1 / (frame_rate_of(stream) * time_base_of(stream))))
    for packet in read_until_broken(container, stream):
        if packet.dts is not None and packet.dts > last:
            return times, None
        if packet.pts is not None:
            times.add(packet.pts)
            end = max(end, packet.pts + (packet.duration or step))
    return times, end if times else None
