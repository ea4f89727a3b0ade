"""Frames to features: a stage that decodes and samples, and one that runs the backbone."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from functools import partial
from typing import Any, Final

import av
import numpy as np
import numpy.typing as npt
from av.video.frame import VideoFrame

from spotkick.features.extract import Extractor, find_mask_boxes, mask_image
from spotkick.live.messages import EndOfStream, LaneOver, Note, Opened, Rows, Sample, TimedPacket
from spotkick.live.reading import PacketItem
from spotkick.live.sampling import LiveSampler
from spotkick.live.stages import Channel, Stage
from spotkick.video.images import Fit, to_image

BEHIND_S: Final = 3.0
"""Where packets wait longer for the decoder, it decodes key frames only ..."""

CAUGHT_UP_S: Final = 1.0
"""... until they wait for less than this again."""

_ENTRY_S: Final = 15
"""Decoding begins this long before the first sample that is wanted, to meet a key frame."""

_FALLBACK_FRAME_S: Final = Fraction(1, 25)


@dataclass(slots=True)
class SampleTarget:
    """Where samples of a rate go.

    Attributes:
        sampler: chooses frames.
        size_px: (width, height) of the images; None keeps the size.
        fit: see `spotkick.video.images.Fit`.
        channel: where they go.
        may_drop: samples are left out where the channel is full.
        on_drop: called for each sample that is left out.
    """

    sampler: LiveSampler["DecodedFrame"]
    size_px: tuple[int, int] | None
    fit: Fit
    channel: Channel[Sample | EndOfStream]
    may_drop: bool = False
    on_drop: Callable[[], None] = lambda: None


@dataclass(slots=True)
class DecodedFrame:
    """A frame with its images; each size is converted when it is asked for first."""

    frame: VideoFrame
    arrived_s: float
    images: dict[tuple[tuple[int, int] | None, Fit], npt.NDArray[np.uint8]] = field(
        default_factory=dict
    )

    def image(self, size_px: tuple[int, int] | None, fit: Fit) -> npt.NDArray[np.uint8]:
        """Upright RGB."""
        if (size_px, fit) not in self.images:
            self.images[size_px, fit] = to_image(self.frame, size_px, fit)
        return self.images[size_px, fit]


@dataclass(slots=True)
class VideoDecoder:
    """Decodes packets, and gives each target the frames that it samples.

    Attributes:
        packets: of the reader.
        targets: of the samples.
        report: called with notes for the user.
        newest_s: how far the reader is, in seconds of the stream.
        is_live: whether it must keep up.
        start_s: samples before are not wanted.
    """

    packets: Channel[PacketItem]
    targets: list[SampleTarget]
    report: Callable[[Note], None]
    newest_s: Callable[[], Fraction]
    is_live: bool
    start_s: Fraction = Fraction(0)
    _decoder: Any = None
    _offset_s: Fraction = Fraction(0)
    _last_s: Fraction = Fraction(-1)
    _length_s: Fraction = _FALLBACK_FRAME_S
    _tick_s: Fraction = Fraction(1, 90_000)
    _has_key: bool = False
    _is_behind: bool = False

    def run(self, stage: Stage) -> None:
        """Decode until the stream is over; the work of a stage."""
        while not isinstance(item := self.packets.get(), EndOfStream):
            if isinstance(item, Opened):
                stage.measure(self._drain_decoder, items=0)
                self._decoder, self._has_key = item.make_decoder(), False
            elif item is not None:
                stage.measure(partial(self._decode_packet, item))
        self._drain_decoder()
        for target in self.targets:
            for number, frame in target.sampler.finish(self._last_s + self._length_s):
                self._send_sample(target, number, frame)
            target.channel.put(EndOfStream())

    def _drain_decoder(self) -> None:
        """Give out what the decoder holds."""
        if self._decoder is None:
            return
        try:
            for frame in self._decoder.decode(None):
                self._show_frame(frame, 0.0)
        except av.FFmpegError:
            return

    def _decode_packet(self, timed: TimedPacket) -> None:
        packet = timed.packet
        decoded_s = timed.seconds_at(packet.dts or 0)
        if timed.offset_s != self._offset_s:
            self._drain_decoder()
            self._decoder.flush_buffers()
            self._offset_s, self._has_key = timed.offset_s, False
        self._has_key = self._has_key or packet.is_keyframe
        if not self._has_key or decoded_s < self.start_s - _ENTRY_S:
            self._has_key = False
            return
        self._tick_s = Fraction(packet.time_base)
        self._watch_delay(timed.arrived_s)
        try:
            for frame in self._decoder.decode(packet):
                self._show_frame(frame, timed.arrived_s)
        except av.FFmpegError:
            return  # a damaged packet; the frames around it are shown

    def _watch_delay(self, arrived_s: float) -> None:
        """Fall back to key frames when packets wait too long, and say so.

        Segments of a playlist arrive many seconds at once: what counts is how long they wait here.
        """
        if not self.is_live:
            return
        behind_s = time.monotonic() - arrived_s
        if not self._is_behind and behind_s > BEHIND_S:
            self._is_behind, self._decoder.skip_frame = True, "NONKEY"
            self._send_note(
                "behind", f"{behind_s:.1f} s behind; decoding key frames only", behind_s
            )
        elif self._is_behind and behind_s < CAUGHT_UP_S:
            self._is_behind, self._decoder.skip_frame = False, "DEFAULT"
            self._send_note("caught-up", "caught up; decoding all frames again", behind_s)

    def _send_note(self, state: str, text: str, behind_s: float) -> None:
        details = {"behind_s": round(behind_s, 3)}
        self.report(Note(state, float(self.newest_s()), text, details))

    def _show_frame(self, frame: VideoFrame, arrived_s: float) -> None:
        """Sample a frame; damaged ones and those out of order are left out."""
        if frame.pts is None or frame.is_corrupt:
            return
        tick_s = self._tick_s  # frames that are drained state none
        begins_s = frame.pts * tick_s + self._offset_s
        if begins_s <= self._last_s:
            return
        self._last_s = begins_s
        self._length_s = frame.duration * tick_s if frame.duration else _FALLBACK_FRAME_S
        shown = DecodedFrame(frame, arrived_s)
        for target in self.targets:
            for number, chosen in target.sampler.add(shown, begins_s, tick_s):
                self._send_sample(target, number, chosen, arrived_s)

    def _send_sample(
        self, target: SampleTarget, number: int, frame: DecodedFrame, arrived_s: float = 0.0
    ) -> None:
        sample = Sample(number, frame.image(target.size_px, target.fit), arrived_s)
        if not target.may_drop:
            target.channel.put(sample)
        elif not target.channel.offer(sample):
            target.on_drop()


@dataclass(slots=True)
class Embedder:
    """Turns samples into features, one by one.

    Batches are not faster on a processor, and each further size of a batch takes memory that ONNX
    Runtime does not give back: a run would grow when it falls behind.

    Attributes:
        lane: name of the checkpoint.
        extractor: makes the features.
        samples: of the decoder.
        out: where features go.
    """

    lane: str
    extractor: Extractor
    samples: Channel[Sample | EndOfStream]
    out: Channel[Any]
    _last_image: npt.NDArray[np.uint8] | None = None
    _last_row: npt.NDArray[np.float32] | None = None

    def run(self, stage: Stage) -> None:
        """Embed until the stream is over; the work of a stage."""
        while not isinstance(sample := self.samples.get(), EndOfStream):
            if sample is not None:
                row = stage.measure(partial(self._embed_sample, sample))
                self.out.put(Rows(self.lane, sample.number, row, arrived_s=sample.arrived_s))
        self.out.put(LaneOver(self.lane))

    def _embed_sample(self, sample: Sample) -> npt.NDArray[np.float32]:
        """(1, dim); samples of one frame are embedded once."""
        if self._last_row is None or sample.image is not self._last_image:
            image = mask_image(sample.image, find_mask_boxes(self.extractor))
            vectors = self.extractor.backbone.embed(image[None])
            projection = self.extractor.projection
            row = vectors if projection is None else projection.apply(vectors)
            self._last_image, self._last_row = sample.image, row.astype(np.float32)
        return self._last_row
