"""Reading a stream packet by packet: connections that break, clocks that leap, a steady pace."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from functools import partial
from typing import Any, Final

import av
from av.container import InputContainer
from av.stream import Stream

from spotkick.errors import InputError
from spotkick.live.addresses import (
    IDLE_FILE_S,
    Source,
    UnsupportedSourceError,
    open_source,
)
from spotkick.live.clock import Jump, LiveClock
from spotkick.live.messages import EndOfStream, Note, Opened, TimedPacket
from spotkick.live.stages import Channel, Stage, StoppedError
from spotkick.video.streams import has_decoder

BACK_OFF_S: Final = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0)
"""Waiting times between attempts to connect; the last one is repeated."""

MAX_PACKET_BYTES: Final = 64 * 1024 * 1024
"""Packets that wait for a decoder, per stream."""

_NO_FRAMES_S: Final = 3.0
"""Sound that arrives alone for so long is reported."""

PacketItem = Opened | TimedPacket | EndOfStream


@dataclass(slots=True)
class ReaderOptions:
    """How a stream is read.

    Attributes:
        source: what the user named.
        speed: multiple of real time at which a file is read; 0 for as fast as possible.
        give_up_s: a stream is over when nothing has arrived for so long; None never.
        start: where an earlier run has stopped, in seconds of the stream.
    """

    source: Source
    speed: float = 0.0
    give_up_s: float | None = None
    start_s: Fraction = Fraction(0)


@dataclass(slots=True)
class StreamReader:
    """Reads packets into the channels of their decoders.

    Attributes:
        options: what is read.
        video: channel of the frames; None where they are not wanted.
        sound: channel of the sound; None where it is not wanted.
        report: called with notes for the user.
        stop: set when the run stops.
        keep: called with each packet, in order; None where packets are not kept.
        open: opens the source.
        wall: seconds of a steady clock.
        idle_s: see `spotkick.live.addresses.IDLE_FILE_S`.
        clock: the time of the stream.
    """

    options: ReaderOptions
    video: Channel[PacketItem] | None
    sound: Channel[PacketItem] | None
    report: Callable[[Note], None]
    stop: threading.Event
    keep: Callable[[TimedPacket | Opened], None] | None = None
    open: Callable[..., InputContainer] = open_source
    wall: Callable[[], float] = time.monotonic
    idle_s: float = IDLE_FILE_S
    clock: LiveClock = field(init=False)
    _began_s: float = 0.0
    _heard_s: float = 0.0
    _is_lost: bool = False
    _drops: bool = False
    _lacks_frames: bool = False
    _has_video: bool = False

    def __post_init__(self) -> None:
        """Start the clock."""
        self.clock = LiveClock(self.options.source.is_live)

    def run(self, stage: Stage) -> None:
        """Read until the stream is over; the work of a stage.

        Raises:
            InputError: if a file cannot be opened, or nothing of it can be read, or FFmpeg's
                libraries can read no such source.
        """
        self._began_s = self._heard_s = self.wall()
        if self.options.start_s and self.options.source.is_live:
            self.clock.start_at(self.options.start_s, self.wall())
        attempt = 0
        while not self.stop.is_set():
            before = stage.statistics.items
            reason = self._read_once(stage)
            if not self.options.source.is_live:
                self._require_packets(stage.statistics.items - before, reason)
                break

            # The signal is lost: try again, more and more rarely.
            attempt = 0 if stage.statistics.items > before else attempt + 1
            self._lose_signal(reason)
            if self._is_over() or self.stop.wait(BACK_OFF_S[min(attempt, len(BACK_OFF_S) - 1)]):
                break
        for channel in self._channels():
            channel.put(EndOfStream())

    def _require_packets(self, count: int, reason: str) -> None:
        """Refuse a file of which nothing was read: it is no match without actions."""
        if not count and not self.stop.is_set():
            raise InputError(
                f"{self.options.source.name}: no packet can be read ({reason}); give a whole file, "
                "and on standard input one that can be read from front to back (MPEG-TS, Matroska)"
            )

    def _channels(self) -> list[Channel[PacketItem]]:
        return [channel for channel in (self.video, self.sound) if channel is not None]

    def _is_over(self) -> bool:
        limit_s = self.options.give_up_s
        return limit_s is not None and self.wall() - self._heard_s >= limit_s

    def _lose_signal(self, reason: str) -> None:
        self.clock.reconnect()
        if not self._is_lost:
            self._is_lost = True
            self._send_note("signal-lost", f"{self.options.source.name}: {reason}; trying again")

    def _send_note(self, state: str, text: str, **details: Any) -> None:
        self.report(Note(state, float(self.clock.newest_s), text, details))

    def _read_once(self, stage: Stage) -> str:
        """Read one connection to its end; why it ended."""
        # A file must be there; a stream may come later.
        try:
            container = self.open(
                self.options.source, should_stop=self.stop.is_set, idle_s=self.idle_s
            )
        except UnsupportedSourceError:
            raise
        except InputError as error:
            if not self.options.source.is_live:
                raise
            return str(error).partition("cannot be opened ")[2].strip("()") or str(error)

        with container:
            streams = self._choose_streams(container)
            if not streams:
                raise InputError(
                    f"{self.options.source.name}: holds neither frames nor sound that can be used"
                )
            try:
                for packet in container.demux(streams):
                    if self.stop.is_set():
                        raise StoppedError
                    if packet.size and packet.dts is not None:
                        stage.measure(partial(self._take_packet, packet))
                        self._keep_pace()
            except (av.FFmpegError, OSError) as error:
                return getattr(error, "strerror", None) or str(error) or type(error).__name__
        return "the stream has ended"

    def _choose_streams(self, container: InputContainer) -> list[Stream]:
        """The first video and the first sound that can be decoded, as far as they are wanted."""
        chosen: list[Stream] = []
        if self.video is not None or self.keep is not None:
            chosen += [s for s in container.streams.video if has_decoder(s)][:1]
        if self.sound is not None or self.keep is not None:
            chosen += [s for s in container.streams.audio if has_decoder(s)][:1]
        self._has_video = any(stream.type == "video" for stream in chosen)

        # Their decoders, before the first packet.
        for stream in chosen:
            opened = Opened.of_stream(stream)
            channel = self.video if opened.is_video else self.sound
            if channel is not None:
                channel.put(opened)
            if self.keep is not None:
                self.keep(opened)
        return chosen

    def _take_packet(self, packet: "av.Packet[Any]") -> None:
        """Place a packet in time and hand it on."""
        is_video = packet.stream.type == "video"
        now_s = self.wall()
        offset_s = self._place_packet(packet, leads=is_video or not self._has_video, now_s=now_s)
        if offset_s is None:
            return
        self._heard_s = now_s
        if self._is_lost:
            self._is_lost = False
            self._send_note("signal", "the signal is back")
        timed = TimedPacket(packet, offset_s, now_s)
        if self.keep is not None:
            self.keep(timed)
        channel = self.video if is_video else self.sound
        if channel is not None:
            self._hand_on(channel, timed)

    def _place_packet(
        self, packet: "av.Packet[Any]", *, leads: bool, now_s: float
    ) -> Fraction | None:
        """What is added to the times of a packet; None for one that is left out."""
        base = Fraction(packet.time_base)
        decoded_s = (packet.dts or 0) * base
        shown_s = decoded_s if packet.pts is None else packet.pts * base
        clock = self.clock
        if not leads:
            if not clock.has_started:
                return None
            apart_s = float(decoded_s + clock.offset_s - clock.newest_s)
            self._watch_frames(apart_s)
            return clock.offset_s
        if not clock.has_started and packet.stream.type == "video" and not packet.is_keyframe:
            return None
        placed = clock.place(decoded_s, shown_s, base, now_s)
        self._watch_frames(0.0)
        if placed.jump is not None:
            self._report_jump(placed.jump)
        return None if placed.is_repeat else placed.offset_s

    def _watch_frames(self, sound_ahead_s: float) -> None:
        lacks = sound_ahead_s > _NO_FRAMES_S
        if lacks != self._lacks_frames:
            self._lacks_frames = lacks
            if lacks:
                self._send_note("no-frames", "sound arrives without frames")
            else:
                self._send_note("frames", "frames are back")

    def _report_jump(self, jump: Jump) -> None:
        seconds = float(jump.lost_s)
        text = (
            f"{seconds:.1f} s of the stream are missing"
            if jump.kind == "hole"
            else f"the clock of the stream has leapt; {seconds:.1f} s are taken as lost"
        )
        self._send_note(
            "hole" if jump.kind == "hole" else "clock-leap", text, lost_s=round(seconds, 3)
        )

    def _hand_on(self, channel: Channel[PacketItem], timed: TimedPacket) -> None:
        """Wait for room in a file; drop to the next key frame where the stream does not wait."""
        if not self.options.source.is_live:
            channel.put(timed, timed.packet.size)
            return
        is_video = timed.packet.stream.type == "video"
        if self._drops and is_video and not timed.packet.is_keyframe:
            return
        has_room = channel.offer(timed, timed.packet.size)
        if is_video:
            if not has_room and not self._drops:
                self._send_note("packets-dropped", "the decoder is too slow; packets are dropped")
            self._drops = not has_room

    def _keep_pace(self) -> None:
        """Wait until a file that is read at a pace may go on."""
        if not self.options.speed:
            return
        ahead_s = float(self.clock.newest_s - self.options.start_s) / self.options.speed
        wait_s = self._began_s + ahead_s - self.wall()
        if wait_s > 0 and self.stop.wait(wait_s):
            raise StoppedError
