"""Decode a video at a steady rate, on exact timestamps, in bounded memory.

Sample k at rate r shows the last picture that starts at or before k / r seconds after the first
picture of the video: what a viewer sees at that moment, whether the rate of the video is constant,
varies, or is 29.97.
"""

import warnings
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Final, Literal, TypeAlias

import av
import numpy as np
import numpy.typing as npt
from av.container import InputContainer
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from spotkick.errors import InputError, SpotkickWarning
from spotkick.video.probe import (
    declared_duration_s,
    frame_rate_of,
    open_video,
    quarter_turns,
    start_ticks_of,
    time_base_of,
)
from spotkick.video.selection import Selected, drop_unused_tails, select_packets

VideoPacket: TypeAlias = "Packet[VideoStream]"

Fit = Literal["stretch", "crop"]
"""How a picture meets a size of another shape: all of it squeezed, or its centre cut out."""

_TRUE_ENTRY_POINTS: Final = ("mov", "matroska")
"""Containers whose key frames are points where decoding can start; in transport streams the mark is
a guess."""

_JUMPY_TIMES: Final = ("mpegts", "mpeg")
"""Containers in which recordings are joined without mending the timestamps."""

_MAX_JUMP_S: Final = 10
"""A longer gap between two packets of such a container is a joint. Source: ffmpeg's
``dts_delta_threshold``."""

_ROUNDED_TICK_S: Final = Fraction(1, 1000)
"""Matroska rounds the times of pictures to milliseconds, so that 29.97 pictures per second are
never quite in place."""

_PROGRESSIVE: Final = (0, 1)
"""Field orders 'unknown' and 'progressive'; fields of one picture may come in two packets
otherwise."""


@dataclass(frozen=True, slots=True)
class Sample:
    """What a video shows at one moment.

    Attributes:
        index: k; the moment is k / rate seconds after the first picture.
        picture_s: when the picture that is shown starts, in seconds after the first picture.
        image: (height, width, 3) uint8 RGB, upright. Samples that show the same picture share the
            array.
    """

    index: int
    picture_s: float
    image: npt.NDArray[np.uint8]


@dataclass(slots=True)
class _Damage:
    """What was met on the way, told once at the end."""

    bad_packets: int = 0
    bad_pictures: int = 0
    joints: int = 0
    stopped_by: str = ""
    seen_s: Fraction = field(default_factory=Fraction)


def sample_video(
    path: Path,
    rate: Fraction,
    *,
    size_px: tuple[int, int] | None = None,
    fit: Fit = "stretch",
    threads: int = 0,
    start_s: Fraction | float = 0,
    end_s: Fraction | float | None = None,
) -> Iterator[Sample]:
    """Show a video at a steady rate, from its first picture to the end of its last one.

    Pictures that no sample shows are not converted, and not decoded where no other picture needs
    them. A file that is cut off or damaged gives what is readable, and a `SpotkickWarning` says
    what is missing.

    Args:
        path: video file.
        rate: samples per second.
        size_px: (width, height) of the images; None keeps the size of the video.
        fit: how to meet a ``size_px`` of another shape.
        threads: decoder threads; 0 takes as many as there are cores.
        start_s: time of sample 0, in seconds after the first frame; it need not lie on a grid.
        end_s: samples from here on are left out; None for the end of the video.

    Yields:
        Samples 0, 1, 2, ... without gaps; none if the video ends before ``start_s``.

    Raises:
        InputError: if the file cannot be read as a video (see `open_video`), or no picture of it
            can be decoded.
    """
    if rate <= 0:
        raise InputError(f"the sampling rate must be positive, got {rate}")
    with open_video(path) as (container, stream):
        damage = _Damage()
        sample_ticks = _sample_clock(stream, rate, _exact_seconds(start_s))
        end_ticks = None if end_s is None else _sample_clock(stream, rate, _exact_seconds(end_s))(0)

        _set_threads(stream, threads)
        selected = select_packets(_read_packets(container, stream, damage), sample_ticks)
        if stream.codec_context.field_order not in _PROGRESSIVE:
            selected = (Selected(item.packet, shown=True) for item in selected)
        elif container.format.name.startswith(_TRUE_ENTRY_POINTS):
            selected = drop_unused_tails(selected)
        number = 0
        shown: _Picture | None = None
        for picture in _pictures(stream, selected, damage):
            while shown is not None and sample_ticks(number) < picture.ticks:
                if end_ticks is not None and sample_ticks(number) >= end_ticks:
                    return  # what lies behind was not looked at, and is not reported
                yield shown.sample(number, size_px, fit)
                number += 1
            shown = picture
        if shown is None:
            raise InputError(
                f"{path}: no picture can be decoded; the file is damaged, or cut off after its header"
            )
        last_ticks = shown.end_ticks if end_ticks is None else min(shown.end_ticks, end_ticks)
        while sample_ticks(number) < last_ticks:
            yield shown.sample(number, size_px, fit)
            number += 1
        damage.seen_s = (shown.end_ticks - start_ticks_of(stream)) * time_base_of(stream)
        _tell(path, damage, *declared_duration_s(container, stream))


def _exact_seconds(seconds: Fraction | float) -> Fraction:
    """Seconds as people write them: 75.3 is 753/10, not the nearest binary number."""
    return Fraction(seconds).limit_denominator(1_000_000)


def _sample_clock(
    stream: VideoStream, rate: Fraction, start_s: Fraction = Fraction(0)
) -> Callable[[int], int]:
    """Time of each sample in ticks of the stream.

    Ticks as fine as a millisecond are taken as rounded times of the frames.
    """
    base = time_base_of(stream)
    rounding = Fraction(1, 2) if base <= _ROUNDED_TICK_S else Fraction(0)
    ticks_per_sample = 1 / (rate * base)
    first = start_ticks_of(stream)
    start = start_s / base + rounding
    return lambda sample: first + int(sample * ticks_per_sample + start)


def _set_threads(stream: VideoStream, threads: int) -> None:
    stream.thread_type = "AUTO"
    stream.thread_count = threads


@dataclass(slots=True)
class _Picture:
    """A decoded picture; it is converted when it is shown for the first time."""

    frame: VideoFrame
    ticks: int
    end_ticks: int
    start_s: float
    image: npt.NDArray[np.uint8] | None = None

    def sample(self, index: int, size_px: tuple[int, int] | None, fit: Fit) -> Sample:
        if self.image is None:
            self.image = to_image(self.frame, size_px, fit)
        return Sample(index, self.start_s, self.image)


def _read_packets(
    container: InputContainer, stream: VideoStream, damage: _Damage
) -> Iterator[VideoPacket]:
    """Packets of a stream until its end, or until the file gives no more; joints of timestamps are closed."""
    mends = container.format.name in _JUMPY_TIMES
    step = round(1 / (frame_rate_of(stream) * time_base_of(stream)))
    longest = int(_MAX_JUMP_S / time_base_of(stream))
    offset, last = 0, None
    try:
        for packet in container.demux(stream):
            if packet.size == 0:
                continue
            if mends and packet.dts is not None:
                dts = packet.dts + offset
                if last is not None and not last - longest // _MAX_JUMP_S < dts < last + longest:
                    offset += last + step - dts
                    damage.joints += 1
                last = packet.dts + offset
                packet.dts = last
                packet.pts = None if packet.pts is None else packet.pts + offset
            yield packet
    except (av.FFmpegError, OSError) as error:
        damage.stopped_by = str(getattr(error, "strerror", None) or error)


def _decode(
    stream: VideoStream, selected: Iterable[Selected[VideoPacket]], damage: _Damage
) -> Iterator[VideoFrame]:
    decoder = stream.codec_context
    for item in selected:
        if item.restart:
            yield from decoder.decode(None)
            decoder.flush_buffers()
        decoder.skip_frame = "DEFAULT" if item.shown else "NONREF"
        try:
            yield from decoder.decode(item.packet)
        except av.FFmpegError:
            damage.bad_packets += 1
    try:
        yield from decoder.decode(None)
    except av.FFmpegError:
        damage.bad_packets += 1


def _pictures(
    stream: VideoStream, selected: Iterable[Selected[VideoPacket]], damage: _Damage
) -> Iterator[_Picture]:
    """Decoded pictures in rising order of time; those that the decoder marks as damaged are left out once there is a good one."""
    base = time_base_of(stream)
    first = start_ticks_of(stream)
    step = max(1, round(1 / (frame_rate_of(stream) * base)))
    last: int | None = None
    for frame in _decode(stream, selected, damage):
        if frame.is_corrupt:
            damage.bad_pictures += 1
            if last is not None:
                continue
        ticks = frame.pts if frame.pts is not None else first if last is None else last + step
        if last is not None and ticks <= last:
            continue
        last = ticks
        yield _Picture(
            frame, ticks, ticks + (frame.duration or step), float((ticks - first) * base)
        )


def _tell(path: Path, damage: _Damage, declared_s: Fraction, exact: bool) -> None:
    found = []
    if declared_s - damage.seen_s > (1 if exact else 5):
        found.append(
            f"it is cut off: {float(damage.seen_s):.1f} of {float(declared_s):.1f} seconds are readable"
        )
    if damage.stopped_by:
        found.append(
            f"reading stopped after {float(damage.seen_s):.1f} seconds ({damage.stopped_by})"
        )
    if damage.bad_packets or damage.bad_pictures:
        found.append(
            f"{damage.bad_packets + damage.bad_pictures} damaged pictures were replaced by the ones before them"
        )
    if damage.joints:
        found.append(
            f"its timestamps jump {damage.joints} times, as if recordings were joined; the gaps were closed"
        )
    if found:
        warnings.warn(f"{path}: {'; '.join(found)}", SpotkickWarning, stacklevel=3)


def to_image(
    frame: VideoFrame, size_px: tuple[int, int] | None, fit: Fit = "stretch"
) -> npt.NDArray[np.uint8]:
    """Convert a decoded picture to upright RGB of the wanted size.

    Args:
        frame: as the decoder gave it.
        size_px: (width, height) of the result; None keeps the size.
        fit: see `Fit`.

    Returns:
        (height, width, 3) uint8.
    """
    turns = quarter_turns(frame.rotation)
    width, height = (frame.width, frame.height) if size_px is None else size_px
    if turns % 2 and size_px is not None:
        width, height = height, width
    scaled = (width, height)
    if fit == "crop" and size_px is not None:
        scale = max(Fraction(width, frame.width), Fraction(height, frame.height))
        scaled = (round(frame.width * scale), round(frame.height * scale))
    image = frame.to_ndarray(
        format="rgb24", width=scaled[0], height=scaled[1], interpolation="BILINEAR"
    )
    left, top = (scaled[0] - width) // 2, (scaled[1] - height) // 2
    upright = np.rot90(image[top : top + height, left : left + width], k=turns)
    return np.ascontiguousarray(upright, dtype=np.uint8)
