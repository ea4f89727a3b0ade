"""Loops of a recogniser: Whisper repeats itself on crowd noise, and where it does not understand.

A loop seldom fills the whole stretch that is recognised at once. What is said before and after it
stays, and the phrase that is repeated stays once: it is often what was said.
"""

import re
import zlib
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Final

from spotkick.commentary.speech import RecognisedSegment

_MAX_COMPRESSION: Final = 2.4
"""Text that shrinks more than this when compressed repeats itself. Source: Whisper's own limit."""

_PHRASE_WORDS: Final = 16
"""Loops of phrases of so many words are known."""

_PHRASE_REPEATS: Final = 3
"""A phrase that follows itself so often is a loop ..."""

_WORD_REPEATS: Final = 5
"""... and a single word, which people do repeat, so often."""

_RECENT_SEGMENTS: Final = 4
"""Loops of so many segments are known."""

_SENTENCE_WORDS: Final = 5
"""Segments of fewer words, such as "Corner.", may come again after another one."""

_PUNCTUATION: Final = re.compile(r"[^\w\s]")


def drop_loops(segments: Iterable[RecognisedSegment]) -> Iterator[RecognisedSegment]:
    """Leave out what a recogniser repeats, and keep what it says before and after a loop.

    A phrase that a segment says over and over counts once. A segment is left out where it says what
    the one before it said, or a whole sentence that one of the last few said. What is still as
    repetitive as no speech is, is left out.

    Example:
        >>> said = [RecognisedSegment(0, 1, "Goal!"), RecognisedSegment(1, 2, "Goal!")]
        >>> len(list(drop_loops(said)))
        1
    """
    recent: deque[str] = deque(maxlen=_RECENT_SEGMENTS)
    for segment in segments:
        once = _say_once(segment)
        text = once.text.casefold()
        is_sentence = len(text.split()) >= _SENTENCE_WORDS
        is_repeated = text in recent if is_sentence else text in list(recent)[-1:]
        if text and not is_repeated and _measure_compression(text) <= _MAX_COMPRESSION:
            yield once
        recent.append(text)


def _say_once(segment: RecognisedSegment) -> RecognisedSegment:
    """A segment with each phrase that is said over and over said once."""
    texts = [word for _, _, word in segment.words] or segment.text.split()
    kept = find_said_once([_PUNCTUATION.sub("", text.casefold()) for text in texts])
    if len(kept) == len(texts):
        return segment
    words = tuple(segment.words[index] for index in kept) if segment.words else ()
    end_s = words[-1][1] if words else segment.end_s
    return replace(segment, end_s=end_s, text=" ".join(texts[i] for i in kept), words=words)


def find_said_once(words: Sequence[str]) -> list[int]:
    """Indices of words without those that only repeat a phrase.

    Args:
        words: of one text, without punctuation, in small letters.

    Example:
        >>> find_said_once("he shoots he shoots he shoots and it is in".split())
        [0, 1, 6, 7, 8, 9]
    """
    kept: list[int] = []
    place = 0
    while place < len(words):
        length, end = 1, place + 1
        for size in range(1, min(_PHRASE_WORDS, len(words) - place) + 1):
            stop = place + size
            while words[stop : stop + size] == words[place : place + size]:
                stop += size
            repeats = (stop - place) // size
            if repeats >= (_WORD_REPEATS if size == 1 else _PHRASE_REPEATS):
                length, end = size, stop
                break

        # a loop that is cut off ends inside its phrase
        kept += range(place, place + length)
        rest = list(words[end:])
        is_cut_off = end - place > length and rest == list(words[place : place + len(rest)])
        place = len(words) if is_cut_off else end
    return kept


def _measure_compression(text: str) -> float:
    """Length of a text divided by its length when compressed, as Whisper counts it."""
    data = text.encode()
    return len(data) / len(zlib.compress(data)) if data else 0.0
