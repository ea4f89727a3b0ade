"""Build the clock of a file whose packets were all read."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np
import numpy.typing as npt

from spotkick.video.clock_report import ClockReport, Gap, Joint
from spotkick.video.media_clock import MediaClock
from spotkick.video.packet_times import (
    PacketTimes,
    fill_times,
    find_holes,
    find_joints,
    first_shown,
    has_steady_rate,
)
from spotkick.video.recordings import KnownPackets, Recording

_LOST_SIGNAL_S: Final = 1
"""A hole of this length is described as lost signal, a shorter one as missing frames."""

_WRONG_START_S: Final = 1


def clock_of_decoding_times(clock: MediaClock, times: PacketTimes, delay: int) -> MediaClock:
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
        report=_describe_times(clock, times, display, joints=(), has_display_times=False),
        recordings=(Recording(first_packet=0, place=0, shift=0, start=start),),
        known=_known_packets(times, decoding, display),
    )


def clock_of_times(
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
        report=_describe_times(clock, times, display, joints=joints, has_display_times=True),
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


def _describe_times(
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

    # before the first key frame nothing can be decoded, where a stream was cut from a longer one
    first = int(display[times.keys[0]]) if times.keys else start
    whole = display[display >= first]
    gaps = []
    missing = 0
    for before, after, count in find_holes(whole, float(1 / (clock.nominal_rate * base))):
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
        has_variable_rate=not has_steady_rate(whole),
        readable_s=(int(display.max()) - start) * base + step_s,
        stopped_by=times.stopped_by,
    )
