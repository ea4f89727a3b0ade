"""One pass over the packets of a video: their times and places, without decoding.

The findings (joints, lost signal, missing frames) are pure functions of the times.
"""

from array import array
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

import av
import numpy as np
import numpy.typing as npt
from av.container import InputContainer
from av.video.stream import VideoStream

NO_TIME: Final = -(2**63)
"""Stands for a time that a packet does not have."""

MAX_LOST_SIGNAL_S: Final = 60
"""A clock that jumps forward by more belongs to another recording; up to this, the signal was
lost and time went on."""

_MAX_OVERLAP_S: Final = 1
"""A clock that goes back by more belongs to another recording."""

_REORDERED_PACKETS: Final = 32
"""The frame that is shown first is among this many packets in decoding order."""

_FEWEST_STEPS: Final = 10
_STEADY_SHARE: Final = 0.9
_STEP_SLACK: Final = 0.3
"""Timestamps rounded to milliseconds are at most this share of a frame out of place."""


def _make_array() -> "array[int]":
    return array("q")


@dataclass(slots=True)
class PacketTimes:
    """Times of the packets of a video stream, in decoding order, in units of its time base.

    Attributes:
        pts: when each frame is shown, `NO_TIME` where the file does not say.
        dts: when each packet is decoded, `NO_TIME` where the file does not say.
        durations: of each frame, 0 where the file does not say.
        places: offset in the file of each packet, -1 where it is not known.
        keys: numbers of the packets where decoding can start.
        corrupt: number of packets that the container marks as damaged.
        stopped_by: why reading ended before the end of the file, empty if it did not.
    """

    pts: "array[int]" = field(default_factory=_make_array)
    dts: "array[int]" = field(default_factory=_make_array)
    durations: "array[int]" = field(default_factory=_make_array)
    places: "array[int]" = field(default_factory=_make_array)
    keys: "array[int]" = field(default_factory=_make_array)
    corrupt: int = 0
    stopped_by: str = ""

    def __len__(self) -> int:
        """Number of packets."""
        return len(self.pts)

    def add(self, packet: "av.Packet[Any]") -> None:
        """Take note of the next packet."""
        if packet.is_keyframe:
            self.keys.append(len(self.pts))
        self.pts.append(NO_TIME if packet.pts is None else packet.pts)
        self.dts.append(NO_TIME if packet.dts is None else packet.dts)
        self.durations.append(packet.duration or 0)
        self.places.append(-1 if packet.pos is None else packet.pos)
        self.corrupt += packet.is_corrupt

    @property
    def lacks_display_times(self) -> bool:
        """Whether packets say when they are decoded, and not when they are shown."""
        return any(
            pts == NO_TIME != dts for pts, dts in zip(self.pts, self.dts, strict=True)
        ) and not any(pts > dts != NO_TIME for pts, dts in zip(self.pts, self.dts, strict=True))

    @property
    def lacks_all_times(self) -> bool:
        """Whether no packet has any time, as in raw streams."""
        return all(time == NO_TIME for times in (self.pts, self.dts) for time in times)


def read_packet_times(
    container: InputContainer, stream: VideoStream, *, limit: int | None = None
) -> PacketTimes:
    """Read the times of a stream's packets from where the container stands.

    Args:
        container: the opened file.
        stream: its video stream.
        limit: stop after this many packets; None reads to the end.
    """
    times = PacketTimes()
    try:
        for packet in container.demux(stream):
            if packet.size:
                times.add(packet)
            if limit is not None and len(times) >= limit:
                break
    except (av.FFmpegError, OSError) as error:
        times.stopped_by = str(getattr(error, "strerror", None) or error)
    return times


def fill_times(times: "array[int]", otherwise: "array[int]") -> npt.NDArray[np.int64]:
    """Times with gaps filled: from the other kind of time, then from the packet before."""
    filled = np.array(times, dtype=np.int64)
    other = np.array(otherwise, dtype=np.int64)
    filled = np.where(filled == NO_TIME, other, filled)
    known = np.where(filled != NO_TIME, np.arange(len(filled)), -1)
    before = np.maximum.accumulate(known)
    return np.where(before >= 0, filled[np.maximum(before, 0)], 0)


def find_joints(
    decoding: npt.NDArray[np.int64], ticks_per_s: float, *, forward: bool
) -> npt.NDArray[np.intp]:
    """Numbers of the packets with which another recording begins.

    Args:
        decoding: (packets,) decoding times in ticks.
        ticks_per_s: of the stream.
        forward: whether a jump forward counts, as in containers that can be joined byte by byte.
    """
    steps = np.diff(decoding)
    jumps = steps < -_MAX_OVERLAP_S * ticks_per_s
    if forward:
        jumps |= steps > MAX_LOST_SIGNAL_S * ticks_per_s
    return np.flatnonzero(jumps) + 1


def first_shown(display: npt.NDArray[np.int64]) -> int:
    """Time of the frame that is shown first, of times in decoding order."""
    return int(display[:_REORDERED_PACKETS].min())


def has_steady_rate(display: Iterable[int]) -> bool:
    """Whether nearly all frames last equally long, but for the rounding of their times.

    Args:
        display: times of the frames in ticks, in any order.
    """
    _, usual = _measure_steps(display)
    return not len(usual) or bool(usual.mean() >= _STEADY_SHARE)


def _measure_steps(
    display: Iterable[int],
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
    """(frames,) times in order, and for each step (frames - 1,) whether it is as long as most."""
    times = np.unique(np.fromiter(display, dtype=np.int64))
    steps = np.diff(times)
    step = float(np.median(steps)) if len(steps) else 0.0

    # rounded timestamps make steps uneven by a little, a variable rate by much
    return times, np.abs(steps - step) <= max(1.0, _STEP_SLACK * step)


def find_holes(display: Iterable[int], nominal_step: float) -> tuple[tuple[int, int, int], ...]:
    """Places where frames are missing from a steady sequence.

    Args:
        display: times of the frames in ticks, in any order.
        nominal_step: ticks from frame to frame at the nominal rate.

    Returns:
        (time of the frame before, time of the frame after, number of frames missing) of each; none
        where the times are not steady, as of variable rate.
    """
    times, usual = _measure_steps(display)
    steps = np.diff(times)
    if len(steps) < _FEWEST_STEPS or usual.mean() < _STEADY_SHARE:
        return ()

    # every second frame of an interlaced recording is not a missing one
    step = float(steps[usual].mean())
    if step < nominal_step / 2:
        return ()
    missing = np.rint(steps / step).astype(np.int64) - 1
    return tuple(
        (int(times[n]), int(times[n + 1]), int(missing[n])) for n in np.flatnonzero(missing > 0)
    )
