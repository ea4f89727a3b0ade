"""Tokens of a transcript that grows; each segment is read once."""

from collections import deque
from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from spotkick.commentary.tokenizer import SegmentReader, Vocabulary
from spotkick.commentary.transcripts import TranscriptSegment

MAX_SEGMENTS: Final = 4_000
"""Segments that are kept: about four hours of commentary."""

_NONE: Final = np.zeros(0, dtype=np.int64)

Part = tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]
"""Ids and times of the tokens of a segment."""


class GrownTokens(NamedTuple):
    """Tokens of a period that goes on.

    Attributes:
        ids: (tokens,).
        times_ms: (tokens,) when each is said, never falling.
        num_open: the last tokens, between which others may come.
    """

    ids: npt.NDArray[np.int64]
    times_ms: npt.NDArray[np.int64]
    num_open: int


class GrowingTokens:
    """Reads on where it stopped, as what was said before decides over tokens."""

    def __init__(self) -> None:
        """Nothing was read."""
        self._reader: SegmentReader | None = None
        self._newest: deque[TranscriptSegment] = deque(maxlen=MAX_SEGMENTS)
        self._parts: deque[Part] = deque(maxlen=MAX_SEGMENTS)

    def read(
        self,
        vocabulary: Vocabulary,
        final: Sequence[TranscriptSegment],
        later: Sequence[TranscriptSegment],
    ) -> GrownTokens:
        """Tokens of all segments, as `Vocabulary.encode` gives them.

        Args:
            vocabulary: the same one at each call.
            final: segments that no other one will precede; those of the last call, then new ones.
            later: segments between which others may come.

        Returns:
            those of final segments first.
        """
        read = self._count_read(final)
        if self._reader is None or not read:
            self._reader = SegmentReader(vocabulary.tokenizer)
            self._newest.clear()
            self._parts.clear()
        for segment in final[read:]:
            self._parts.append(_read_segment(vocabulary, self._reader, segment))
            self._newest.append(segment)

        # Others may come between the later ones, which are read again next time.
        reader = self._reader.fork()
        open_parts = [_read_segment(vocabulary, reader, item) for item in later]
        parts = [(_NONE, _NONE), *self._parts, *open_parts]
        ids = np.concatenate([part[0] for part in parts])
        times_ms = np.concatenate([part[1] for part in parts])
        num_open = sum(len(part[0]) for part in open_parts)
        return GrownTokens(ids, np.maximum.accumulate(times_ms), num_open)

    def _count_read(self, final: Sequence[TranscriptSegment]) -> int:
        """Segments that were read before; 0 if one came between them, and all are to be read."""
        newest = list(self._newest)
        for end in range(len(final), 0, -1):
            if newest and final[end - 1] is newest[-1]:
                pairs = zip(reversed(final[:end]), reversed(newest), strict=False)
                return end if all(first is second for first, second in pairs) else 0
        return 0


def _read_segment(
    vocabulary: Vocabulary, reader: SegmentReader, segment: TranscriptSegment
) -> Part:
    tokens, times_ms = reader.read(segment)
    return vocabulary.look_up(tokens), times_ms
