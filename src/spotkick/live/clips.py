"""The newest minutes of a stream on disk, and clips of actions cut out of them, exact to the frame.

Packets are copied into short files, each of which begins with a key frame; the oldest ones go when
there are too many bytes. A clip is joined from the files around its action and cut as highlights
are.
"""

import io
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import av
from av.container import OutputContainer

from spotkick.errors import SpotkickError
from spotkick.live.events import LiveEvent
from spotkick.live.messages import Opened, TimedPacket
from spotkick.video.cut import write_reel
from spotkick.video.cut_points import plan_cut
from spotkick.video.reel_parts import ReelPart

SEGMENT_S: Final = 4
"""A file of the ring ends with the first key frame behind so many seconds."""

RING_BYTES: Final = 1_000_000_000
"""Bound of all files of the ring: half an hour at 4 Mbit/s."""

BEFORE_S: Final = 8.0
AFTER_S: Final = 8.0
"""How much of what surrounds an action is in its clip."""

_SUFFIX: Final = ".ts"
_FORMAT: Final = "mpegts"
"""Transport streams take what broadcasts are coded in, and can be read after a kill."""

_FRAGMENTED: Final = {"movflags": "frag_keyframe+empty_moov+default_base_moof"}
_WAIT_S: Final = 0.5
_LONGEST_WAIT: Final = 240
"""A clip is given up after so many waits for the stream to go on."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A file of the ring.

    Attributes:
        path: of the file.
        start_ms: position of its first frame in the stream; in its name, too.
    """

    path: Path
    start_ms: int


@dataclass(slots=True)
class PacketRing:
    """Copies packets into files; the oldest ones are deleted.

    Attributes:
        folder: of the files.
        max_bytes: of all files together.
        report: called with a line when packets cannot be kept.
    """

    folder: Path
    report: Callable[[str], None]
    max_bytes: int = RING_BYTES
    end_s: Fraction = Fraction(0)
    _segments: list[Segment] = field(default_factory=list)
    _container: OutputContainer | None = None
    _outputs: dict[int, Any] = field(default_factory=dict)
    _opened: dict[bool, Opened] = field(default_factory=dict)
    _start_s: Fraction = Fraction(0)
    _latest: dict[int, int] = field(default_factory=dict)
    _offset_s: Fraction = Fraction(0)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _is_broken: bool = False

    def __post_init__(self) -> None:
        """Find the files of an earlier run."""
        self.folder.mkdir(parents=True, exist_ok=True)
        for path in sorted(self.folder.glob(f"*{_SUFFIX}")):
            if path.stem.isdecimal():
                self._segments.append(Segment(path, int(path.stem)))

    @property
    def complete(self) -> list[Segment]:
        """Files that are not written any more, in order of time."""
        with self._lock:
            return self._segments[: -1 if self._container is not None else None]

    def keep(self, item: TimedPacket | Opened) -> None:
        """Take a packet, or the beginning of a connection; called by the reader."""
        if self._is_broken:
            return
        try:
            if isinstance(item, Opened):
                self._close_file()
                self._opened[item.is_video] = item
            else:
                self._write_packet(item)
        except (av.FFmpegError, OSError, ValueError) as error:
            self._is_broken = True
            reason = getattr(error, "strerror", None) or str(error)
            self.report(f"the stream cannot be kept for clips ({reason})")

    def _write_packet(self, timed: TimedPacket) -> None:
        packet = timed.packet
        is_video = packet.stream.type == "video"
        shown = packet.dts if packet.pts is None else packet.pts
        time_s = timed.seconds_at(shown or 0)
        if is_video and packet.is_keyframe:
            is_old = time_s - self._start_s >= SEGMENT_S or timed.offset_s != self._offset_s
            if self._container is None or is_old:
                self._close_file()
                self._open_file(time_s)
                self._offset_s = timed.offset_s
        if self._container is None or time_s < self._start_s:
            return
        if is_video:
            self.end_s = max(self.end_s, time_s)
        self._copy_packet(timed)

    def _open_file(self, time_s: Fraction) -> None:
        """Begin a file with the streams of the connection."""
        start_ms = round(1000 * time_s)
        path = self.folder / f"{start_ms:012d}{_SUFFIX}"
        container = av.open(str(path), "w", format=_FORMAT)
        self._outputs = {}
        for opened in self._opened.values():
            stream = opened.template
            self._outputs[stream.index] = container.add_stream_from_template(stream)
        self._container, self._start_s, self._latest = container, time_s, {}
        with self._lock:
            self._segments.append(Segment(path, start_ms))
        self._delete_old()

    def _copy_packet(self, timed: TimedPacket) -> None:
        """Copy a packet, with times from the start of its file."""
        packet, base = timed.packet, Fraction(timed.packet.time_base)
        output = self._outputs.get(packet.stream.index)
        if output is None or self._container is None:
            return

        # The packet itself belongs to the decoder.
        shift = round((timed.offset_s - self._start_s) / base)
        copy = av.Packet(bytes(packet))
        copy.time_base = packet.time_base
        dts = (packet.dts or 0) + shift
        latest = self._latest.get(packet.stream.index)
        if latest is not None and dts <= latest:
            return
        self._latest[packet.stream.index] = dts
        copy.dts, copy.pts = (
            dts,
            (packet.pts if packet.pts is not None else packet.dts or 0) + shift,
        )
        copy.duration = packet.duration
        copy.is_keyframe = packet.is_keyframe
        copy.stream = output
        self._container.mux(copy)

    def _close_file(self) -> None:
        container, self._container = self._container, None
        if container is not None:
            container.close()

    def _delete_old(self) -> None:
        """Delete the oldest files beyond the bound; one stays."""
        with self._lock:
            sizes = [s.path.stat().st_size if s.path.exists() else 0 for s in self._segments]
            total = sum(sizes)
            while total > self.max_bytes and len(self._segments) > 1:
                self._segments.pop(0).path.unlink(missing_ok=True)
                total -= sizes.pop(0)

    def close(self) -> None:
        """End the last file."""
        self._close_file()

    def cover(self, start_s: float, end_s: float) -> list[Segment]:
        """Complete files that show a stretch, in order; those before its start included by one."""
        segments = self.complete
        first = max((n for n, s in enumerate(segments) if s.start_ms <= 1000 * start_s), default=0)
        return [s for s in segments[first:] if s.start_ms < 1000 * end_s]


def write_clip(segments: list[Segment], start_s: float, end_s: float, path: Path) -> None:
    """Cut a stretch out of files of the ring.

    Args:
        segments: of `PacketRing.cover`.
        start_s: of the clip, in seconds of the stream.
        end_s: of the clip.
        path: of the clip.

    Raises:
        InputError: if nothing of the stretch is there.
        StorageError: if the clip cannot be written.
    """
    with TemporaryDirectory(prefix="spotkick-") as folder:
        joined = Path(folder) / f"joined{_SUFFIX}"
        _join_segments(segments, joined)
        origin_s = segments[0].start_ms / 1000
        cut = plan_cut(joined, max(0.0, start_s - origin_s), end_s - origin_s)
        write_reel(path, [ReelPart(cut)])


def _join_segments(segments: list[Segment], path: Path) -> None:
    """Copy files one behind the other, with times from the start of the first one."""
    with av.open(str(path), "w", format=_FORMAT) as joined:
        with av.open(str(segments[0].path)) as first:
            outputs: dict[int, Any] = {
                stream.index: joined.add_stream_from_template(stream) for stream in first.streams
            }
        joined.start_encoding()
        latest: dict[int, int] = {}
        for segment in segments:
            start_s = Fraction(segment.start_ms - segments[0].start_ms, 1000)
            for packet, shift_s in _read_segment(segment.path):
                index = packet.stream.index
                shift = round((start_s + shift_s) / packet.time_base)
                if index in outputs and packet.dts + shift > latest.get(index, -(2**62)):
                    latest[index] = packet.dts + shift
                    packet.dts, packet.pts = packet.dts + shift, packet.pts + shift
                    packet.stream = outputs[index]
                    joined.mux(packet)


def _read_segment(path: Path) -> Iterator[tuple[Any, Fraction]]:
    """Packets of a file, each with what makes its first frame begin at 0."""
    with av.open(str(path)) as container:
        origin_s: Fraction | None = None
        early: list[Any] = []
        for packet in container.demux():
            if packet.dts is None or packet.pts is None:
                continue
            if origin_s is None and packet.stream.type == "video":
                origin_s = packet.pts * packet.time_base
            early.append(packet)
            if origin_s is not None:
                yield from ((item, -origin_s) for item in early)
                early = []


def make_browser_video(path: Path) -> bytes:
    """The frames of a file of the ring as browsers play them: fragmented MP4, without sound.

    Raises:
        av.FFmpegError: if the file is gone, or its codec does not fit.
    """
    target = io.BytesIO()
    with av.open(target, "w", format="mp4", options=_FRAGMENTED) as video:
        output = None
        for packet, shift_s in _read_segment(path):
            if packet.stream.type != "video":
                continue
            output = output or video.add_stream_from_template(packet.stream)
            shift = round(shift_s / packet.time_base)
            packet.dts, packet.pts = packet.dts + shift, packet.pts + shift
            packet.stream = output
            video.mux(packet)
    return target.getvalue()


@dataclass(slots=True)
class ClipWriter:
    """Writes a clip of each published action, as soon as what follows it is there.

    Attributes:
        ring: of the stream.
        folder: of the clips.
        labels: classes that get clips; empty for all.
        report: called with a line about each clip.
        period_start_s: where the period begins in the stream.
    """

    ring: PacketRing
    folder: Path
    report: Callable[[str], None]
    labels: frozenset[str] = frozenset()
    before_s: float = BEFORE_S
    after_s: float = AFTER_S
    _waiting: list[LiveEvent] = field(default_factory=list)
    _news: threading.Condition = field(default_factory=threading.Condition)
    _is_closing: bool = False
    _thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin."""
        self._thread = threading.Thread(target=self._write_waiting, name="live-clips", daemon=True)
        self._thread.start()

    def tell(self, event: LiveEvent) -> None:
        """An event was published; returns at once."""
        if event.kind != "publish" or event.action is None:
            return
        if self.labels and event.action.label not in self.labels:
            return
        with self._news:
            self._waiting.append(event)
            self._news.notify_all()

    def close(self, timeout_s: float) -> None:
        """Write the clips that wait, as far as the stream goes."""
        self.ring.close()
        with self._news:
            self._is_closing = True
            self._news.notify_all()
        if self._thread is not None:
            self._thread.join(timeout_s)

    def _write_waiting(self) -> None:
        while True:
            with self._news:
                while not self._waiting and not self._is_closing:
                    self._news.wait(_WAIT_S)
                if not self._waiting:
                    return
                event = self._waiting.pop(0)
            self._write_event_clip(event)

    def _write_event_clip(self, event: LiveEvent) -> None:
        if event.action is None or event.id is None:
            return
        start_s = max(0.0, event.action.position_s - self.before_s)
        end_s = event.action.position_s + self.after_s
        label = "".join(c if c.isalnum() else "-" for c in event.action.label)
        path = self.folder / f"{event.id}_{label}.mp4"

        # What follows the action comes a little later.
        for _ in range(_LONGEST_WAIT):
            segments = self.ring.complete
            if self._is_closing or (segments and segments[-1].start_ms >= 1000 * end_s):
                break
            with self._news:
                self._news.wait(_WAIT_S)
        covering = self.ring.cover(start_s, end_s)
        try:
            if covering and not path.exists():
                write_clip(covering, start_s, end_s, path)
                self.report(f"clip of {event.action.label}: {path}")
        except (SpotkickError, av.FFmpegError, OSError) as error:
            self.report(f"no clip of {event.id}: {error}")
