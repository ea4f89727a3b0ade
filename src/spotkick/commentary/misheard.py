"""Words of football that small recognisers mishear, put right.

Small models of Whisper write "off-site" for offside and "goal kit" for goal kick. In commentary
what they write hardly occurs: in the transcripts of SoccerNet's train split, made by a large model,
"offside" stands 1,900 times, and "off-site", "offsite" and "off-side" 28 times.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from itertools import accumulate
from typing import Final

from spotkick.commentary.speech import RecognisedSegment

_MISHEARD: Final = tuple(
    (re.compile(pattern, re.IGNORECASE), meant)
    for pattern, meant in (
        (r"\boff[-\s]*(?:sites?|sights?)\b|\boff[-\s]+sides?\b", "offside"),
        (
            r"\b(free|goal|corner|penalty|spot)[-\s]+(?:kit|kid|kig|cake|click|clip|cut)\b",
            r"\1 kick",
        ),
        (r"\b(?:flow|float|fro)[-\s]+in\b", "throw-in"),
        (r"\byellow (?:guard|car|cart|cord)\b", "yellow card"),
        (r"\bgold\b(?! (?:medal|cup|coast))", "goal"),
    )
)

Word = tuple[float, float, str]
"""(start_s, end_s, word)."""


def correct_mishearings(segment: RecognisedSegment) -> RecognisedSegment:
    """A segment of English with what must have been said; words keep their times.

    Example:
        >>> correct_mishearings(RecognisedSegment(0, 2, "A goal kit, he was off-site.")).text
        'A goal kick, he was offside.'
    """
    text, words = segment.text, segment.words
    for pattern, meant in _MISHEARD:
        text = pattern.sub(partial(_like, meant=meant), text)
        words = _correct_words(words, pattern, meant)
    return segment if text == segment.text else replace(segment, text=text, words=words)


def _like(found: re.Match[str], meant: str) -> str:
    """What is meant, with a capital where what was heard has one."""
    said = found.expand(meant)
    return said[0].upper() + said[1:] if found.group()[0].isupper() else said


def _correct_words(words: Sequence[Word], pattern: re.Pattern[str], meant: str) -> tuple[Word, ...]:
    """Words with phrases replaced: one by one, or as one word where their number changes."""
    texts = [word for _, _, word in words]
    joined = " ".join(texts)
    corrected = list(words)

    # where each word begins in the joined text; the last matches first, so that indices stay
    begins = list(accumulate((len(text) + 1 for text in texts), initial=0))
    for found in reversed(list(pattern.finditer(joined))):
        first = max(i for i in range(len(texts)) if begins[i] <= found.start())
        last = max(i for i in range(len(texts)) if begins[i] < found.end())
        head = joined[begins[first] : found.start()]
        tail = joined[found.end() : begins[last] + len(texts[last])]
        said = f"{head}{_like(found, meant)}{tail}"
        parts, old = said.split(), corrected[first : last + 1]
        if len(parts) == len(old):
            new = [(start, end, part) for (start, end, _), part in zip(old, parts, strict=True)]
        else:
            new = [(old[0][0], old[-1][1], said)]
        corrected[first : last + 1] = new
    return tuple(corrected)
