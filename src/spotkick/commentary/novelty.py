"""Tokens that say what is new: a name or a score that was not heard before in the period.

The name of a player who comes on is new, and so is the score after a goal; which name or score it
is does not matter. Numbers keep their size: small ones are scores, large ones are minutes.
"""

import re
from typing import Final

from spotkick.commentary.pieces import (
    END_MARKS,
    NAME,
    NUMBER,
    PIECE,
    name_mark,
    plain_word,
)

NEW_NAME: Final = "<name:new>"
RECENT_NAME: Final = "<name:recent>"
RETURNED_NAME: Final = "<name:back>"
SCORE: Final = "<score>"
NEW_SCORE: Final = "<score:new>"
SAME_SCORE: Final = "<score:same>"

_RECENT_MS: Final = 15_000
_RETURNED_MS: Final = 300_000
_MOST_GOALS: Final = 11
"""Pairs of larger numbers are times or years."""

_SCORE: Final = re.compile(r"(\d{1,2})\s?[-\u2013:]\s?(\d{1,2})$")
_PIECE_OR_SCORE: Final = re.compile(rf"\d{{1,2}}\s?[-\u2013:]\s?\d{{1,2}}(?!\d)|{PIECE.pattern}")
_NUMBER: Final = re.compile(r"[0-9]{1,5}")
_LIMITS: Final = ((6, ""), (11, "<7-11>"), (44, "<12-44>"), (90, "<45-90>"))
"""Largest number of each token; up to the first one each number is a token of its own."""


class PeriodReader:
    """Splits the segments of one period into tokens, in order, and remembers what was said."""

    def __init__(self, common_words: frozenset[str]) -> None:
        """Begin a period; ``common_words`` are those that are no names."""
        self._common_words = common_words
        self._said_ms: dict[str, int] = {}
        self._scores: list[tuple[int, int]] = []

    def fork(self) -> "PeriodReader":
        """A reader that goes on from here, on its own."""
        other = PeriodReader(self._common_words)
        other._said_ms, other._scores = dict(self._said_ms), list(self._scores)
        return other

    def tokenize(self, text: str, start_ms: int) -> list[tuple[str, int]]:
        """Tokens of a segment, each with the index of its first character.

        Args:
            text: what is said.
            start_ms: start of the segment.

        Example:
            >>> reader = PeriodReader(frozenset({"for"}))
            >>> [token for token, _ in reader.tokenize("Kane for Son. 1-0! Kane for Son", 0)]
            ['<name:new>', 'for', '<name:new>', '.', '<score:new>', '!', '<name:recent>', 'for', \
'<name:recent>']
        """
        tokens: list[tuple[str, int]] = []
        for piece in _PIECE_OR_SCORE.finditer(text):
            begin = piece.start()
            for token in self._read_piece(piece.group(), start_ms):
                # First and last name are one; the last one decides whether it is new.
                if token.startswith("<name") and tokens and tokens[-1][0].startswith("<name"):
                    tokens[-1] = (token, tokens[-1][1])
                else:
                    tokens.append((token, begin))
        return tokens

    def _read_piece(self, piece: str, start_ms: int) -> list[str]:
        pair = _SCORE.fullmatch(piece)
        if pair is not None:
            return self._read_pair(pair[1], pair[2])
        if piece in END_MARKS:
            return [name_mark(piece)]

        word = plain_word(piece)
        if word[0].isdigit():
            return [name_number(word)]
        is_name = piece[0].isupper() and word not in self._common_words
        return [self._read_name(word, start_ms) if is_name else word]

    def _read_name(self, word: str, start_ms: int) -> str:
        last_ms = self._said_ms.get(word)
        self._said_ms[word] = start_ms
        if last_ms is None:
            return NEW_NAME
        since_ms = start_ms - last_ms
        if since_ms < _RECENT_MS:
            return RECENT_NAME
        return RETURNED_NAME if since_ms > _RETURNED_MS else NAME

    def _read_pair(self, first: str, second: str) -> list[str]:
        """A score, in either order; two numbers where they are too large for one."""
        score = int(first), int(second)
        if max(score) > _MOST_GOALS:
            return [name_number(first), name_number(second)]

        known = [score, score[::-1]]
        token = SCORE
        if not any(pair in self._scores for pair in known):
            token = NEW_SCORE
        elif self._scores[-1] in known:
            token = SAME_SCORE
        if score in self._scores:
            self._scores.remove(score)
        self._scores.append(score)
        return [token]


def name_number(word: str) -> str:
    """The token of a number, by its size.

    Example:
        >>> [name_number(word) for word in ("2nd", "9", "44", "88th", "2015")]
        ['<2>', '<7-11>', '<12-44>', '<45-90>', '<num>']
    """
    digits = _NUMBER.match(word)
    if digits is None:
        return NUMBER
    value = int(digits.group())
    return next((name or f"<{value}>" for limit, name in _LIMITS if value <= limit), NUMBER)
