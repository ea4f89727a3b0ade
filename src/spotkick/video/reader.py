"""Read frames of a video from any time on, with their times on the file's clock."""

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import av
import numpy as np
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.stream import Stream
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from spotkick.video.clock_reading import read_clock
from spotkick.video.media_clock import MediaClock
from spotkick.video.opening import open_video
from spotkick.video.streams import choose_audio_stream

_MAX_REORDERED: Final = 16
"""A frame that has not come out of the decoder this many packets later is lost."""


class FrameDecoder:
    """Decodes packets of a clock to frames in order of display, each with its time.

    Not for packets with leaps between: call `reset` when the place in the file changes.
    """

    def __init__(self, clock: MediaClock, stream: VideoStream) -> None:
        """Start before the first packet."""
        self._clock = clock
        self._stream = stream
        self._known = None if clock.has_display_times else clock.known
        self._last: int | None = None
        self._turns: deque[int] = deque()
        self._inside: set[int] = set()

    def reset(self) -> None:
        """Forget the packets before; what the decoder still holds is lost."""
        self._stream.codec_context.flush_buffers()
        self._last = None
        self._turns.clear()
        self._inside.clear()

    def decode(self, packet: "av.Packet[Any] | None") -> Iterator[tuple[VideoFrame, int]]:
        """Frames that come out after a packet, with their times in ticks of the clock, rising.

        Args:
            packet: as `MediaClock.packets` gave it; None for the end of the file.

        Raises:
            av.FFmpegError: if the packet is damaged.
        """
        if self._known is not None and packet is not None and packet.pts is not None:
            number = int(np.searchsorted(self._known.display, packet.pts))
            self._turns.append(number)
            self._inside.add(number)
        for frame in self._stream.codec_context.decode(packet):
            ticks = self._find_time(frame)
            if self._last is None or ticks > self._last:
                self._last = ticks
                yield frame, ticks

    def _find_time(self, frame: VideoFrame) -> int:
        if frame.pts is None:
            last = self._last
            return self._clock.start_ticks if last is None else last + self._clock.step_ticks
        if self._known is None:
            return int(frame.pts)

        # frames take the turns of the packets in order, whichever packet they were in
        own = int(np.searchsorted(self._known.display, frame.pts))
        self._inside.discard(own)
        lost = {number for number in self._inside if number < own - _MAX_REORDERED}
        self._inside -= lost
        for _ in range(min(len(lost), len(self._turns) - 1)):
            self._turns.popleft()
        return int(self._known.display[self._turns.popleft() if self._turns else own])


@dataclass(frozen=True, slots=True)
class MediaReader:
    """An opened video with its clock; see `open_media`.

    Attributes:
        path: the file.
        container: as PyAV opened it.
        video: its video stream.
        audio: the sound that belongs to it, None for none.
        clock: of the file.
        decoder: of the video stream.
    """

    path: Path
    container: InputContainer
    video: VideoStream
    audio: AudioStream | None
    clock: MediaClock
    decoder: FrameDecoder = field(repr=False)

    def seek(self, seconds: float | Fraction) -> None:
        """Move to a key frame at or before a time in seconds from the first frame."""
        self.clock.seek(self.container, self.video, seconds)
        self.decoder.reset()

    def packets(self, *streams: Stream) -> "Iterator[av.Packet[Any]]":
        """Packets of the clock from here to the end, or to where the file cannot be read."""
        try:
            yield from self.clock.packets(self.container, *streams)
        except (av.FFmpegError, OSError):
            return

    def frames(self) -> "Iterator[tuple[VideoFrame, Fraction]]":
        """Frames from here to the end with their times in seconds; damaged packets are skipped."""
        for frame, ticks in self.frames_in_ticks():
            yield frame, self.clock.seconds_at(ticks)

    def frames_in_ticks(self) -> "Iterator[tuple[VideoFrame, int]]":
        """The same with times in ticks of the clock."""
        for packet in self.packets(self.video):
            try:
                yield from self.decoder.decode(packet)
            except av.FFmpegError:
                continue
        try:
            yield from self.decoder.decode(None)
        except av.FFmpegError:
            return


@contextmanager
def open_media(path: Path, *, audio_track: int | None = None) -> Iterator[MediaReader]:
    """Open a video together with its clock, its sound and a decoder on all cores.

    Args:
        path: video file.
        audio_track: number of the sound track, counted from 1; None chooses
            (see `spotkick.video.streams.choose_audio_stream`).

    Raises:
        InputError: see `spotkick.video.opening.open_video`; also if there is no such track.
    """
    clock = read_clock(path)
    with open_video(path) as (container, stream):
        stream.thread_type = "AUTO"
        yield MediaReader(
            path=path,
            container=container,
            video=stream,
            audio=choose_audio_stream(container, stream, path, track=audio_track),
            clock=clock,
            decoder=FrameDecoder(clock, stream),
        )
