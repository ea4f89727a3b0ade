from collections.abc import Iterator
from dataclasses import dataclass, replace

from hypothesis import given, settings
from hypothesis import strategies as st

from spotkick.video.selection import Selected, drop_unused_tails, select_packets


@dataclass(frozen=True)
class FakePacket:
    pts: int | None
    dts: int | None
    is_keyframe: bool = False


@st.composite
def packet_streams(draw: st.DrawFn) -> list[FakePacket]:
    """Groups of frames in decoding order, with reordered and leading frames and uneven times."""
    times = sorted(draw(st.sets(st.integers(0, 300), min_size=1, max_size=40)))
    first, packets, order = times[0], [], list(range(len(times)))
    position = 0
    while position < len(order):  # a run of B-frames is decoded after the frame that follows it
        b_frames = min(draw(st.integers(0, 3)), len(order) - position - 1) if position else 0
        order[position : position + b_frames + 1] = [
            position + b_frames,
            *range(position, position + b_frames),
        ]
        position += b_frames + 1
    dts = first
    for count, index in enumerate(order):
        later = [times[rest] for rest in order[count:]]
        dts = max(dts, min(later) - draw(st.integers(0, 30)))
        packets.append(
            FakePacket(
                times[index], min(dts, min(later)), is_keyframe=count == 0 or draw(st.booleans())
            )
        )
    return packets


def shown_by_search(packets: list[FakePacket], step: int) -> set[int]:
    times = sorted(packet.pts for packet in packets if packet.pts is not None)
    first = times[0]
    return {
        max((time for time in times if time <= sample), default=first)
        for sample in range(first, times[-1] + 1, step)
    }


@settings(deadline=None, max_examples=50)
@given(packet_streams(), st.integers(1, 60))
def test_select_packets_marks_every_shown_frame_and_keeps_order(
    packets: list[FakePacket], step: int
) -> None:
    first = min(packet.pts for packet in packets if packet.pts is not None)
    selected = list(select_packets(packets, lambda sample: first + sample * step))
    assert [item.packet for item in selected] == packets
    chosen = {item.packet.pts for item in selected if item.shown}
    assert shown_by_search(packets, step) <= chosen


@settings(deadline=None, max_examples=50)
@given(packet_streams(), st.integers(1, 60))
def test_drop_unused_tails_keeps_what_shown_frames_need(
    packets: list[FakePacket], step: int
) -> None:
    selected = [
        Selected(packet, shown=packet.pts is not None and packet.pts % step == 0)
        for packet in packets
    ]
    kept = list(drop_unused_tails(selected))
    left = [item.packet for item in kept]
    assert [packet for packet in packets if packet in left] == left
    position = 0
    # the decoder's view: everything since the last restart must be there, up to the shown frame
    for item in kept:
        start = packets.index(item.packet)
        if item.restart:
            assert item.packet.is_keyframe
        else:
            between = packets[position:start]
            key = next(
                (packet for packet in reversed(packets[:position]) if packet.is_keyframe), None
            )
            leading = (
                all(packet.pts < key.pts for packet in between if packet.pts is not None)
                if key and key.pts
                else False
            )
            assert not between or leading
        position = start + 1
    assert {item.packet for item in selected if item.shown} == {
        item.packet for item in kept if item.shown
    }


def group(start: int, length: int) -> Iterator[FakePacket]:
    for offset in range(length):
        yield FakePacket(start + offset, start + offset, is_keyframe=offset == 0)


def test_drop_unused_tails_one_sample_per_group_keeps_one_packet() -> None:
    packets = [packet for start in range(0, 1000, 10) for packet in group(start, 10)]
    kept = list(drop_unused_tails(select_packets(packets, lambda sample: sample * 100)))
    assert [item.packet.pts for item in kept if item.shown][:9] == list(range(0, 900, 100))
    assert len([item for item in kept if (item.packet.pts or 0) < 900]) == 9
    assert all(item.restart for item in kept[1:9])


def test_drop_unused_tails_shown_leading_frame_keeps_group_before() -> None:
    packets = [
        FakePacket(0, -2, is_keyframe=True),
        FakePacket(4, -1),
        FakePacket(2, 2),
        FakePacket(10, 3, is_keyframe=True),
        FakePacket(8, 8),
        FakePacket(14, 9),
    ]
    kept = list(drop_unused_tails([Selected(packet, shown=packet.pts == 8) for packet in packets]))
    assert [item.packet for item in kept] == packets[:5]
    assert not any(item.restart for item in kept)


def test_select_packets_without_times_selects_all() -> None:
    packets = [*group(0, 5), FakePacket(None, None), *group(6, 5)]
    selected = list(select_packets(packets, lambda sample: sample * 100))
    assert [item.packet for item in selected] == packets
    assert all(item.shown for item in selected[5:])


def test_select_packets_missing_decoding_times_are_waited_for() -> None:
    packets = [
        replace(packet, dts=None) if packet.dts < 3 else packet
        for packet in group(0, 30)
        if packet.dts is not None
    ]
    selected = list(select_packets(packets, lambda sample: sample * 10))
    assert [item.packet.pts for item in selected if item.shown][:2] == [0, 10]
    assert not selected[5].shown
