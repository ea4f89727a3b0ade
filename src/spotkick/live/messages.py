"""What the stages of a live run hand to each other."""

from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import av
import numpy as np
import numpy.typing as npt
from av.codec.context import CodecContext
from av.stream import Stream

from spotkick.commentary.transcripts import TranscriptSegment


@dataclass(frozen=True, slots=True)
class Opened:
    """A connection begins; its packets need a decoder of their own.

    Attributes:
        is_video: frames, or sound.
        codec: name of the codec.
        extradata: of the stream.
        template: the stream, for copies of its packets.
    """

    is_video: bool
    codec: str
    extradata: bytes | None
    template: Stream

    @classmethod
    def of_stream(cls, stream: Stream) -> "Opened":
        """What a decoder of a stream needs."""
        context: Any = stream.codec_context
        return cls(stream.type == "video", context.name, context.extradata, stream)

    def make_decoder(self) -> Any:
        """A decoder without frames inside, which holds back as few as the codec allows."""
        context = CodecContext.create(self.codec, "r")
        if self.extradata:
            context.extradata = self.extradata
        context.thread_type = "SLICE"
        return context


@dataclass(frozen=True, slots=True)
class TimedPacket:
    """A packet, and what is added to its times for seconds of the stream.

    Attributes:
        packet: of video or sound.
        offset_s: see `spotkick.live.clock`.
        arrived_s: when it was received, on a steady clock.
    """

    packet: "av.Packet[Any]"
    offset_s: Fraction
    arrived_s: float

    def seconds_at(self, ticks: int) -> Fraction:
        """Seconds of the stream of a time in ticks of the packet."""
        return ticks * Fraction(self.packet.time_base) + self.offset_s


@dataclass(frozen=True, slots=True)
class EndOfStream:
    """Nothing will follow."""


@dataclass(frozen=True, slots=True)
class Sample:
    """An image for a backbone or the scoreboard.

    Attributes:
        number: of the sample.
        image: (height, width, 3) uint8 RGB.
        arrived_s: when its frame was received.
    """

    number: int
    image: npt.NDArray[np.uint8]
    arrived_s: float


@dataclass(frozen=True, slots=True)
class Rows:
    """Features of a lane.

    Attributes:
        lane: name of the checkpoint.
        first: number of the first frame; earlier ones are corrected.
        rows: (frames, dim).
        stable: frames from this number on may still be corrected; None for none.
        arrived_s: when the last of them was received.
    """

    lane: str
    first: int
    rows: npt.NDArray[Any]
    stable: int | None = None
    arrived_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Text:
    """What was said.

    Attributes:
        segments: further ones, with times of the stream.
        known_ms: no segment that begins before this time is missing.
    """

    segments: tuple[TranscriptSegment, ...]
    known_ms: int


@dataclass(frozen=True, slots=True)
class Note:
    """Something that the user is told about the course of the stream.

    Attributes:
        state: a word for programs, such as ``signal-lost``.
        stream_s: how much of the stream is read.
        text: for people.
        details: further facts.
    """

    state: str
    stream_s: float
    text: str
    details: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LaneOver:
    """No features of a lane will follow."""

    lane: str


@dataclass(frozen=True, slots=True)
class Failure:
    """A stage has failed."""

    stage: str
    error: Exception
