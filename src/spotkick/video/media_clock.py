"""One clock for every reader of a video file: seconds from the first frame shown.

Files tell time in many ways: they start late, are joined from recordings with clocks of their own,
lose the signal for a while, wrap around at 33 bits, or say when packets are decoded and not when
frames are shown. A `MediaClock` knows all of it once, and every reader asks it:

```python
with open_media(path) as media:            # spotkick.video.reader
    media.seek(1800.0)
    for frame, seconds in media.frames():  # from the key frame before, in order of display
        ...

clock = read_clock(path)                   # spotkick.video.clock_reading
clock.duration_s, clock.nominal_rate       # exact length, editing rate
clock.seek(container, stream, 1800.0)      # with a container of one's own
for packet in clock.packets(container, stream, audio):
    clock.seconds(packet)                  # of video and sound alike
```

Time goes on where the signal was lost for up to a minute. Where the clock jumps back, or further
forward, another recording begins, and is counted on from the end of the one before.
"""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import av
import numpy as np
from av.container import InputContainer
from av.stream import Stream
from av.video.stream import VideoStream

from spotkick.video.clock_report import ClockReport
from spotkick.video.opening import can_seek_bytes, rewind
from spotkick.video.recordings import KnownPackets, Recording, find_recording_of_sound

_BEFORE_S: Final = 2
"""Reading starts this much before a time, since sound is stored a little apart from the frames
that it belongs to."""

_ROUNDED_TICK_S: Final = Fraction(1, 1000)
"""Matroska rounds the times of frames to milliseconds, so that 29.97 frames per second are never
quite in place."""


def exact_seconds(seconds: float | Fraction) -> Fraction:
    """Seconds as they are written: 75.3 is 753/10, not the nearest binary number."""
    exact = Fraction(seconds)
    return exact.limit_denominator(1_000_000) if isinstance(seconds, float) else exact


@dataclass(frozen=True, slots=True)
class MediaClock:
    """Maps the times of a file to seconds from its first frame; made by `read_clock`.

    Ticks are units of the video's time base on the clock of the file, with joints closed:
    ``start_ticks`` is time zero.

    Attributes:
        path: the file.
        video_index: which stream the video is.
        time_base: length of a tick in seconds.
        start_ticks: of the first frame.
        average_rate: frames per second over the file.
        nominal_rate: frames per second as an editing program counts them.
        duration_s: length from the first frame to the end of the last one; 0 where it is unknown.
        report: what is unusual.
        recordings: those that were joined; empty where packets were not read.
        known: packets of a file that was read, None for others.
    """

    path: Path
    video_index: int
    time_base: Fraction
    start_ticks: int
    average_rate: Fraction
    nominal_rate: Fraction
    duration_s: Fraction
    report: ClockReport
    recordings: tuple[Recording, ...] = ()
    known: KnownPackets | None = field(default=None, repr=False, compare=False)

    @property
    def step_ticks(self) -> int:
        """Ticks from frame to frame."""
        return max(1, round(1 / (self.average_rate * self.time_base)))

    @property
    def has_display_times(self) -> bool:
        """Whether packets say when their frames are shown, so that they can be copied."""
        return self.report.has_display_times

    @property
    def origin_s(self) -> Fraction:
        """Time zero on the clock of the file, in seconds."""
        return self.start_ticks * self.time_base

    def describe(self) -> ClockReport:
        """What is unusual about the time of the file."""
        return self.report

    def ticks_at(self, seconds: float | Fraction) -> int:
        """The last tick that begins at or before a time.

        Ticks as fine as a millisecond are taken as rounded times of frames, so that half a tick is
        forgiven.
        """
        return self.start_ticks + int(exact_seconds(seconds) / self.time_base + self.rounding_ticks)

    @property
    def rounding_ticks(self) -> Fraction:
        """How far timestamps may be rounded, in ticks."""
        return Fraction(1, 2) if self.time_base <= _ROUNDED_TICK_S else Fraction(0)

    def seconds_at(self, ticks: int) -> Fraction:
        """Seconds from the first frame."""
        return (ticks - self.start_ticks) * self.time_base

    def seconds(self, packet: "av.Packet[Any]") -> Fraction | None:
        """When a packet of video or sound is shown or heard, in seconds from the first frame.

        Args:
            packet: as `packets` gave it.

        Returns:
            the time; None for the rare packet without one.
        """
        time = packet.dts if packet.pts is None else packet.pts
        return None if time is None else time * packet.time_base - self.origin_s

    def seek(
        self, container: InputContainer, stream: VideoStream, seconds: float | Fraction
    ) -> None:
        """Move to a key frame at or before a time, or to the start of the file.

        Args:
            container: of the file, opened with `spotkick.video.opening.open_video`.
            stream: its video stream.
            seconds: from the first frame.
        """
        before_s = Fraction(seconds) - _BEFORE_S
        if before_s <= 0:
            rewind(container)
        elif self.known is not None and can_seek_bytes(container):
            place = self._find_entry(self.known, self.ticks_at(before_s))
            container.seek(place, unsupported_byte_offset=True)
        elif len(self.recordings) > 1:
            rewind(container)
        else:
            self._seek_time(container, stream, self.ticks_at(seconds))

    def _find_entry(self, known: KnownPackets, ticks: int) -> int:
        """Offset of the last key frame at or before a time; 0 before the first one."""
        count = int(np.searchsorted(known.decoding[known.keys], ticks, side="right"))
        return int(known.places[known.keys[count - 1]]) if count else 0

    def _seek_time(self, container: InputContainer, stream: VideoStream, ticks: int) -> None:
        """Containers arrive anywhere near what was asked for: the place is checked."""
        before = int(_BEFORE_S / self.time_base)
        while ticks - before > self.start_ticks:
            try:
                container.seek(ticks - before, stream=stream)
                key = next((p for p in container.demux(stream) if p.is_keyframe and p.size), None)
                time = None if key is None else key.dts if key.pts is None else key.pts
                if time is not None and time <= ticks:
                    container.seek(ticks - before, stream=stream)
                    return
            except av.FFmpegError:
                break
            before *= 4
        rewind(container)

    def packets(self, container: InputContainer, *streams: Stream) -> "Iterator[av.Packet[Any]]":
        """Packets from where the container stands to its end, with times on this clock.

        Joints are closed. In a file that does not say when frames are shown, ``pts`` is one of the
        display times, but not that of the packet's own frame: `FrameDecoder` knows it.

        Args:
            container: of the file.
            streams: video, sound or both.

        Raises:
            av.FFmpegError: if the file cannot be read any further.
        """
        place = 0
        number = 0
        for packet in container.demux(*streams):
            if not packet.size:
                continue
            place = place if packet.pos is None else packet.pos
            if self.known is not None:
                self._place_packet(packet, place, number)
                number += packet.stream.index == self.video_index
            yield packet

    def _place_packet(self, packet: "av.Packet[Any]", place: int, number: int) -> None:
        """Set the times of a packet of a measured file."""
        is_video = packet.stream.index == self.video_index
        if is_video and self.known is not None and len(self.known.display):
            self._set_display_time(packet, self.known, place)
            return
        if self.known is None or len(self.recordings) < 2:
            return

        # in a playlist places start again with each file, so that packets are counted
        by_place = can_seek_bytes(packet.stream.container)
        where = place if by_place else number
        starts = [item.place if by_place else item.first_packet for item in self.recordings]
        index = max(0, bisect_right(starts, where) - 1)
        time = packet.dts if packet.pts is None else packet.pts
        if by_place and not is_video and time is not None:
            ticks = time * packet.time_base / self.time_base
            index = find_recording_of_sound(
                self.recordings, self.known, index, place=place, ticks=ticks, base=self.time_base
            )
        shift = round(self.recordings[index].shift * self.time_base / packet.time_base)
        packet.pts = None if packet.pts is None else packet.pts + shift
        packet.dts = None if packet.dts is None else packet.dts + shift

    def _set_display_time(self, packet: "av.Packet[Any]", known: KnownPackets, place: int) -> None:
        # where a raw stream is entered, FFmpeg counts decoding times from zero again
        if packet.dts is None or can_seek_bytes(packet.stream.container):
            number = int(np.searchsorted(known.places, place))
        else:
            number = int(np.searchsorted(known.decoding, packet.dts))
        number = min(number, len(known.decoding) - 1)
        packet.dts = int(known.decoding[number])
        packet.pts = int(known.display[number])
