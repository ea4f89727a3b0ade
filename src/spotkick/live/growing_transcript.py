"""Commentary features of a transcript that grows, bin by bin."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from spotkick.commentary.features import FittedModel
from spotkick.commentary.token_model import TokenModel
from spotkick.commentary.transcripts import Transcript, TranscriptSegment, count_frames
from spotkick.features.token_rows import BIN_MS, BIN_RATE, NEIGHBOURS, pack_rows
from spotkick.live.growing_tokens import MAX_SEGMENTS, GrowingTokens

_MAX_OPEN_FRAMES = 300
"""Longest silence after which the rows before it still wait for their neighbours."""


class NewRows(NamedTuple):
    """Rows of a track that grows.

    Attributes:
        first: number of the first frame.
        rows: (frames, dim).
        stable: frames from this number on may still be corrected.
    """

    first: int
    rows: npt.NDArray[Any]
    stable: int


@dataclass(slots=True)
class GrowingTranscript:
    """Turns segments into features as soon as nothing earlier is missing.

    Attributes:
        model: makes the features.
        frame_rate: rows per second.
        match: name of the match.
    """

    model: FittedModel
    frame_rate: Fraction
    match: str = "live"
    _segments: list[TranscriptSegment] = field(default_factory=list)
    _tokens: GrowingTokens = field(default_factory=GrowingTokens)
    _known_ms: int = 0
    _stable: int = 0
    _end: int = 0

    def add(self, segments: Iterable[TranscriptSegment], known_ms: int) -> NewRows | None:
        """Take over what was said, and give the rows that are new or have changed.

        Args:
            segments: further ones, in any order.
            known_ms: no segment that begins before this time is missing.

        Returns:
            None where no row is new or changed.
        """
        self._segments += segments
        self._segments.sort(key=lambda segment: segment.start_ms)
        self._known_ms = known_ms
        end = int(known_ms * self.frame_rate / 1000)
        return self._make_rows(max(end, self._end), is_over=False)

    def finish(self, duration_ms: int | None = None) -> NewRows | None:
        """The rows that are left when nothing more is said.

        Args:
            duration_ms: length of the period; None takes what a whole transcript would.
        """
        transcript = Transcript(tuple(self._segments), duration_ms)
        end = count_frames(transcript, self.frame_rate)
        return self._make_rows(max(end, self._end), is_over=True)

    def _make_rows(self, end: int, *, is_over: bool) -> NewRows | None:
        if not end:
            return None
        # Rows of bins that are still open are made, too, since the last row takes what is behind.
        last_ms = max((segment.end_ms for segment in self._segments), default=0)
        count = end if is_over else max(end, int(last_ms * self.frame_rate / 1000) + 1) + 1
        rows, num_open = self._make_all(count, is_over=is_over)
        first, stable = self._stable, end
        if isinstance(self.model, TokenModel) and not is_over:
            stable = self._count_stable(rows, end, num_open)
        if end == self._end and stable == first:
            return None
        self._stable, self._end = stable, end
        del self._segments[: max(0, len(self._segments) - MAX_SEGMENTS)]
        return NewRows(first, rows[first:end], stable)

    def _make_all(self, count: int, *, is_over: bool) -> tuple[npt.NDArray[Any], int]:
        """Rows from the start of the stream, and tokens of them between which others may come."""
        if not isinstance(self.model, TokenModel) or self.frame_rate != BIN_RATE:
            return self.model.frames(self.match, self._segments, count, self.frame_rate), 0

        # Of tokens, only new segments are read: a match has thousands of segments.
        final = [item for item in self._segments if is_over or item.start_ms < self._known_ms]
        later = self._segments[len(final) :]
        tokens = self._tokens.read(self.model.vocabulary, final, later)
        bins = tokens.times_ms // BIN_MS
        return pack_rows(tokens.ids, bins, count, slots=self.model.slots), tokens.num_open

    def _count_stable(self, rows: npt.NDArray[Any], end: int, num_open: int) -> int:
        """Rows of tokens that will not change: they wait for the tokens behind them."""
        behind = np.append(np.cumsum(rows[::-1, 0].astype(np.int64))[::-1][1:], 0) - num_open
        stable = int(np.searchsorted(-behind, -NEIGHBOURS, side="right"))
        return max(self._stable, min(stable, end), end - _MAX_OPEN_FRAMES)
