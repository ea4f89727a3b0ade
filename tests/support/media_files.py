"""Small files with several sound tracks, programmes or unusual headers."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Final

import av
import numpy as np
from av.stream import Disposition

from support.pattern_video import draw_number

_PACKET_BYTES: Final = 188
_RATE_HZ: Final = 48_000


@dataclass(frozen=True)
class Tone:
    """A sound track of one pitch.

    Attributes:
        frequency_hz: 0 for silence.
        disposition: marks of the track.
        language: code of the language, empty for none.
    """

    frequency_hz: int
    disposition: int = 0
    language: str = ""


def write_with_tones(
    path: Path,
    tones: Sequence[Tone],
    *,
    num_frames: int = 50,
    first_number: int = 0,
    size_px: tuple[int, int] = (96, 64),
    sound_s: float | None = None,
    options: dict[str, str] | None = None,
) -> None:
    """A numbered video of 25 frames per second with sound tracks of one pitch each."""
    with av.open(str(path), "w", options=options or {}) as container:
        video = container.add_stream(
            "libx264", rate=25, options={"preset": "ultrafast", "x264-params": "scenecut=0"}
        )
        video.width, video.height, video.pix_fmt, video.gop_size = (*size_px, "yuv420p", 25)
        tracks = []
        for tone in tones:
            track = container.add_stream("aac", rate=_RATE_HZ)
            track.layout = "mono"
            track.disposition = Disposition(tone.disposition)
            if tone.language:
                track.metadata["language"] = tone.language
            tracks.append(track)
        for number in range(num_frames):
            image = draw_number(first_number + number, size_px)
            frame = av.VideoFrame.from_ndarray(image, format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, 25)
            container.mux(video.encode(frame))
        container.mux(video.encode(None))
        count = round((num_frames / 25 if sound_s is None else sound_s) * _RATE_HZ)
        for track, tone in zip(tracks, tones, strict=True):
            wave = 0.5 * np.sin(2 * np.pi * tone.frequency_hz * np.arange(count) / _RATE_HZ)
            sound = av.AudioFrame.from_ndarray(
                wave.astype(np.float32)[None], format="fltp", layout="mono"
            )
            sound.rate, sound.pts, sound.time_base = _RATE_HZ, 0, Fraction(1, _RATE_HZ)
            container.mux([*track.encode(sound), *track.encode(None)])


def merge_programmes(path: Path, parts: Sequence[Path]) -> None:
    """Put transport streams into one, as programmes of their own.

    The parts must have been written with different ``mpegts_service_id``,
    ``mpegts_pmt_start_pid`` and ``mpegts_start_pid``.
    """
    packets = [_split_packets(part.read_bytes()) for part in parts]
    entries = [_find_association(part) for part in packets]
    merged = bytearray()
    for row in range(max(len(part) for part in packets)):
        for number, part in enumerate(packets):
            if row >= len(part):
                continue
            packet = part[row]
            if _stream_id(packet) == 0:
                packet = _write_association(packet, b"".join(entries))
                if number:
                    continue
            if _stream_id(packet) == 0x11 and number:
                continue
            merged += packet
    path.write_bytes(bytes(merged))


def _split_packets(data: bytes) -> list[bytes]:
    return [data[start : start + _PACKET_BYTES] for start in range(0, len(data), _PACKET_BYTES)]


def _stream_id(packet: bytes) -> int:
    return int.from_bytes(packet[1:3], "big") & 0x1FFF


def _find_association(packets: list[bytes]) -> bytes:
    """Number and map of the first programme, of the first table that names them."""
    table = next(packet for packet in packets if _stream_id(packet) == 0)
    return table[13:17]


def _write_association(packet: bytes, entries: bytes) -> bytes:
    """The same packet with a table of other programmes."""
    length = 9 + len(entries)
    section = bytes([0x00, 0xB0 | length >> 8, length & 0xFF]) + packet[8:13] + entries
    section += _checksum(section).to_bytes(4, "big")
    return (packet[:5] + section).ljust(_PACKET_BYTES, b"\xff")


def _checksum(data: bytes) -> int:
    """CRC-32 of MPEG-2 systems."""
    value = 0xFFFFFFFF
    for byte in data:
        value ^= byte << 24
        for _ in range(8):
            value = (value << 1) ^ 0x04C11DB7 if value & 0x80000000 else value << 1
            value &= 0xFFFFFFFF
    return value
