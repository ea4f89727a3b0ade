"""From text to tokens and token ids: what TF-IDF counts and what token networks read.

Commentary is full of names, and a vocabulary of names says which match is on, not what happens in
it. Each name is replaced by a placeholder token, so that "Kane comes on for Son" and "Vidal comes
on for Alba" share all their tokens. Which words are names is learned from capital letters inside
sentences.

Token networks read the tokens of a period in order, each in a bin of two seconds. Where the
transcript has times of words, these are used; else the tokens of a segment are spread evenly from
its start to its end. A segment that repeats its predecessor word for word is left out: recognisers
fall into loops on crowd noise.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from spotkick.commentary.novelty import PeriodReader
from spotkick.commentary.pieces import (
    END_MARKS,
    NAME,
    NUMBER,
    PIECE,
    SENTENCE_END,
    name_mark,
    plain_word,
)
from spotkick.commentary.transcripts import TranscriptSegment
from spotkick.features.token_rows import BIN_MS, FIRST_TOKEN_ID, UNKNOWN_ID
from spotkick.timeline import FEATURE_RATE

SEGMENT_START: Final = "<segment>"
_COMMON_RATIO: Final = 2
"""A word is common where it begins with a small letter this many times as often as with a capital
inside a sentence."""


@dataclass(frozen=True, slots=True)
class Tokenizer:
    """Splits a text into tokens.

    Attributes:
        common_words: words in small letters that are no names; any other word with a capital letter
            becomes the placeholder `NAME`.
        marks_novelty: tell new names and scores of a period from known ones, and numbers by their
            size; see `spotkick.commentary.novelty`.
    """

    common_words: frozenset[str]
    marks_novelty: bool = False

    def tokenize(self, text: str) -> list[str]:
        """Tokens of ``text`` in order; ``.`` stands for ends of sentences, ``!`` is a token.

        Example:
            >>> Tokenizer(frozenset({"for", "goal"})).tokenize("Goal for Harry Kane! 2 now?")
            ['goal', 'for', '<name>', '!', '<num>', 'now', '.']
        """
        return [token for token, _ in self.tokenize_with_offsets(text)]

    def tokenize_with_offsets(self, text: str) -> list[tuple[str, int]]:
        """Tokens of ``text``, each with the index of its first character."""
        tokens: list[tuple[str, int]] = []
        for piece in PIECE.finditer(text):
            token = self._normalize(piece.group())
            if token != NAME or not tokens or tokens[-1][0] != NAME:  # first and last name are one
                tokens.append((token, piece.start()))
        return tokens

    def ngrams(self, text: str) -> Iterator[str]:
        """Tokens of ``text``, then pairs of neighbours inside a sentence.

        Example:
            >>> list(Tokenizer(frozenset({"for", "goal"})).ngrams("Goal for Harry Kane! 2 now"))[:6]
            ['goal', 'for', '<name>', '!', '<num>', 'now']
        """
        tokens = self.tokenize(text)
        yield from (token for token in tokens if token != SENTENCE_END)
        for first, second in pairwise(tokens):
            if SENTENCE_END not in (first, second):
                yield f"{first} {second}"

    def _normalize(self, piece: str) -> str:
        if piece in END_MARKS:
            return name_mark(piece)
        word = plain_word(piece)
        if word[0].isdigit():
            return NUMBER
        return NAME if piece[0].isupper() and word not in self.common_words else word


def fit_tokenizer(texts: Iterable[str]) -> Tokenizer:
    """Learn which words are no names. Only texts of the training split belong here."""
    small: Counter[str] = Counter()
    capital: Counter[str] = Counter()

    # A capital at the start of a sentence says nothing about a word and is not counted.
    for text in texts:
        starts_sentence = True
        for piece in PIECE.findall(text):
            if piece not in END_MARKS and piece[0].islower():
                small[plain_word(piece)] += 1
            elif piece not in END_MARKS and not starts_sentence:
                capital[plain_word(piece)] += 1
            starts_sentence = piece in END_MARKS

    return Tokenizer(
        frozenset(
            word for word, count in small.items() if count >= _COMMON_RATIO * (capital[word] + 1)
        )
    )


class TokenSequence(NamedTuple):
    """The tokens of a period.

    Attributes:
        ids: (tokens,) int64, see `Vocabulary`.
        bins: (tokens,) int64, when each is said, in bins of `BIN_MS`; never falling.
    """

    ids: npt.NDArray[np.int64]
    bins: npt.NDArray[np.int64]


@dataclass(frozen=True)
class Vocabulary:
    """Maps tokens to ids: 0 is padding, 1 an unknown token, the rest are known tokens.

    Attributes:
        tokenizer: splits a text into tokens.
        tokens: known tokens, in the order of their ids.
    """

    tokenizer: Tokenizer
    tokens: tuple[str, ...]

    def __len__(self) -> int:
        """Number of ids, those of padding and of unknown tokens included."""
        return FIRST_TOKEN_ID + len(self.tokens)

    @cached_property
    def _ids(self) -> dict[str, int]:
        return {token: number for number, token in enumerate(self.tokens, start=FIRST_TOKEN_ID)}

    def encode(self, segments: Sequence[TranscriptSegment]) -> TokenSequence:
        """The tokens of a period, from its segments in order of their starts."""
        tokens, times_ms = timed_tokens(segments, self.tokenizer)
        return TokenSequence(self.look_up(tokens), times_ms // BIN_MS)

    def look_up(self, tokens: Sequence[str]) -> npt.NDArray[np.int64]:
        """(tokens,): the id of each."""
        ids = (self._ids.get(token, UNKNOWN_ID) for token in tokens)
        return np.fromiter(ids, dtype=np.int64, count=len(tokens))


def timed_tokens(
    segments: Sequence[TranscriptSegment], tokenizer: Tokenizer
) -> tuple[list[str], npt.NDArray[np.int64]]:
    """Tokens of a period, and when they are said.

    Returns:
        the tokens, with `SEGMENT_START` before those of each segment; (tokens,) times in
        milliseconds, never falling.
    """
    tokens: list[str] = []
    times_ms: list[npt.NDArray[np.int64]] = [np.zeros(0, dtype=np.int64)]
    reader = SegmentReader(tokenizer)
    for segment in segments:
        found, spoken_ms = reader.read(segment)
        tokens += found
        times_ms.append(spoken_ms)

    # Segments may overlap; tokens keep their order.
    return tokens, np.maximum.accumulate(np.concatenate(times_ms))


class SegmentReader:
    """Reads the segments of one period, in order: what was said before decides over tokens."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        """Begin a period."""
        self._tokenizer = tokenizer
        self._reader = PeriodReader(tokenizer.common_words)
        self._previous: str | None = None

    def fork(self) -> "SegmentReader":
        """A reader that goes on from here, on its own."""
        other = SegmentReader(self._tokenizer)
        other._reader, other._previous = self._reader.fork(), self._previous
        return other

    def read(self, segment: TranscriptSegment) -> tuple[list[str], npt.NDArray[np.int64]]:
        """Tokens and times of the next segment; none of one that repeats the text before it."""
        if segment.text == self._previous:
            return [], np.zeros(0, dtype=np.int64)
        self._previous = segment.text

        if self._tokenizer.marks_novelty:
            found = self._reader.tokenize(segment.text, segment.start_ms)
        else:
            found = self._tokenizer.tokenize_with_offsets(segment.text)
        spoken_ms = _token_times(segment, [offset for _, offset in found])
        times_ms = np.append(segment.start_ms, spoken_ms).astype(np.int64)
        return [SEGMENT_START, *(token for token, _ in found)], times_ms


def _token_times(
    segment: TranscriptSegment, offsets: Sequence[int]
) -> npt.NDArray[np.floating | np.integer]:
    """(tokens,) times in milliseconds of tokens that begin at the given characters of a segment."""
    if not segment.words:
        return np.linspace(segment.start_ms, segment.end_ms, max(len(offsets), 1))[: len(offsets)]

    # Where each word begins in the text; one that is not found counts with its predecessor.
    begins, place = [], 0
    for word in segment.words:
        found = segment.text.find(word.text, place)
        begins.append(place if found < 0 else found)
        place = begins[-1] + (len(word.text) if found >= 0 else 0)

    starts_ms = np.array([word.start_ms for word in segment.words], dtype=np.int64)
    index = np.searchsorted(begins, np.array(offsets, dtype=np.int64), side="right") - 1
    return starts_ms[np.maximum(index, 0)]


def count_bins(num_frames: int, frame_rate: Fraction = FEATURE_RATE) -> int:
    """Bins that cover a period of ``num_frames``; at least one."""
    length_ms = num_frames * 1000 * frame_rate.denominator
    return max(1, -(-length_ms // (BIN_MS * frame_rate.numerator)))


def fit_vocabulary(
    periods: Iterable[Sequence[TranscriptSegment]], tokenizer: Tokenizer, *, min_periods: int
) -> Vocabulary:
    """Collect the tokens of enough periods. Only periods of the training split belong here.

    Args:
        periods: segments of each period.
        tokenizer: splits a text into tokens.
        min_periods: tokens of fewer periods count as unknown.
    """
    counts = Counter(
        token for segments in periods for token in set(timed_tokens(segments, tokenizer)[0])
    )
    return Vocabulary(
        tokenizer, tuple(sorted(token for token, count in counts.items() if count >= min_periods))
    )
