"""Loudness of a reel by EBU R 128: measured over the whole, then set by one gain for each track.

The gain changes nothing else: loud and quiet parts keep their distance. It is smaller than wanted
where the true peak would pass -1 dBTP. The pictures are copied. Source: EBU R 128, ITU-R BS.1770.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import av
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.filter import Graph

from spotkick.errors import InputError
from spotkick.files import atomic_path
from spotkick.video.reel_parts import reel_format

MOST_PEAK_DBTP: Final = -1.0
"""Highest true peak after the gain. Source: EBU R 128."""

SILENCE_LUFS: Final = -70.0
"""What the gate of the measurement leaves out; a track as quiet as this is left as it is."""

_BIT_RATE: Final = 160_000


@dataclass(frozen=True, slots=True)
class Loudness:
    """Loudness of a sound track.

    Attributes:
        integrated_lufs: over the whole track.
        peak_dbtp: highest true peak.
    """

    integrated_lufs: float
    peak_dbtp: float

    def gain_to(self, target_lufs: float) -> float:
        """Decibels that bring the track to a loudness, as far as its peak allows.

        Example:
            >>> Loudness(-23.0, -6.0).gain_to(-14.0)
            5.0
        """
        if self.integrated_lufs <= SILENCE_LUFS:
            return 0.0
        return min(target_lufs - self.integrated_lufs, MOST_PEAK_DBTP - self.peak_dbtp)


def measure_loudness(path: Path) -> tuple[Loudness, ...]:
    """Measure every sound track of a file.

    Raises:
        InputError: if the file cannot be decoded.
    """
    try:
        with av.open(str(path)) as container:
            count = len(container.streams.audio)
        return tuple(_measure_track(path, number) for number in range(count))
    except av.FFmpegError as error:
        raise InputError(f"{path}: its sound cannot be read: {error.strerror}") from error


def _measure_track(path: Path, number: int) -> Loudness:
    values: dict[str, str] = {}
    with av.open(str(path)) as container:
        stream = container.streams.audio[number]
        graph: Graph | None = None
        for frame in container.decode(stream):
            graph = graph or _make_graph(stream, frame, "ebur128", "peak=true:metadata=1")
            for measured in _filter_frame(graph, frame):
                values.update(measured.metadata)

    # Peaks are given as amplitudes, 1 being full scale.
    peak = float(values.get("lavfi.r128.true_peak", "0"))
    return Loudness(
        float(values.get("lavfi.r128.I", str(SILENCE_LUFS))),
        20 * math.log10(peak) if peak > 0 else SILENCE_LUFS,
    )


def _make_graph(stream: AudioStream, frame: AudioFrame, name: str, options: str) -> Graph:
    graph = Graph()
    source = graph.add_abuffer(
        format=frame.format.name,
        sample_rate=frame.sample_rate,
        layout=frame.layout.name,
        time_base=stream.time_base or Fraction(1, frame.sample_rate),
    )
    step, sink = graph.add(name, options), graph.add("abuffersink")
    source.link_to(step)
    step.link_to(sink)
    graph.configure()
    return graph


def _filter_frame(graph: Graph, frame: AudioFrame | None) -> Iterator[AudioFrame]:
    graph.push(frame)
    while True:
        try:
            pulled = graph.pull()
        except (av.BlockingIOError, av.EOFError):
            return
        if isinstance(pulled, AudioFrame):
            yield pulled


def set_loudness(path: Path, target_lufs: float) -> tuple[tuple[Loudness, float], ...]:
    """Bring the sound of a reel to a loudness; its pictures and chapters are copied.

    Args:
        path: the reel, which is replaced.
        target_lufs: such as -23 (EBU R 128) or -14 (streaming).

    Returns:
        for each track what it was, and the gain in decibels that was applied.

    Raises:
        InputError: if the sound cannot be read.
        StorageError: if the reel cannot be written.
    """
    measured = tuple((track, track.gain_to(target_lufs)) for track in measure_loudness(path))
    if any(abs(gain_db) >= 0.1 for _, gain_db in measured):
        _apply_gains(path, [gain_db for _, gain_db in measured])
    return measured


def _apply_gains(path: Path, gains_db: list[float]) -> None:
    kind = reel_format(path)
    options = {"movflags": "+faststart"} if kind in {"mp4", "mov"} else {}
    with (
        atomic_path(path) as temporary,
        av.open(str(path)) as source,
        av.open(str(temporary), "w", format=kind, options=options) as target,
    ):
        copied = {
            stream.index: target.add_stream_from_template(stream) for stream in source.streams.video
        }
        tracks = {
            stream.index: _GainedTrack(target, stream, gain_db)
            for stream, gain_db in zip(source.streams.audio, gains_db, strict=True)
        }
        target.set_chapters(source.chapters())

        # In the order of the source, so that the file stays interleaved
        for packet in source.demux(*source.streams.video, *source.streams.audio):
            if packet.stream.index in tracks:
                tracks[packet.stream.index].add(packet)
            elif packet.dts is not None:
                packet.stream = copied[packet.stream.index]
                target.mux(packet)
        for track in tracks.values():
            track.finish()


class _GainedTrack:
    """A sound track that is decoded, amplified and encoded again."""

    def __init__(self, target: Any, stream: AudioStream, gain_db: float) -> None:
        self._target, self._source, self._gain_db = target, stream, gain_db
        self._encoder = target.add_stream("aac", rate=stream.rate)
        self._encoder.bit_rate = _BIT_RATE * max(1, stream.channels // 2)
        self._encoder.layout = stream.layout.name
        self._graph: Graph | None = None

    def add(self, packet: Any) -> None:
        """Take a packet of the source; an empty one ends it."""
        for frame in packet.decode():
            if self._graph is None:
                gain = f"volume={self._gain_db:.3f}dB:precision=float"
                self._graph = _make_graph(self._source, frame, "volume", gain)
            for louder in _filter_frame(self._graph, frame):
                self._target.mux(self._encoder.encode(louder))

    def finish(self) -> None:
        """Write what the encoder still holds."""
        self._target.mux(self._encoder.encode(None))
