"""Read the clock of a video file: from its header where that can be trusted, else its packets."""

import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from re import compile as compile_pattern
from typing import Final

import av
import numpy as np
import numpy.typing as npt
from av.container import InputContainer
from av.video.stream import VideoStream

from spotkick.video.clock_report import ClockReport, Gap, Joint
from spotkick.video.media_clock import KnownPackets, MediaClock, Recording
from spotkick.video.opening import can_be_joined, open_container
from spotkick.video.packet_times import (
    PacketTimes,
    fill_times,
    find_holes,
    find_joints,
    first_shown,
    has_steady_rate,
    read_packet_times,
)
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

_LOST_SIGNAL_S: Final = 1
"""A hole of this length is described as lost signal, a shorter one as missing frames."""

_WRONG_START_S: Final = 1
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

    clock = _read(path, measure=measure)
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


def _read(path: Path, *, measure: bool) -> MediaClock:
    with open_container(path) as container:
        stream = choose_video_stream(container, path)
        clock = _clock_of_header(path, container, stream)
        joinable = can_be_joined(container)
        indexed = container.format.name.startswith("mov")
        lacking = not indexed and _lacks_display_times(path, stream.index)
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
            return _clock_of_decoding_times(clock, times, delay)
        lacking_duration = joinable or _lacks_duration(container, stream)
        return _clock_of_times(clock, times, joinable=joinable, set_duration=lacking_duration)


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


def _clock_of_decoding_times(clock: MediaClock, times: PacketTimes, delay: int) -> MediaClock:
    """A clock of a file whose frames are shown in order, one at each decoding time.

    As FFmpeg's players do it, a frame is shown when the decoder gives it out: ``delay`` packets
    after its own turn.
    """
    if times.lacks_all_times:
        steps = np.array(times.durations, dtype=np.int64)
        steps[steps == 0] = clock.step_ticks
        decoding = np.concatenate([[0], np.cumsum(steps[:-1])])
    else:
        decoding = np.maximum.accumulate(fill_times(times.dts, times.pts))
        steps = np.diff(decoding)
    step = max(1, int(np.median(steps))) if len(steps) else clock.step_ticks
    after = decoding[-1] + step * np.arange(1, delay + 1)
    display = np.concatenate([decoding, after])[delay:]

    # raw streams have no rate in their header but in the codec
    rate = 1 / (step * clock.time_base) if times.lacks_all_times else clock.average_rate
    start = int(display[0])
    return replace(
        clock,
        start_ticks=start,
        average_rate=rate,
        nominal_rate=rate if times.lacks_all_times else clock.nominal_rate,
        duration_s=(int(display[-1]) + step - start) * clock.time_base,
        report=_report(clock, times, display, joints=(), has_display_times=False),
        recordings=(Recording(first_packet=0, place=0, shift=0, start=start),),
        known=_known_packets(times, decoding, display),
    )


def _clock_of_times(
    clock: MediaClock, times: PacketTimes, *, joinable: bool, set_duration: bool
) -> MediaClock:
    """A clock of a file that says when its frames are shown; joints are closed."""
    display = fill_times(times.pts, times.dts)
    decoding = fill_times(times.dts, times.pts)
    ends = display + np.maximum(np.array(times.durations, dtype=np.int64), 0)
    ends[ends == display] += clock.step_ticks

    # each recording is counted on from where the one before ends
    starts = [0, *find_joints(decoding, float(1 / clock.time_base), forward=joinable)]
    recordings: list[Recording] = []
    joints: list[Joint] = []
    start = _choose_start(clock, display)
    end = start
    places = _fill_places(times)
    for first, last in zip(starts, [*starts[1:], len(times)], strict=True):
        shift = end - first_shown(display[first:last]) if first else 0
        if first:
            jump = int(decoding[first] - decoding[first - 1]) - clock.step_ticks
            joints.append(Joint((end - start) * clock.time_base, jump * clock.time_base))
        recordings.append(
            Recording(first_packet=int(first), place=int(places[first]), shift=shift, start=end)
        )
        display[first:last] += shift
        decoding[first:last] += shift
        end = int(ends[first:last].max()) + shift
    measured_s = (end - start) * clock.time_base
    return replace(
        clock,
        start_ticks=start,
        duration_s=measured_s if set_duration else clock.duration_s,
        report=_report(clock, times, display, joints=joints, has_display_times=True),
        recordings=tuple(recordings),
        known=_known_packets(times, decoding, np.empty(0, dtype=np.int64)),
    )


def _choose_start(clock: MediaClock, display: npt.NDArray[np.int64]) -> int:
    """The start that the header states, unless no frame is near it."""
    found = first_shown(display)
    apart_s = abs(found - clock.start_ticks) * clock.time_base
    return found if apart_s > _WRONG_START_S else clock.start_ticks


def _fill_places(times: PacketTimes) -> npt.NDArray[np.int64]:
    """Offsets of packets in the file; of the packet before where a packet shares its unit."""
    return np.maximum.accumulate(np.maximum(np.array(times.places, dtype=np.int64), 0))


def _known_packets(
    times: PacketTimes, decoding: npt.NDArray[np.int64], display: npt.NDArray[np.int64]
) -> KnownPackets:
    return KnownPackets(
        decoding=decoding,
        display=display,
        places=_fill_places(times),
        keys=np.array(times.keys, dtype=np.int64),
    )


def _report(
    clock: MediaClock,
    times: PacketTimes,
    display: npt.NDArray[np.int64],
    *,
    joints: Sequence[Joint],
    has_display_times: bool,
) -> ClockReport:
    """Describe a file whose packets were all read; ``display`` has its joints closed."""
    base, start = clock.time_base, int(display.min())
    step_s = clock.step_ticks * base
    gaps = []
    missing = 0
    for before, after, count in find_holes(display, float(1 / (clock.nominal_rate * base))):
        lost_s = (after - before) * base - step_s
        if lost_s >= _LOST_SIGNAL_S:
            gaps.append(Gap((before - start) * base + step_s, lost_s))
        else:
            missing += count
    return replace(
        clock.report,
        joints=tuple(joints),
        gaps=tuple(gaps),
        missing_frames=missing,
        corrupt_packets=times.corrupt,
        has_display_times=has_display_times,
        is_measured=True,
        has_variable_rate=not has_steady_rate(display),
        readable_s=(int(display.max()) - start) * base + step_s,
        stopped_by=times.stopped_by,
    )
