"""Read the clock of a video file: from its header where that can be trusted, else its packets.

Indexed files (MP4, MOV, Matroska) state what is needed; streams are read once, without decoding.
"""

import threading
from collections import OrderedDict
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from re import compile as compile_pattern
from typing import Final

import av
from av.container import InputContainer
from av.video.stream import VideoStream

from spotkick.video.clock_building import clock_of_decoding_times, clock_of_times
from spotkick.video.clock_report import ClockReport
from spotkick.video.media_clock import MediaClock
from spotkick.video.opening import can_be_joined, is_raw_stream, open_container
from spotkick.video.packet_times import read_packet_times
from spotkick.video.streams import (
    choose_video_stream,
    find_tag,
    frame_rate_of,
    nominal_rate_of,
    time_base_of,
)

_KEPT_CLOCKS: Final = 64
_LOOKED_AT_PACKETS: Final = 100
_GENERATE_TIMES: Final = 0x1
"""FFmpeg's flag to invent display times, which are those of decoding where frames are
reordered."""

_CLOCK: Final = compile_pattern(r"(\d+):(\d+):(\d+(?:\.\d+)?)")

_kept: "OrderedDict[tuple[Path, int, int], MediaClock]" = OrderedDict()
_lock: Final = threading.Lock()


def read_clock(path: Path) -> MediaClock:
    """The clock of a file. It is kept until the file changes.

    Files with an index are read no further than their header. Streams that may be joined, that
    lack display times or do not state their length are read once, without decoding.

    Raises:
        InputError: see `spotkick.video.opening.open_video`.
    """
    return _read_kept(path, measure=False)


def measure_clock(path: Path) -> MediaClock:
    """The same, with every packet read, so that its report is complete.

    Raises:
        InputError: see `spotkick.video.opening.open_video`.
    """
    return _read_kept(path, measure=True)


def _read_kept(path: Path, *, measure: bool) -> MediaClock:
    key = _identify(path)
    with _lock:
        clock = _kept.get(key) if key else None
    if clock is not None and (clock.report.is_measured or not measure):
        return replace(clock, path=path)

    clock = _read_anew(path, measure=measure)
    with _lock:
        if key is not None:
            _kept[key] = clock
        while len(_kept) > _KEPT_CLOCKS:
            _kept.popitem(last=False)
    return clock


def _identify(path: Path) -> tuple[Path, int, int] | None:
    """What tells one state of a file from another; None for a file that is not there."""
    try:
        status = path.stat()
    except OSError:
        return None
    return path.resolve(), status.st_size, status.st_mtime_ns


def _read_anew(path: Path, *, measure: bool) -> MediaClock:
    with open_container(path) as container:
        stream = choose_video_stream(container, path)
        clock = _clock_of_header(path, container, stream)
        joinable = can_be_joined(container)
        indexed = container.format.name.startswith("mov")
        lacking = is_raw_stream(container) or (
            not indexed and _lacks_display_times(path, stream.index)
        )
        if not (measure or joinable or lacking or _lacks_duration(container, stream)):
            return clock

        # a container of its own, so that the reading starts at the first packet
        with open_container(path) as again:
            times = read_packet_times(again, _video_at(again, stream.index))
        if not len(times):
            report = replace(clock.report, is_measured=True, stopped_by=times.stopped_by)
            return replace(clock, report=report)
        if lacking:
            delay = 0 if times.lacks_all_times else _measure_delay(path, stream.index)
            return clock_of_decoding_times(clock, times, delay)
        lacking_duration = joinable or _lacks_duration(container, stream)
        return clock_of_times(clock, times, joinable=joinable, set_duration=lacking_duration)


def _clock_of_header(path: Path, container: InputContainer, stream: VideoStream) -> MediaClock:
    base = time_base_of(stream)
    declared_s = declared_duration_s(container, stream)[0]
    return MediaClock(
        path=path,
        video_index=stream.index,
        time_base=base,
        start_ticks=stream.start_time or 0,
        average_rate=frame_rate_of(stream),
        nominal_rate=nominal_rate_of(stream),
        duration_s=declared_s,
        report=ClockReport((stream.start_time or 0) * base, states_duration=declared_s > 0),
    )


def declared_duration_s(container: InputContainer, stream: VideoStream) -> tuple[Fraction, bool]:
    """Length of the video as the header declares it.

    Returns:
        the length in seconds, 0 when it is not declared; and whether it is that of the video
        alone, not of the whole file.
    """
    start_s = (stream.start_time or 0) * time_base_of(stream)
    if stream.duration:
        return stream.duration * time_base_of(stream), True

    # Matroska counts from zero, whatever the first timestamp is
    tag = _CLOCK.fullmatch(find_tag(stream, "duration"))
    if tag:
        hours, minutes, seconds = (Fraction(part) for part in tag.groups())
        return max(Fraction(0), 3600 * hours + 60 * minutes + seconds - start_s), True
    if container.duration:
        first = 0 if container.format.name.startswith("matroska") else container.start_time or 0
        return max(Fraction(0), Fraction(container.duration + first, av.time_base) - start_s), False
    return Fraction(0), False


def _lacks_duration(container: InputContainer, stream: VideoStream) -> bool:
    """Whether the length of the video is not stated; that of a whole Matroska file is near it."""
    declared_s, exact = declared_duration_s(container, stream)
    return declared_s == 0 or not (exact or container.format.name.startswith("matroska"))


def _video_at(container: InputContainer, index: int) -> VideoStream:
    return next(stream for stream in container.streams.video if stream.index == index)


def _lacks_display_times(path: Path, index: int) -> bool:
    """Whether a file says when packets are decoded, or nothing, and not when frames are shown."""
    with open_container(path) as container:
        container.flags &= ~_GENERATE_TIMES
        times = read_packet_times(container, _video_at(container, index), limit=_LOOKED_AT_PACKETS)
    return times.lacks_display_times or times.lacks_all_times


def _measure_delay(path: Path, index: int) -> int:
    """Packets that the decoder takes before its first frame comes out, less one."""
    with open_container(path) as container:
        stream = _video_at(container, index)
        fed = 0
        for packet in container.demux(stream):
            try:
                if packet.size and packet.decode():
                    return fed
            except av.FFmpegError:
                continue
            fed += packet.size > 0
            if fed > _LOOKED_AT_PACKETS:
                break
    return 0
