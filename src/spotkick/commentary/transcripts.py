"""Transcripts of commentary: segments of recognised speech, and their vectors spread over frames.

What a frame sees of its segments. Frame x covers the time [x, x + 1) / rate. It carries the mean of
the vectors of the segments that overlap this time, and nothing else: a segment that starts at or
after (x + 1) / rate cannot change frame x, and neither can one that ended before x / rate. A
segment that is being spoken is seen whole, to its last word, so a frame looks ahead to the end of
the segment in progress (in SoccerNet-Echoes 2 s in the median, 30 s at most) and no further. Every
longer view of the past and the future is the receptive field of the network that reads the
features.
"""

import math
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from spotkick.errors import InputError, SpotkickWarning
from spotkick.timeline import FEATURE_RATE, frame_of_position

MIN_PERIOD_S: Final = 45 * 60
"""Shortest track of a period whose length is not known: commentary that stops early, or that is
missing, still covers the regular playing time."""

MAX_PERIOD_S: Final = 3 * 60 * 60
"""Times past this are mistakes, not long periods."""

MAX_SEGMENT_S: Final = 30.0
"""Longest segment whose end is not stated: Whisper's window."""


@dataclass(frozen=True, slots=True)
class TimedWord:
    """One word with its times in milliseconds since the start of its period."""

    start_ms: int
    end_ms: int
    text: str


@dataclass(frozen=True, slots=True)
class TranscriptSegment:
    """A stretch of recognised speech, with its times in milliseconds since the start of its period.

    Attributes:
        start_ms: start.
        end_ms: end.
        text: what is said.
        words: those words of the text whose times are known, in order.
    """

    start_ms: int
    end_ms: int
    text: str
    words: tuple[TimedWord, ...] = ()


@dataclass(frozen=True, slots=True)
class Transcript:
    """What is said in one period.

    Attributes:
        segments: in order of their starts.
        duration_ms: length of the recording; None where the file does not state it.
    """

    segments: tuple[TranscriptSegment, ...]
    duration_ms: int | None = None


@dataclass(frozen=True, slots=True)
class RawSegment:
    """A segment as a file holds it, before any check.

    Attributes:
        start_s: start in seconds; anything but a finite number makes the segment malformed.
        end_s: end in seconds; None where the file states none.
        text: what is said.
        words: (start_s, end_s, text) of each word.
    """

    start_s: Any
    end_s: Any
    text: Any
    words: tuple[tuple[Any, Any, Any], ...] = ()


def check_segments(items: Sequence[RawSegment | None], where: str) -> tuple[TranscriptSegment, ...]:
    """Turn what a file holds into segments, in order of their starts.

    Reversed times are exchanged and negative ones set to 0. Segments whose times are no numbers,
    end before 0 or lie past `MAX_PERIOD_S` are left out; so are those without text. A missing end
    is the start of the next segment, at most `MAX_SEGMENT_S` later.

    Args:
        items: segments of one period; None for one that could not be taken apart.
        where: names their origin in messages.

    Warns:
        SpotkickWarning: once, with counts of what was fixed and left out.

    Raises:
        InputError: if there are segments and all of them are malformed.
    """
    segments: list[TranscriptSegment] = []
    malformed = reordered = 0
    for item in _fill_missing_ends(items):
        # Empty text is well-formed: recognisers write it for noise.
        if item is not None and isinstance(item.text, str) and not item.text.strip():
            continue
        segment = None if item is None else _check_segment(item)
        if segment is None:
            malformed += 1
            continue
        reordered += item is not None and not 0 <= item.start_s <= item.end_s
        segments.append(segment)

    if malformed and not segments:
        raise InputError(
            f"{where}: all {malformed} segments are malformed; start, end and text are needed"
        )
    if malformed or reordered:
        warnings.warn(
            f"{where}: of {len(items)} segments, {malformed} are malformed and left out, "
            f"{reordered} have negative or reversed times",
            SpotkickWarning,
            stacklevel=3,
        )
    return tuple(sorted(segments, key=lambda segment: segment.start_ms))


def _fill_missing_ends(items: Sequence[RawSegment | None]) -> list[RawSegment | None]:
    """Give segments that state no end the start of the next segment."""
    starts = sorted(item.start_s for item in items if item is not None and _is_time(item.start_s))
    filled: list[RawSegment | None] = []
    for item in items:
        if item is None or item.end_s is not None or not _is_time(item.start_s):
            filled.append(item)
            continue
        longest_s = item.start_s + MAX_SEGMENT_S
        end_s = min((start for start in starts if start > item.start_s), default=longest_s)
        filled.append(RawSegment(item.start_s, min(end_s, longest_s), item.text, item.words))
    return filled


def _check_segment(item: RawSegment) -> TranscriptSegment | None:
    """The segment in milliseconds; None if it is malformed."""
    if not (_is_time(item.start_s) and _is_time(item.end_s) and isinstance(item.text, str)):
        return None
    first, last = sorted((round(1000 * item.start_s), round(1000 * item.end_s)))
    if last < 0 or last > 1000 * MAX_PERIOD_S:
        return None

    # Numbers and symbols have no times in WhisperX: such words count with the one before them.
    words = tuple(
        TimedWord(max(0, round(1000 * start)), max(0, round(1000 * end)), text.strip())
        for start, end, text in item.words
        if _is_time(start) and _is_time(end) and isinstance(text, str) and text.strip()
    )
    return TranscriptSegment(max(0, first), last, item.text.strip(), words)


def _is_time(value: Any) -> bool:
    return (
        isinstance(value, int | float)
        and not isinstance(value, bool)
        and math.isfinite(float(value))
    )


def cut_transcript(transcript: Transcript, start_s: float, end_s: float | None) -> Transcript:
    """The part of a transcript from ``start_s`` to ``end_s``, with times from ``start_s`` on.

    Segments belong to the part in which their middle lies; their ends are cut to it.
    """
    first_ms = round(1000 * start_s)
    last_ms = transcript.duration_ms if end_s is None else round(1000 * end_s)
    limit_ms = 1000 * MAX_PERIOD_S if last_ms is None else last_ms - first_ms

    def move(time_ms: int) -> int:
        return min(max(0, time_ms - first_ms), limit_ms)

    segments = tuple(
        TranscriptSegment(
            move(segment.start_ms),
            move(segment.end_ms),
            segment.text,
            tuple(
                TimedWord(move(word.start_ms), move(word.end_ms), word.text)
                for word in segment.words
            ),
        )
        for segment in transcript.segments
        if 0 <= (segment.start_ms + segment.end_ms) // 2 - first_ms <= limit_ms
    )
    return Transcript(segments, None if last_ms is None else max(0, limit_ms))


def count_frames(transcript: Transcript, frame_rate: Fraction = FEATURE_RATE) -> int:
    """Frames of a period.

    These are its length where that is known; else all up to the last segment, at least
    `MIN_PERIOD_S`.

    Labels do not take part, as they are not known where spotting is needed.
    """
    if transcript.duration_ms is not None:
        return max(1, frames_until(transcript.duration_ms, frame_rate))
    end_ms = max((segment.end_ms for segment in transcript.segments), default=0)
    return frames_until(max(end_ms, 1000 * MIN_PERIOD_S), frame_rate)


def frames_until(position_ms: int, frame_rate: Fraction) -> int:
    """Number of frames that start before ``position_ms``."""
    return -(-position_ms * frame_rate.numerator // (1000 * frame_rate.denominator))


def spread_over_frames(
    segments: Iterable[TranscriptSegment],
    vectors: npt.NDArray[np.floating[Any]],
    num_frames: int,
    frame_rate: Fraction = FEATURE_RATE,
) -> npt.NDArray[np.float32]:
    """Spread vectors of segments over frames, as the head of this module states.

    Args:
        segments: of one period.
        vectors: (segments, dim).
        num_frames: length of the result; what lies behind it is left out.
        frame_rate: frames per second.

    Returns:
        (num_frames, dim + 1): the mean of the vectors of the segments that overlap each frame, then
        the speech flag: 1 in frames with speech and 0 in others (whose vector is 0 too).
    """
    total = np.zeros((num_frames, vectors.shape[1] + 1), dtype=np.float32)
    speakers = np.zeros((num_frames, 1), dtype=np.float32)

    # A segment without duration belongs to the frame that it starts in.
    for segment, vector in zip(segments, vectors, strict=True):
        first = frame_of_position(segment.start_ms, frame_rate)
        end = max(first + 1, frames_until(segment.end_ms, frame_rate))
        total[first:end, :-1] += vector
        speakers[first:end] += 1

    total[:, :-1] /= np.maximum(speakers, 1)
    total[:, -1:] = speakers > 0
    return total
