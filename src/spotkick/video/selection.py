"""Which packets of a video have to be decoded, so that a sample every half second does not cost the decoding of every picture.

A sample shows the last picture that starts at or before its time. Packets come in decoding order,
and no picture starts before its packet's decoding time: once a packet is decoded after a sample's
time, every picture that the sample may show has been seen, and the choice is certain. Pictures that
are not shown are needed only as references of others. The decoder skips those that nothing refers
to, and what follows the last shown picture before a key frame is not even handed to it.

All times here are integer ticks of the stream's time base.
"""

from bisect import bisect_right, insort
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final, Generic, Protocol, TypeVar

_MAX_HELD_PACKETS: Final = 600
"""Packets held back while nobody knows whether they are needed; 24 s at 25 pictures per second."""


class TimedPacket(Protocol):
    """What is looked at of a packet; `av.Packet` fits."""

    @property
    def pts(self) -> int | None:
        """When the picture starts."""

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
        shown: its picture is wanted; otherwise it may be skipped when no other picture refers to
            it.
        restart: packets before it were left out, the decoder has to be emptied and reset first.
    """

    packet: PacketT
    shown: bool
    restart: bool = False


def select_packets(
    packets: Iterable[PacketT], sample_ticks: Callable[[int], int]
) -> Iterator[Selected[PacketT]]:
    """Mark the packets whose pictures are shown by some sample.

    When a packet has no presentation time, or one before its decoding time, its file cannot be
    trusted: from there on all packets count as shown.

    Args:
        packets: in decoding order.
        sample_ticks: time of sample 0, 1, 2, ..., rising.

    Yields:
        All packets, in the same order.
    """
    held: deque[PacketT] = deque()
    times: list[int] = []  # of pictures from the last possible choice on
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
        while packet.dts is not None and sample_ticks(sample) < packet.dts:
            _forget_before(times, sample_ticks(sample))
            chosen.add(times[0])
            sample += 1
        _forget_before(times, sample_ticks(sample))
        while (
            held and held[0].pts is not None and (held[0].pts < times[0] or held[0].pts in chosen)
        ):
            pts = held[0].pts
            yield Selected(held.popleft(), shown=pts in chosen)
            if pts < times[0]:
                chosen.discard(pts)
    for packet in held:
        yield Selected(packet, shown=True)
    for packet in packets:
        yield Selected(packet, shown=True)


def _forget_before(times: list[int], sample_tick: int) -> None:
    """Leave of the picture times seen so far only those that this sample or a later one may still show."""
    del times[: max(bisect_right(times, sample_tick) - 1, 0)]


def drop_unused_tails(selected: Iterable[Selected[PacketT]]) -> Iterator[Selected[PacketT]]:
    """Leave out what lies between the last shown picture and the next key frame.

    Pictures that come after a key frame but are shown before it may refer to what lies before: when
    one of them is shown, nothing is left out. Only for containers whose key frames are true points
    of entry.

    Args:
        selected: of `select_packets`.

    Yields:
        The packets that are left, in the same order.
    """
    tail: list[Selected[PacketT]] = []  # not shown, since the last one that is
    lead: list[
        Selected[PacketT]
    ] = []  # a key frame that follows a tail, and the pictures that are shown before it
    for item in selected:
        if lead and _is_shown_before(item.packet, lead[0].packet):
            lead.append(item)
            if item.shown:
                yield from (*tail, *lead)
                tail, lead = [], []
            continue
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
