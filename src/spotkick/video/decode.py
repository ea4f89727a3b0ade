"""Decode a video at a steady rate, on exact timestamps, in bounded memory.

Sample k at rate r shows the last frame that starts at or before k / r seconds after the start of
the sampling: what a viewer sees at that time, whether the rate of the video is constant, varies, or
is 29.97.
"""

from array import array
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import av
import numpy as np
import numpy.typing as npt
from av.container import InputContainer
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from spotkick.errors import InputError
from spotkick.video.clock_reading import declared_duration_s, read_clock
from spotkick.video.damage import Damage, describe_damage, warn_about_damage
from spotkick.video.images import Fit, to_image
from spotkick.video.media_clock import MediaClock, exact_seconds
from spotkick.video.opening import open_video
from spotkick.video.packet_times import find_holes
from spotkick.video.probe import require_moving
from spotkick.video.reader import FrameDecoder
from spotkick.video.selection import Selected, drop_unused_tails, select_packets

_TRUE_ENTRY_POINTS: Final = ("mov", "matroska")
"""Containers whose key frames are points where decoding can start; in transport streams the mark is
a guess."""

_PROGRESSIVE: Final = (0, 1)
"""Field orders 'unknown' and 'progressive'; fields of one frame may come in two packets
otherwise."""


@dataclass(frozen=True, slots=True)
class Sample:
    """What a video shows at one time.

    Attributes:
        index: k; the time is k / rate seconds after the start of the sampling.
        frame_s: when the frame that is shown starts, in seconds after the first frame.
        image: (height, width, 3) uint8 RGB, upright. Samples that show the same frame share the
            array.
    """

    index: int
    frame_s: float
    image: npt.NDArray[np.uint8]


def sample_video(
    path: Path,
    rate: Fraction,
    *,
    start_s: float | Fraction = 0,
    end_s: float | Fraction | None = None,
    size_px: tuple[int, int] | None = None,
    fit: Fit = "stretch",
    threads: int = 0,
    device: str = "cpu",
) -> Iterator[Sample]:
    """Show a video at a steady rate, from its first frame to the end of its last one.

    Frames that no sample shows are not converted, and not decoded where no other frame needs
    them. A file that is truncated or damaged gives what is readable, and a `SpotkickWarning` says
    what is missing.

    Args:
        path: video file.
        rate: samples per second.
        start_s: time of sample 0, in seconds after the first frame.
        end_s: sampling stops before this time; None for the end of the video.
        size_px: (width, height) of the images; None keeps the size of the video.
        fit: how to meet a ``size_px`` of another shape.
        threads: decoder threads; 0 takes as many as there are cores.
        device: that decodes, see `spotkick.video.hardware.hardware_decoder`.

    Yields:
        Samples 0, 1, 2, ... without gaps; none if the video ends before ``start_s``.

    Raises:
        InputError: if the file cannot be read as a video (see `spotkick.video.opening.open_video`),
            or no frame of it can be decoded.
    """
    if rate <= 0:
        raise InputError(f"the sampling rate must be positive, got {rate}")
    begin_s, stop_s = exact_seconds(start_s), None if end_s is None else exact_seconds(end_s)
    clock = read_clock(path)
    with open_video(path, device=device) as (container, stream):
        require_moving(container, path)
        stream.thread_type = "AUTO"
        stream.thread_count = threads
        damage = Damage()
        sample_ticks = _sample_clock(clock, rate, begin_s)
        last_ticks = None if stop_s is None else clock.ticks_at(stop_s)
        if begin_s > 0:
            clock.seek(container, stream, begin_s)

        # a frame is shown until the next one starts
        frames = _ShownFrames(container, stream, clock, damage)
        number = 0
        shown: _ShownFrame | None = None
        for frame in frames.decode(sample_ticks, last_ticks):
            until = frame.ticks if last_ticks is None else min(frame.ticks, last_ticks)
            while shown is not None and sample_ticks(number) < until:
                yield shown.sample(number, size_px, fit)
                number += 1
            shown = frame
        if shown is None:
            raise InputError(
                f"{path}: no frame can be decoded; the file is damaged, or truncated after "
                "its header"
            )

        # the last frame is shown as long as it lasts
        until = shown.end_ticks if last_ticks is None else min(shown.end_ticks, last_ticks)
        if frames.stopped_early and last_ticks is not None:
            until = last_ticks
        while sample_ticks(number) < until:
            yield shown.sample(number, size_px, fit)
            number += 1
        damage.seen_s = clock.seconds_at(shown.end_ticks)
        frames.count_missing()
        declared_s, exact = declared_duration_s(container, stream)
        expected_s = Fraction(0) if clock.report.is_measured else declared_s
        if stop_s is not None:
            expected_s = min(expected_s, stop_s)
        warn_about_damage(path, describe_damage(damage, clock, expected_s, exact=exact))


def _sample_clock(clock: MediaClock, rate: Fraction, start_s: Fraction) -> Callable[[int], int]:
    """Time of each sample in ticks; see `MediaClock.ticks_at`, which it computes faster."""
    first, ticks_per_sample = clock.start_ticks, 1 / (rate * clock.time_base)
    start_ticks = start_s / clock.time_base + clock.rounding_ticks
    return lambda sample: first + int(sample * ticks_per_sample + start_ticks)


@dataclass(slots=True)
class _ShownFrame:
    """A decoded frame; it is converted when it is shown for the first time."""

    frame: VideoFrame
    ticks: int
    end_ticks: int
    start_s: float
    image: npt.NDArray[np.uint8] | None = None

    def sample(self, index: int, size_px: tuple[int, int] | None, fit: Fit) -> Sample:
        if self.image is None:
            self.image = to_image(self.frame, size_px, fit)
        return Sample(index, self.start_s, self.image)


class _ShownFrames:
    """Decodes the frames that samples show, and keeps count of what is damaged."""

    def __init__(
        self, container: InputContainer, stream: VideoStream, clock: MediaClock, damage: Damage
    ) -> None:
        self._container, self._stream = container, stream
        self._clock, self._damage = clock, damage
        self._decoder = FrameDecoder(clock, stream)
        self._times: array[int] = array("q")
        self.stopped_early = False  # whether frames follow after the last one
        self._read_until = 0  # frames that are shown before have all been read
        self._awaited: set[int] = set()
        self._progressive = stream.codec_context.field_order in _PROGRESSIVE

    def decode(
        self, sample_ticks: Callable[[int], int], last_ticks: int | None
    ) -> Iterator[_ShownFrame]:
        """Frames in rising order of time; damaged ones are left out once there is a good one."""
        selected = self._select_packets(sample_ticks, last_ticks)
        started = False
        for frame, ticks in self._decode_packets(selected):
            self._await_frame(ticks, started=started)
            if frame.is_corrupt:
                self._damage.bad_frames += 1
                if started:
                    continue
            started = True
            yield _ShownFrame(
                frame=frame,
                ticks=ticks,
                end_ticks=ticks + (frame.duration or self._clock.step_ticks),
                start_s=float(self._clock.seconds_at(ticks)),
            )
        self._damage.lost_frames = len(self._awaited)

    def count_missing(self) -> None:
        """Find holes in the sequence of packets; an index (MP4) shows those of variable rate."""
        if self._clock.report.is_measured:
            self._damage.missing_frames = self._clock.report.missing_frames
        elif not self._container.format.name.startswith("mov"):
            step = float(1 / (self._clock.nominal_rate * self._clock.time_base))
            whole = [time for time in self._times if time < self._read_until]
            self._damage.missing_frames = sum(n for _, _, n in find_holes(whole, step))

    def _select_packets(
        self, sample_ticks: Callable[[int], int], last_ticks: int | None
    ) -> "Iterable[Selected[Packet[Any]]]":
        """Packets that have to be decoded."""
        packets = self._read_packets(last_ticks)
        if not self._progressive or not self._clock.has_display_times:
            return (Selected(packet, shown=True) for packet in packets)
        selected = select_packets(packets, sample_ticks)
        if self._container.format.name.startswith(_TRUE_ENTRY_POINTS):
            return drop_unused_tails(selected)
        return selected

    def _read_packets(self, last_ticks: int | None) -> "Iterator[Packet[Any]]":
        try:
            for packet in self._clock.packets(self._container, self._stream):
                if last_ticks is not None and packet.dts is not None and packet.dts > last_ticks:
                    self.stopped_early = True
                    return
                self._read_until = packet.dts or self._read_until
                if packet.pts is not None:
                    self._times.append(packet.pts)
                yield packet
        except (av.FFmpegError, OSError) as error:
            self._damage.stopped_by = str(getattr(error, "strerror", None) or error)

    def _decode_packets(
        self, selected: "Iterable[Selected[Packet[Any]]]"
    ) -> Iterator[tuple[VideoFrame, int]]:
        codec = self._stream.codec_context
        for item in selected:
            if item.restart:
                yield from self._decoder.decode(None)
                codec.flush_buffers()
            codec.skip_frame = "DEFAULT" if item.shown else "NONREF"
            if item.shown and self._progressive and item.packet.pts is not None:
                self._awaited.add(item.packet.pts)
            try:
                yield from self._decoder.decode(item.packet)
            except av.FFmpegError:
                self._damage.bad_packets += 1
        try:
            yield from self._decoder.decode(None)
        except av.FFmpegError:
            self._damage.bad_packets += 1

    def _await_frame(self, ticks: int, *, started: bool) -> None:
        """Take a frame off the list; before the first one, none could be decoded anyway."""
        if started:
            self._awaited.discard(ticks)
        else:
            self._awaited = {time for time in self._awaited if time > ticks}
