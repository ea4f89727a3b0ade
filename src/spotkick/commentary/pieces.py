"""Words, numbers and marks of a text, and the placeholder tokens that stand for many of them."""

import re
from typing import Final

NAME: Final = "<name>"
NUMBER: Final = "<num>"
SENTENCE_END: Final = "."

PIECE: Final = re.compile(r"\w+(?:['\u2019]\w+)?|[.!?]")
END_MARKS: Final = frozenset(".!?")


def plain_word(piece: str) -> str:
    """A word in small letters, without a possessive ending.

    Example:
        >>> plain_word("Kane's")
        'kane'
    """
    return piece.lower().replace("\u2019", "'").removesuffix("'s")


def name_mark(piece: str) -> str:
    """The token of one of `END_MARKS`: ``!``, and ``.`` for all others."""
    return "!" if piece == "!" else SENTENCE_END
