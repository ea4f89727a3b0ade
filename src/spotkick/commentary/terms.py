"""From text to terms: words and pairs of words, with a sign in the place of each name and number.

Commentary is full of names, and a vocabulary of names says which match is on, not what happens in
it. A name is replaced by ``<name>``, so that "Kane comes on for Son" and "Vidal comes on for Alba"
share all their terms. Which words are names is learned from capital letters inside sentences.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

NAME: Final = "<name>"
NUMBER: Final = "<num>"
_STOP: Final = "."
_PIECE: Final = re.compile(r"\w+(?:['\u2019]\w+)?|[.!?]")
_ENDS: Final = frozenset(".!?")
_COMMON_TWICE: Final = 2
"""A word is common where it begins with a small letter this many times as often as with a capital
inside a sentence."""


@dataclass(frozen=True, slots=True)
class TermReader:
    """Reads the terms of a text.

    Attributes:
        common: words in small letters that are no names; any other word with a capital letter is
            read as a name.
    """

    common: frozenset[str]

    def words(self, text: str) -> list[str]:
        """Words of ``text`` in order; ends of sentences are kept as ``.``, and an exclamation mark is a word.

        Example:
            >>> TermReader(frozenset({"for", "goal"})).words("Goal for Harry Kane! 2 now?")
            ['goal', 'for', '<name>', '!', '<num>', 'now', '.']
        """
        words: list[str] = []
        for piece in _PIECE.findall(text):
            word = self._word(piece)
            if word != NAME or words[-1:] != [NAME]:  # first and last name are one
                words.append(word)
        return words

    def terms(self, text: str) -> Iterator[str]:
        """Words of ``text``, then pairs of neighbours inside a sentence.

        Example:
            >>> list(TermReader(frozenset({"for", "goal"})).terms("Goal for Harry Kane! 2 now"))[:6]
            ['goal', 'for', '<name>', '!', '<num>', 'now']
        """
        words = self.words(text)
        yield from (word for word in words if word != _STOP)
        for first, second in pairwise(words):
            if _STOP not in (first, second):
                yield f"{first} {second}"

    def _word(self, piece: str) -> str:
        if piece in _ENDS:
            return "!" if piece == "!" else _STOP
        word = _plain(piece)
        if word[0].isdigit():
            return NUMBER
        return NAME if piece[0].isupper() and word not in self.common else word


def fit_term_reader(texts: Iterable[str]) -> TermReader:
    """Learn which words are no names. Only texts of the training split belong here.

    A capital at the start of a sentence tells nothing and is not counted.
    """
    small: Counter[str] = Counter()
    capital: Counter[str] = Counter()
    for text in texts:
        starts = True
        for piece in _PIECE.findall(text):
            if piece not in _ENDS and piece[0].islower():
                small[_plain(piece)] += 1
            elif piece not in _ENDS and not starts:
                capital[_plain(piece)] += 1
            starts = piece in _ENDS
    return TermReader(
        frozenset(
            word for word, count in small.items() if count >= _COMMON_TWICE * (capital[word] + 1)
        )
    )


def _plain(piece: str) -> str:
    return piece.lower().replace("\u2019", "'").removesuffix("'s")
