"""Timed commentary: segments of recognised speech, and vectors of segments spread over frames.

Files are ``<match>/<period>_asr.json`` of SoccerNet-Echoes: ``{"segments": {"0": [start_s, end_s,
text], ...}}``.

What a frame sees of its segments. Frame x covers the time [x, x + 1) / rate. It carries the mean of
the vectors of the segments that overlap this time, and nothing else: a segment that starts at or
after (x + 1) / rate cannot change frame x, and neither can one that ended before x / rate. A
segment that is being spoken is seen whole, to its last word: speech recognition gives no times of
single words, so a frame looks ahead to the end of the segment in progress (in SoccerNet-Echoes 2 s
in the median, 30 s at most) and no further. Every longer view of the past and the future is the
receptive field of the network that reads the features.
"""

import math
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from spotkick.errors import InputError, SpotkickWarning
from spotkick.files import read_json
from spotkick.timeline import FEATURE_RATE, frame_of_position

MIN_PERIOD_S: Final = 45 * 60
"""Shortest track of a half: commentary that stops early, or that is missing, still covers the
regular playing time."""

MAX_PERIOD_S: Final = 3 * 60 * 60
"""Times past this are mistakes, not long halves."""


@dataclass(frozen=True, slots=True)
class TranscriptSegment:
    """A piece of recognised speech, with its times in milliseconds since the start of its period."""

    start_ms: int
    end_ms: int
    text: str


def read_segments(path: Path) -> tuple[TranscriptSegment, ...]:
    """Read the segments of a half, in order of their starts.

    Reversed times are exchanged and negative ones set to 0. Segments that are no ``[start, end,
    text]``, have no text, or times that are no numbers, end before 0 or lie past `MAX_PERIOD_S` are
    left out. A half without commentary gives an empty result.

    Warns:
        SpotkickWarning: once per file, with counts of what was mended and left out.

    Raises:
        InputError: if the file is missing or is no JSON object with ``segments``.
    """
    content = read_json(path)
    listed = content.get("segments") if isinstance(content, dict) else None
    if not isinstance(listed, dict | list):
        raise InputError(
            f'{path}: commentary must be {{"segments": {{"0": [start_s, end_s, text], ...}}}}'
        )
    items = listed.values() if isinstance(listed, dict) else listed
    segments: list[TranscriptSegment] = []
    left_out = mended = 0
    for item in items:
        segment, exact = _parse_segment(item)
        mended += segment is not None and not exact
        if segment is None:
            left_out += not exact
        else:
            segments.append(segment)
    if left_out or mended:
        warnings.warn(
            f"{path}: of {len(items)} segments, {left_out} are malformed and left out, {mended} have negative or reversed times",
            SpotkickWarning,
            stacklevel=2,
        )
    return tuple(sorted(segments, key=lambda segment: segment.start_ms))


def _parse_segment(item: Any) -> tuple[TranscriptSegment | None, bool]:
    """A segment or None, and whether the item was well-formed; empty text is well-formed and gives None."""
    if not (isinstance(item, list | tuple) and len(item) == 3 and isinstance(item[2], str)):
        return None, False
    times = item[:2]
    if not all(
        isinstance(time, int | float) and not isinstance(time, bool) and math.isfinite(time)
        for time in times
    ):
        return None, False
    start_ms, end_ms = (round(1000 * time) for time in times)
    first, last = min(start_ms, end_ms), max(start_ms, end_ms)
    if last < 0 or last > 1000 * MAX_PERIOD_S:
        return None, False
    if not item[2].strip():
        return None, True
    return TranscriptSegment(max(0, first), last, item[2].strip()), 0 <= start_ms <= end_ms


def count_frames(segments: Iterable[TranscriptSegment], frame_rate: Fraction = FEATURE_RATE) -> int:
    """Frames of a half: up to the end of its commentary, and at least `MIN_PERIOD_S`.

    Labels do not take part, as they are not known where spotting is needed.
    """
    end_ms = max((segment.end_ms for segment in segments), default=0)
    return frames_until(max(end_ms, 1000 * MIN_PERIOD_S), frame_rate)


def frames_until(position_ms: int, frame_rate: Fraction) -> int:
    """Number of frames that start before ``position_ms``."""
    return -(-position_ms * frame_rate.numerator // (1000 * frame_rate.denominator))


def frame_vectors(
    segments: Sequence[TranscriptSegment],
    vectors: npt.NDArray[np.floating[Any]],
    num_frames: int,
    frame_rate: Fraction = FEATURE_RATE,
) -> npt.NDArray[np.float32]:
    """Spread vectors of segments over frames, as the head of this module states.

    Args:
        segments: of one half.
        vectors: (segments, dim).
        num_frames: length of the result; what lies behind it is left out.
        frame_rate: frames per second.

    Returns:
        (num_frames, dim + 1): the mean of the vectors of the segments that overlap each frame, then
        1 where anybody speaks and 0 where nobody does (and the rest is 0 too).
    """
    total = np.zeros((num_frames, vectors.shape[1] + 1), dtype=np.float32)
    speakers = np.zeros((num_frames, 1), dtype=np.float32)
    for segment, vector in zip(segments, vectors, strict=True):
        first = frame_of_position(segment.start_ms, frame_rate)
        end = max(first + 1, frames_until(segment.end_ms, frame_rate))
        total[first:end, :-1] += vector
        speakers[first:end] += 1
    total[:, :-1] /= np.maximum(speakers, 1)
    total[:, -1:] = speakers > 0
    return total
