"""Sound to text: a stage that cuts sound into windows, and one that recognises speech in them."""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import partial
from typing import Any, Final

import av
import numpy as np
import numpy.typing as npt

from spotkick.commentary.loops import drop_loops
from spotkick.commentary.sound import SAMPLE_RATE_HZ
from spotkick.commentary.speech import RecognisedSegment, Recogniser, to_raw_segment
from spotkick.commentary.transcripts import Transcript, TranscriptSegment, check_segments
from spotkick.live.growing_transcript import GrowingTranscript
from spotkick.live.messages import EndOfStream, LaneOver, Note, Opened, Rows, Text, TimedPacket
from spotkick.live.reading import PacketItem
from spotkick.live.stages import Channel, Stage, StoppedError

WINDOW_S: Final = 10.0
"""Sound is recognised in windows of about this length."""

_CUT_S: Final = 3.0
"""A window ends where the sound is lowest within its last so many seconds."""

_LULL_S: Final = 0.2
_TOLERATED_S: Final = 0.1
"""Timestamps of sound are rounded in many streams; only a larger difference is a gap."""

REPLAY_STEP_MS: Final = 1_000
"""A transcript is replayed in steps of this length."""

_FULL_SCALE: Final = 32768.0
_SILENT_PEAK: Final = 0.001


@dataclass(frozen=True, slots=True)
class SoundWindow:
    """A stretch of sound.

    Attributes:
        start_s: of it, in seconds of the stream.
        samples: (samples,) float32, mono, 16 kHz.
        arrived_s: when its end was received.
    """

    start_s: float
    samples: npt.NDArray[np.float32]
    arrived_s: float


@dataclass(slots=True)
class SoundCutter:
    """Decodes sound, fills gaps with silence, and cuts it into windows where it is low.

    Attributes:
        packets: of the reader.
        windows: where windows go.
        is_live: whether windows are left out when the recogniser is too slow.
        report: called with notes for the user.
        start_s: sound before is not wanted.
        window_s: length of a window.
    """

    packets: Channel[PacketItem]
    windows: Channel[SoundWindow | EndOfStream]
    is_live: bool
    report: Callable[[Note], None]
    start_s: float = 0.0
    window_s: float = WINDOW_S
    _decoder: Any = None
    _resampler: Any = None
    _parts: list[npt.NDArray[np.int16]] = field(default_factory=list)
    _start: int | None = None
    _count: int = 0

    def run(self, stage: Stage) -> None:
        """Cut until the stream is over; the work of a stage."""
        while not isinstance(item := self.packets.get(), EndOfStream):
            if isinstance(item, Opened):
                self._decoder = item.make_decoder()
                self._resampler = av.AudioResampler(
                    format="s16", layout="mono", rate=SAMPLE_RATE_HZ
                )
            elif item is not None:
                stage.measure(partial(self._take_packet, stage, item))
        if self._count:
            self._send_window(stage, self._count, 0.0)
        self.windows.put(EndOfStream())

    def _take_packet(self, stage: Stage, timed: TimedPacket) -> None:
        try:
            frames = self._decoder.decode(timed.packet)
        except av.FFmpegError:
            return  # a damaged packet becomes a gap
        for frame in frames:
            if frame.pts is None or frame.time_base is None:
                continue
            begins_s = frame.pts * Fraction(frame.time_base) + timed.offset_s
            if begins_s >= self.start_s:
                self._fill_gap(round(begins_s * SAMPLE_RATE_HZ))
                frame.pts = None
                for resampled in self._resampler.resample(frame):
                    self._append_samples(resampled.to_ndarray()[0])
        while self._count >= self.window_s * SAMPLE_RATE_HZ:
            self._send_window(stage, self._find_cut(), timed.arrived_s)

    def _append_samples(self, samples: npt.NDArray[np.int16]) -> None:
        self._parts.append(samples)
        self._count += len(samples)

    def _fill_gap(self, place: int) -> None:
        """Missing sound becomes silence; sound that was received before is not believed."""
        if self._start is None:
            self._start = round(self.start_s * SAMPLE_RATE_HZ)
        gap = place - self._start - self._count
        if gap > _TOLERATED_S * SAMPLE_RATE_HZ:
            self._append_samples(np.zeros(gap, dtype=np.int16))

    def _find_cut(self) -> int:
        """Samples of the next window."""
        window, search, lull = (
            round(seconds * SAMPLE_RATE_HZ) for seconds in (self.window_s, _CUT_S, _LULL_S)
        )
        tail = np.concatenate(self._parts)[window - search : window].astype(np.float32)
        loudness = np.square(tail[: len(tail) // lull * lull].reshape(-1, lull)).mean(axis=1)
        return window - search + int(np.argmin(loudness)) * lull + lull // 2

    def _send_window(self, stage: Stage, length: int, arrived_s: float) -> None:
        """Hand on the first samples, and keep the others."""
        whole = np.concatenate(self._parts)
        start = self._start or 0
        samples = whole[:length].astype(np.float32) / _FULL_SCALE
        window = SoundWindow(start / SAMPLE_RATE_HZ, samples, arrived_s)
        self._parts, self._count = [whole[length:]], len(whole) - length
        self._start = start + length
        if not self.is_live:
            self.windows.put(window)
        elif not self.windows.offer(window):
            stage.statistics.dropped += 1
            text = "speech recognition is too slow; sound is left out"
            self.report(Note("sound-dropped", window.start_s, text))


@dataclass(slots=True)
class SpeechLane:
    """A checkpoint that reads commentary.

    Attributes:
        name: of the checkpoint.
        transcript: makes its features.
    """

    name: str
    transcript: GrowingTranscript


def hand_on_text(
    lanes: Sequence[SpeechLane],
    out: Channel[Any],
    segments: Sequence[TranscriptSegment],
    known_ms: int,
    *,
    arrived_s: float,
) -> None:
    """Give each lane the features of what was said.

    Args:
        lanes: checkpoints that read commentary.
        out: where text and features go.
        segments: further ones.
        known_ms: no segment that begins before this time is missing.
        arrived_s: when the last of it was received.
    """
    out.put(Text(tuple(segments), known_ms))
    for lane in lanes:
        new = lane.transcript.add(segments, known_ms)
        if new is not None:
            out.put(Rows(lane.name, new.first, new.rows, new.stable, arrived_s))


def finish_text(lanes: Sequence[SpeechLane], out: Channel[Any], duration_ms: int | None) -> None:
    """Give each lane the features that are left; nothing more is said.

    Args:
        lanes: checkpoints that read commentary.
        out: where features go.
        duration_ms: length of the period; None where it is not known.
    """
    for lane in lanes:
        new = lane.transcript.finish(duration_ms)
        if new is not None:
            out.put(Rows(lane.name, new.first, new.rows, new.stable))
        out.put(LaneOver(lane.name))


@dataclass(slots=True)
class TranscriptReplay:
    """Reads a finished transcript as if it was being spoken.

    Attributes:
        transcript: of a period.
        lanes: checkpoints that read commentary.
        out: where text and features go.
        speed: multiple of real time; 0 for as fast as possible.
        stop: set when the run stops.
        start_ms: what was known before this time was handed on by an earlier run.
    """

    transcript: Transcript
    lanes: list[SpeechLane]
    out: Channel[Any]
    stop: threading.Event
    speed: float = 0.0
    start_ms: int = 0

    def run(self, stage: Stage) -> None:
        """Replay until the transcript is over; the work of a stage."""
        segments = sorted(self.transcript.segments, key=lambda segment: segment.end_ms)
        last_ms = max((segment.end_ms for segment in segments), default=0)
        began_s, place = time.monotonic(), 0
        for now_ms in range(0, last_ms + REPLAY_STEP_MS, REPLAY_STEP_MS):
            begun = place
            while place < len(segments) and segments[place].end_ms <= now_ms:
                place += 1
            if now_ms <= self.start_ms:
                continue
            self._keep_pace(began_s, now_ms)

            # A segment is known when it has ended: until then nothing behind its start is.
            starts = [item.start_ms for item in segments[place:] if item.start_ms < now_ms]
            new, known_ms = segments[begun:place], min(starts, default=now_ms)
            arrived_s = time.monotonic()
            stage.measure(
                partial(hand_on_text, self.lanes, self.out, new, known_ms, arrived_s=arrived_s)
            )
        finish_text(self.lanes, self.out, self.transcript.duration_ms)

    def _keep_pace(self, began_s: float, now_ms: int) -> None:
        if self.speed:
            wait_s = began_s + (now_ms - self.start_ms) / 1000 / self.speed - time.monotonic()
            if self.stop.wait(max(0.0, wait_s)):
                raise StoppedError


@dataclass(slots=True)
class Listener:
    """Recognises speech, and gives each lane the features of what was said.

    Attributes:
        recogniser: of speech.
        windows: of sound.
        lanes: checkpoints that read commentary.
        out: where features go.
        language: code of what is spoken; None finds it out.
    """

    recogniser: Recogniser
    windows: Channel[SoundWindow | EndOfStream]
    lanes: list[SpeechLane]
    out: Channel[Any]
    language: str | None = None
    _last_text: str = ""

    def run(self, stage: Stage) -> None:
        """Recognise until the stream is over; the work of a stage."""
        known_ms = 0
        while not isinstance(window := self.windows.get(), EndOfStream):
            if window is None:
                continue
            segments = stage.measure(partial(self._recognise_window, window))
            known_ms = round(1000 * (window.start_s + len(window.samples) / SAMPLE_RATE_HZ))
            hand_on_text(self.lanes, self.out, segments, known_ms, arrived_s=window.arrived_s)
        finish_text(self.lanes, self.out, known_ms)

    def _recognise_window(self, window: SoundWindow) -> tuple[TranscriptSegment, ...]:
        """Segments of a window, with times of the stream."""
        if float(np.abs(window.samples).max(initial=0.0)) < _SILENT_PEAK:
            return ()
        found, language = self.recogniser.recognise(
            window.samples, language=self.language, translate=False
        )
        heard = list(drop_loops(found))
        if self.language is None and heard and self.recogniser.is_multilingual:
            self.language = language or None
        kept = [segment for segment in heard if not self._repeats_last(segment)]
        raw = [to_raw_segment(segment, window.start_s) for segment in kept]
        return check_segments(raw, "the sound of the stream")

    def _repeats_last(self, segment: RecognisedSegment) -> bool:
        """Whether a segment is the one before, which the end of the last window was."""
        text = segment.text.casefold()
        repeats, self._last_text = text == self._last_text, text
        return repeats
