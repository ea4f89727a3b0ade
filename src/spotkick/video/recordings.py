"""Recordings that were joined to one file, and the packets of a file that was read."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

import numpy as np
import numpy.typing as npt

_NEAR_BYTES: Final = 4_000_000
_NEAR_JOINT_S: Final = 3
"""Sound this near to a joint, in the file and in time, may be stored on its other side."""


@dataclass(frozen=True, slots=True)
class Recording:
    """One of the recordings that were joined; times in ticks of the video.

    Attributes:
        first_packet: number of its first packet in the video stream.
        place: offset of its first packet in the file.
        shift: added to the times of its packets.
        start: time of its first frame after the shift.
    """

    first_packet: int
    place: int
    shift: int
    start: int


@dataclass(frozen=True, slots=True)
class KnownPackets:
    """Arrays over the packets of a measured file, in decoding order.

    Attributes:
        decoding: (packets,) decoding time in ticks, joints closed.
        display: (packets + delay,) times at which frames are shown, in order, for files that do
            not say so; empty for others.
        places: (packets,) offset in the file, that of the packet before where unknown.
        keys: (keys,) numbers of the packets where decoding can start.
    """

    decoding: npt.NDArray[np.int64]
    display: npt.NDArray[np.int64]
    places: npt.NDArray[np.int64]
    keys: npt.NDArray[np.int64]


def find_recording_of_sound(
    recordings: Sequence[Recording],
    known: KnownPackets,
    index: int,
    *,
    place: int,
    ticks: Fraction,
    base: Fraction,
) -> int:
    """The recording that a packet of sound belongs to.

    Sound near a joint may be stored on the other side of it; its time tells.

    Args:
        recordings: in their order.
        known: packets of the video.
        index: of the recording that its place in the file speaks for.
        place: offset of the packet in the file.
        ticks: time of the packet on the clock of the file, in ticks of the video.
        base: length of a tick in seconds.
    """

    def distance_s(side: int, joint: Recording) -> Fraction:
        return abs(ticks + recordings[side].shift - joint.start) * base

    for after in range(max(1, index), min(index + 2, len(recordings))):
        joint, before = recordings[after], after - 1

        # between the last frame of the one and the first frame of the other, time alone decides
        if int(known.places[joint.first_packet - 1]) < place < joint.place:
            closer = distance_s(after, joint) < distance_s(before, joint)
            return after if closer else before
        other = before if index == after else after
        if distance_s(other, joint) < _NEAR_JOINT_S < distance_s(index, joint):
            return other if abs(place - joint.place) < _NEAR_BYTES else index
    return index
