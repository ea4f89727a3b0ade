"""Programmes of an MPEG transport stream: which streams belong together.

Source: ISO/IEC 13818-1, 2.4.4.3 (program association) and 2.4.4.8 (program map).
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

_READ_BYTES: Final = 4_000_000
"""Tables are repeated several times a second, so that they are found near the start."""

_SYNC: Final = 0x47
_PACKET_BYTES: Final = 188
_STRIDES: Final = (188, 192, 204)
"""Distance of packets: plain, with timestamps (M2TS), with checksums."""

_ASSOCIATION_TABLE: Final = 0x00
_MAP_TABLE: Final = 0x02


def read_programmes(path: Path) -> tuple[frozenset[int], ...]:
    """Stream ids of each programme of a transport stream, in the order of the file.

    Args:
        path: of an MPEG transport stream; any other file gives no programmes.
    """
    with path.open("rb") as file:
        data = file.read(_READ_BYTES)

    # table id -> programmes; a programme's map follows in a stream that the association names
    maps: set[int] = set()
    programmes: dict[int, frozenset[int]] = {}
    for stream_id, section in _find_sections(data):
        if stream_id == 0 and section[0] == _ASSOCIATION_TABLE:
            maps |= set(_parse_association(section))
        elif stream_id in maps and section[0] == _MAP_TABLE:
            programmes.setdefault(int.from_bytes(section[3:5], "big"), _parse_map(section))
    return tuple(programmes.values())


def _find_sections(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Stream id and content of each table section; sections over several packets are joined."""
    first, stride = _find_packets(data)
    pending: dict[int, bytearray] = {}
    for start in range(first, len(data) - _PACKET_BYTES, stride):
        packet = data[start : start + _PACKET_BYTES]
        stream_id = int.from_bytes(packet[1:3], "big") & 0x1FFF
        if packet[0] != _SYNC or not packet[3] & 0x10:
            continue
        content = packet[5 + packet[4] :] if packet[3] & 0x20 else packet[4:]

        # the mark 'start of a unit' announces a pointer to the start of a section
        if packet[1] & 0x40 and content:
            pending[stream_id] = bytearray(content[1 + content[0] :])
        elif stream_id in pending:
            pending[stream_id] += content
        section = pending.get(stream_id, bytearray())
        if len(section) >= 8:
            length = 3 + (int.from_bytes(section[1:3], "big") & 0x0FFF)
            if section[0] in (_ASSOCIATION_TABLE, _MAP_TABLE) and len(section) >= length:
                yield stream_id, bytes(section[:length])
            elif section[0] in (_ASSOCIATION_TABLE, _MAP_TABLE):
                continue
            pending.pop(stream_id)


def _find_packets(data: bytes) -> tuple[int, int]:
    """Offset of the first packet and distance of packets."""
    for stride in _STRIDES:
        for first in range(min(stride, len(data))):
            if all(data[place] == _SYNC for place in range(first, len(data), stride)[:10]):
                return first, stride
    return len(data), _PACKET_BYTES


def _parse_association(section: bytes) -> Iterator[int]:
    """Ids of the streams that hold the maps of the programmes."""
    for place in range(8, len(section) - 4, 4):
        number = int.from_bytes(section[place : place + 2], "big")
        if number:  # programme 0 is the network's own table
            yield int.from_bytes(section[place + 2 : place + 4], "big") & 0x1FFF


def _parse_map(section: bytes) -> frozenset[int]:
    """Ids of the streams of a programme."""
    ids = []
    place = 12 + (int.from_bytes(section[10:12], "big") & 0x0FFF)
    while place + 5 <= len(section) - 4:
        ids.append(int.from_bytes(section[place + 1 : place + 3], "big") & 0x1FFF)
        place += 5 + (int.from_bytes(section[place + 3 : place + 5], "big") & 0x0FFF)
    return frozenset(ids)
