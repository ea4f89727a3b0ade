"""Which packets of a video have to be decoded for samples every half second, say.

A sample shows the last frame that starts at or before its time. Packets come in decoding order,
and no frame starts before its packet's decoding time: once a packet is decoded after a sample's
time, every frame that the sample may show has been seen, and the choice is certain. Frames that
are not shown are needed only as references of others. The decoder skips those that nothing refers
to, and what follows the last shown frame before a key frame is not even handed to it.

All times here are integer ticks of the stream's time base.
"""

from bisect import bisect_right, insort
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final, Generic, Protocol, TypeVar

_MAX_HELD_PACKETS: Final = 600
"""Packets held back while it is not known whether they are needed; 24 s at 25 frames per second."""


class TimedPacket(Protocol):
    """What is read of a packet; `av.Packet` fits."""

    @property
    def pts(self) -> int | None:
        """When the frame starts."""

    @property
    def dts(self) -> int | None:
        """When the packet is to be decoded."""

    @property
    def is_keyframe(self) -> bool:
        """Whether decoding can start here."""


PacketT = TypeVar("PacketT", bound=TimedPacket)


@dataclass(frozen=True, slots=True)
class Selected(Generic[PacketT]):
    """A packet for the decoder.

    Attributes:
        packet: the packet.
        shown: its frame is wanted; otherwise it may be skipped when no other frame refers to
            it.
        restart: packets before it were left out, the decoder has to be emptied and reset first.
    """

    packet: PacketT
    shown: bool
    restart: bool = False


def select_packets(
    packets: Iterable[PacketT], sample_ticks: Callable[[int], int]
) -> Iterator[Selected[PacketT]]:
    """Mark the packets whose frames are shown by some sample.

    When a packet has no presentation time, or one before its decoding time, its file cannot be
    trusted: from there on all packets count as shown.

    Args:
        packets: in decoding order.
        sample_ticks: time of sample 0, 1, 2, ..., rising.

    Yields:
        All packets, in the same order.
    """
    # held back until it is certain whether they are shown
    held: deque[PacketT] = deque()
    times: list[int] = []  # of frames from the last possible choice on
    chosen: set[int] = set()
    sample = 0
    packets = iter(packets)
    for packet in packets:
        held.append(packet)
        if (
            packet.pts is None
            or (packet.dts is not None and packet.dts > packet.pts)
            or len(held) > _MAX_HELD_PACKETS
        ):
            break
        insort(times, packet.pts)

        # samples whose frames have all been seen
        while packet.dts is not None and sample_ticks(sample) < packet.dts:
            _forget_before(times, sample_ticks(sample))
            chosen.add(times[0])
            sample += 1
        _forget_before(times, sample_ticks(sample))

        # packets that are settled: chosen, or before every frame that may be chosen
        while (
            held and held[0].pts is not None and (held[0].pts < times[0] or held[0].pts in chosen)
        ):
            pts = held[0].pts
            yield Selected(held.popleft(), shown=pts in chosen)
            if pts < times[0]:
                chosen.discard(pts)

    # the rest, where the times of the file cannot be trusted or it ends
    for packet in held:
        yield Selected(packet, shown=True)
    for packet in packets:
        yield Selected(packet, shown=True)


def _forget_before(times: list[int], sample_tick: int) -> None:
    """Keep of the frame times seen so far those that this sample or a later one may show."""
    del times[: max(bisect_right(times, sample_tick) - 1, 0)]


def drop_unused_tails(selected: Iterable[Selected[PacketT]]) -> Iterator[Selected[PacketT]]:
    """Leave out what lies between the last shown frame and the next key frame.

    Frames that come after a key frame but are shown before it may refer to what lies before: when
    one of them is shown, nothing is left out. Only for containers whose key frames are true points
    of entry.

    Args:
        selected: of `select_packets`.

    Yields:
        The packets that are left, in the same order.
    """
    # a tail is what is not shown since the last one that is; a lead is the key frame that follows,
    # and the frames that are shown before it
    tail: list[Selected[PacketT]] = []
    lead: list[Selected[PacketT]] = []
    for item in selected:
        if lead and _is_shown_before(item.packet, lead[0].packet):
            lead.append(item)
            if item.shown:
                yield from (*tail, *lead)
                tail, lead = [], []
            continue

        # nothing shown needed the tail before the lead
        if lead:
            tail, lead = [replace(lead[0], restart=True)], []
            if tail[0].shown:
                yield tail.pop()

        if item.packet.is_keyframe and tail:
            lead = [item]
        elif item.shown or len(tail) >= _MAX_HELD_PACKETS:
            yield from (*tail, item)
            tail = []
        else:
            tail.append(item)
    if lead and lead[0].shown:
        yield replace(lead[0], restart=True)


def _is_shown_before(packet: TimedPacket, key: TimedPacket) -> bool:
    return (
        not packet.is_keyframe
        and packet.pts is not None
        and key.pts is not None
        and packet.pts < key.pts
    )
