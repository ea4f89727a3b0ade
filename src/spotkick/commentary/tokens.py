"""Words of a half in order, each with its place in time: what word networks read.

A half is divided into cells of two seconds. Speech recognition times whole segments, so the words
of a segment are spread evenly from its start to its end. A segment that repeats its predecessor
word for word is left out: recognisers fall into loops on crowd noise.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from spotkick.commentary.terms import TermReader
from spotkick.commentary.transcripts import TranscriptSegment
from spotkick.timeline import FEATURE_RATE

CELL_MS: Final = 2_000
SEGMENT_START: Final = "<segment>"
PADDING: Final = 0
UNKNOWN: Final = 1
FIRST_WORD: Final = 2
"""Numbers from here on are words."""


class WordSequence(NamedTuple):
    """The words of a half.

    Attributes:
        ids: (words,) int64, see `Vocabulary`.
        cells: (words,) int64, when each is said, in cells of `CELL_MS`; never falling.
    """

    ids: npt.NDArray[np.int64]
    cells: npt.NDArray[np.int64]


@dataclass(frozen=True)
class Vocabulary:
    """Numbers words: 0 is padding, 1 a word that is not known, and the rest are words.

    Attributes:
        reader: splits a text into words.
        words: known words, in the order of their numbers.
    """

    reader: TermReader
    words: tuple[str, ...]

    def __len__(self) -> int:
        """How many numbers there are, those of padding and of unknown words included."""
        return FIRST_WORD + len(self.words)

    @cached_property
    def _ids(self) -> dict[str, int]:
        return {word: number for number, word in enumerate(self.words, start=FIRST_WORD)}

    def read(self, segments: Sequence[TranscriptSegment]) -> WordSequence:
        """The words of a half.

        Args:
            segments: in order of their starts.
        """
        said, times_ms = spoken_words(segments, self.reader)
        ids = np.fromiter(
            (self._ids.get(word, UNKNOWN) for word in said), dtype=np.int64, count=len(said)
        )
        return WordSequence(ids, times_ms // CELL_MS)


def spoken_words(
    segments: Sequence[TranscriptSegment], reader: TermReader
) -> tuple[list[str], npt.NDArray[np.int64]]:
    """Words and signs of a half, and when they are said.

    Returns:
        the words, with `SEGMENT_START` before those of each segment; (words,) times in
        milliseconds, never falling.
    """
    said: list[str] = []
    times_ms: list[npt.NDArray[np.int64]] = [np.zeros(0, dtype=np.int64)]
    previous = None
    for segment in segments:
        if segment.text == previous:
            continue
        previous = segment.text
        words = reader.words(segment.text)
        said += [SEGMENT_START, *words]
        spread = np.linspace(segment.start_ms, segment.end_ms, max(len(words), 1))[: len(words)]
        times_ms.append(np.append(segment.start_ms, spread).astype(np.int64))
    return said, np.maximum.accumulate(
        np.concatenate(times_ms)
    )  # segments may overlap; words keep their order


def count_cells(num_frames: int, frame_rate: Fraction = FEATURE_RATE) -> int:
    """Cells that cover a half of ``num_frames``; at least one."""
    return max(
        1, -(-num_frames * 1000 * frame_rate.denominator // (CELL_MS * frame_rate.numerator))
    )


def fit_vocabulary(
    halves: Iterable[Sequence[TranscriptSegment]], reader: TermReader, *, min_halves: int
) -> Vocabulary:
    """Words that are said in enough halves. Only halves of the training split belong here.

    Args:
        halves: segments of each half.
        reader: splits a text into words.
        min_halves: words of fewer halves count as unknown.
    """
    counts = Counter(word for segments in halves for word in set(spoken_words(segments, reader)[0]))
    return Vocabulary(
        reader, tuple(sorted(word for word, count in counts.items() if count >= min_halves))
    )
