"""Names and scores that belong together, in each layout of scoreboards.

Scoreboards come as one row (``45:00 RBL 0-1 MCI``), as two rows with a name and a number each, as
names above their numbers, and with crests in place of names.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from spotkick.scoreboard.token_places import is_below, split_rows, stands_right_of
from spotkick.scoreboard.tokens import Token


@dataclass(frozen=True, slots=True)
class Group:
    """Names and score that belong together, before a clock is looked for.

    Attributes:
        tokens: the parts, with their places.
        home: name of the first team; None where it is not there.
        away: same of the second team.
        score: goals of both, None where they cannot be read.
        has_words: whether names are any words: such a group is a scoreboard only with a clock.
    """

    tokens: tuple[Token, ...]
    home: str | None
    away: str | None
    score: tuple[int, int] | None
    has_words: bool = False

    @property
    def height(self) -> float:
        """Height of its largest text in pixels."""
        return max(token.box.height for token in self.tokens)

    @property
    def weight(self) -> tuple[int, float]:
        """Names and a score are better than either, then larger text."""
        known = (self.home is not None) + (self.away is not None) + 2 * (self.score is not None)
        return known, self.height


def find_groups(tokens: Sequence[Token]) -> list[Group]:
    """Find names and scores that belong together, in each of the layouts that broadcasts have."""
    return [
        *_find_rows(tokens),
        *_find_stacks(tokens),
        *_find_columns(tokens),
        *_find_worded(tokens),
    ]


def _find_rows(tokens: Sequence[Token]) -> list[Group]:
    """Groups in one row: name, score, name; name, digit, digit, name; or a score alone."""
    groups = []
    for row in split_rows([t for t in tokens if t.kind in ("name", "score", "digit", "clock")]):
        parts = [token for token in row if token.kind != "clock"]
        kinds = "".join(token.kind[0] for token in parts)
        for pattern in ("nsn", "nddn", "ndnd", "dnnd", "sn", "ns", "s", "ndn", "nn", "n"):
            start = kinds.find(pattern)
            if start < 0:
                continue
            chosen = parts[start : start + len(pattern)]
            group = _group_of(chosen)
            if group is not None:
                groups.append(group)
            break
    return groups


def _find_worded(tokens: Sequence[Token]) -> list[Group]:
    """Groups whose names are longer, or of another script: ``Liverpool 2-1 Chelsea``."""
    words = [token for token in tokens if token.kind == "word"]
    if not words:
        return []
    places = {token.box for token in words}
    likened = [replace(t, kind="name") if t.kind == "word" else t for t in tokens]
    return [
        replace(group, has_words=True)
        for group in (*_find_rows(likened), *_find_stacks(likened))
        if any(token.kind in ("score", "digit") for token in group.tokens)
        and any(token.box in places for token in group.tokens)
    ]


def _group_of(chosen: Sequence[Token]) -> Group | None:
    """Names and score of tokens in reading order."""
    names = [token for token in chosen if token.kind == "name"]
    digits = [int(token.text) for token in chosen if token.kind == "digit"]
    scores = [token.score for token in chosen if token.kind == "score"]
    score = scores[0] if scores else (digits[0], digits[1]) if len(digits) == 2 else None
    home = names[0].text if names else None
    away = names[1].text if len(names) > 1 else None
    if len(names) == 1 and score is not None and chosen[0].kind == "score":
        home, away = None, names[0].text
    return Group(tuple(chosen), home, away, score)


def _find_stacks(tokens: Sequence[Token]) -> list[Group]:
    """Groups in two rows: a name above a name, each with a digit beside or below it."""
    names = sorted((t for t in tokens if t.kind == "name"), key=lambda token: token.box.top)
    groups = []
    for upper in names:
        for lower in names:
            if not is_below(upper.box, lower.box):
                continue
            digits = [_digit_beside(name, tokens) for name in (upper, lower)]
            known = [digit for digit in digits if digit is not None]
            score = (int(known[0].text), int(known[1].text)) if len(known) == 2 else None
            groups.append(Group((upper, lower, *known), upper.text, lower.text, score))
    return groups


def _find_columns(tokens: Sequence[Token]) -> list[Group]:
    """Groups of two names side by side, each above its number."""
    names = [token for token in tokens if token.kind == "name"]
    groups = []
    for home in names:
        for away in names:
            if home is away or not stands_right_of(home.box, away.box):
                continue
            left, right = (_digit_below(name, tokens) for name in (home, away))
            if left is None or right is None:
                continue
            if left is right and len(left.text) == 2:
                left, right = _halve_digits(left)  # both numbers were read as one
            if len(left.text) == len(right.text) == 1:
                score = (int(left.text), int(right.text))
                groups.append(Group((home, left, away, right), home.text, away.text, score))
    return groups


def _halve_digits(token: Token) -> tuple[Token, Token]:
    """Two digits that were read as one number, each with its part of the width."""
    box = token.box
    middle = (box.left + box.right) / 2
    return (
        Token("digit", token.text[0], replace(box, right=middle)),
        Token("digit", token.text[1], replace(box, left=middle)),
    )


def _digit_below(name: Token, tokens: Sequence[Token]) -> Token | None:
    below = [
        token
        for token in tokens
        if token.kind == "digit"
        and token.box.left < (name.box.left + name.box.right) / 2 < token.box.right
        and -0.3 * name.box.height < token.box.top - name.box.bottom < name.box.height
    ]
    return min(below, key=lambda token: token.box.top, default=None)


def _digit_beside(name: Token, tokens: Sequence[Token]) -> Token | None:
    beside = [t for t in tokens if t.kind == "digit" and stands_right_of(name.box, t.box)]
    return min(beside, key=lambda token: token.box.left, default=None)
