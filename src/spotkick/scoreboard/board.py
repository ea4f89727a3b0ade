"""Tokens to a scoreboard: which clock, score and names belong together, by where they stand.

Scoreboards come as one row (``45:00 RBL 0-1 MCI``), as two rows with a name and a number each, with
crests in place of names, and with the clock before, between, behind or below. Text on advertising
boards, shirts and other graphics is told apart by distance, height and order.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from spotkick.scoreboard.text_reader import TextBox
from spotkick.scoreboard.tokens import Token, find_tokens

_EDGE: Final = 0.004
"""Text nearer to the edge of the image than this part of its width is cut off: no graphic of a
broadcast lies there, advertising boards do."""

_ROW_GAP: Final = 4.5
"""Neighbours of a row are at most so many text heights apart."""

_CLOCK_GAP: Final = 5.0
"""A clock lies at most so many text heights from the rest of its scoreboard."""

_HEIGHT_RATIO: Final = 2.4
"""Texts of one scoreboard differ in height by no more than this."""


PERIOD_ENDS_S: Final = (2700, 5400, 6300, 7200)
"""Where the match clock may stand still while a second one counts added time."""


@dataclass(frozen=True, slots=True)
class Scoreboard:
    """What a scoreboard shows.

    Attributes:
        clock_s: seconds of the match clock, None where it shows none.
        minute_only: whether the clock shows whole minutes (``63'``).
        extra_s: seconds of a second clock that counts added time, else None.
        added_minutes: announced added time (``+3``), else None.
        home: name of the first team, as abbreviated there; None for crests.
        away: same of the second team.
        score: goals of both, None where they cannot be read.
        box: (left, top, right, bottom) in pixels of the parts that were read.
        text_height: of its names or numbers in pixels.
        confidence: the least of the parts' confidences.
        tokens: the parts, with their places.
    """

    clock_s: int | None
    minute_only: bool
    extra_s: int | None
    added_minutes: int | None
    home: str | None
    away: str | None
    score: tuple[int, int] | None
    box: tuple[float, float, float, float]
    text_height: float
    confidence: float
    tokens: tuple[Token, ...] = ()


@dataclass(frozen=True, slots=True)
class _Group:
    """Names and score that belong together, before a clock is looked for."""

    tokens: tuple[Token, ...]
    home: str | None
    away: str | None
    score: tuple[int, int] | None
    has_words: bool = False
    """Whether names are any words: such a group is a scoreboard only with a clock."""

    @property
    def height(self) -> float:
        return max(token.box.height for token in self.tokens)

    @property
    def weight(self) -> tuple[int, float]:
        """Names and a score are better than either, then larger text."""
        known = (self.home is not None) + (self.away is not None) + 2 * (self.score is not None)
        return known, self.height


def find_scoreboards(boxes: Iterable[TextBox], width: float, height: float) -> list[Scoreboard]:
    """Candidates for the scoreboard among the texts of an image, the most likely first.

    Args:
        boxes: lines of text.
        width: of the image in pixels.
        height: of the image in pixels.
    """
    margin = _EDGE * width
    tokens = [
        token
        for box in boxes
        for token in find_tokens(box)
        if token.box.left > margin and token.box.right < width - margin
    ]
    groups = [
        *_find_rows(tokens),
        *_find_stacks(tokens),
        *_find_columns(tokens),
        *_find_worded(tokens),
    ]
    boards = [_with_clock(group, tokens, height) for group in groups]
    valid = [(group, board) for group, board in zip(groups, boards, strict=True) if board]

    # A group with a clock is a scoreboard more surely than one without.
    valid.sort(key=lambda pair: (pair[1].clock_s is not None, *pair[0].weight), reverse=True)
    return [board for _, board in valid]


def _find_rows(tokens: Sequence[Token]) -> list[_Group]:
    """Groups in one row: name, score, name; name, digit, digit, name; or a score alone."""
    groups = []
    for row in _split_rows([t for t in tokens if t.kind in ("name", "score", "digit", "clock")]):
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


def _find_worded(tokens: Sequence[Token]) -> list[_Group]:
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


def _group_of(chosen: Sequence[Token]) -> _Group | None:
    """Names and score of tokens in reading order."""
    names = [token for token in chosen if token.kind == "name"]
    digits = [int(token.text) for token in chosen if token.kind == "digit"]
    scores = [token.score for token in chosen if token.kind == "score"]
    score = scores[0] if scores else (digits[0], digits[1]) if len(digits) == 2 else None
    home = names[0].text if names else None
    away = names[1].text if len(names) > 1 else None
    if len(names) == 1 and score is not None and chosen[0].kind == "score":
        home, away = None, names[0].text
    return _Group(tuple(chosen), home, away, score)


def _split_rows(tokens: Sequence[Token]) -> list[list[Token]]:
    """Tokens that stand side by side, each row from left to right."""
    rows: list[list[Token]] = []
    for token in sorted(tokens, key=lambda token: token.box.left):
        for row in rows:
            if _stands_right_of(row[-1].box, token.box):
                row.append(token)
                break
        else:
            rows.append([token])
    return rows


def _stands_right_of(left: TextBox, right: TextBox) -> bool:
    overlap = min(left.bottom, right.bottom) - max(left.top, right.top)
    gap = right.left - left.right
    tallest = max(left.height, right.height)
    return (
        overlap > 0.5 * min(left.height, right.height)
        and -0.7 * tallest < gap < _ROW_GAP * tallest
        and _has_like_height(left, right)
    )


def _has_like_height(one: TextBox, other: TextBox) -> bool:
    heights = sorted((one.height, other.height))
    return heights[1] <= _HEIGHT_RATIO * max(heights[0], 1.0)


def _find_stacks(tokens: Sequence[Token]) -> list[_Group]:
    """Groups in two rows: a name above a name, each with a digit beside or below it."""
    names = sorted((t for t in tokens if t.kind == "name"), key=lambda token: token.box.top)
    groups = []
    for upper in names:
        for lower in names:
            if not _is_below(upper.box, lower.box):
                continue
            digits = [_digit_beside(name, tokens) for name in (upper, lower)]
            known = [digit for digit in digits if digit is not None]
            score = (int(known[0].text), int(known[1].text)) if len(known) == 2 else None
            groups.append(_Group((upper, lower, *known), upper.text, lower.text, score))
    return groups


def _find_columns(tokens: Sequence[Token]) -> list[_Group]:
    """Groups of two names side by side, each above its number."""
    names = [token for token in tokens if token.kind == "name"]
    groups = []
    for home in names:
        for away in names:
            if home is away or not _stands_right_of(home.box, away.box):
                continue
            left, right = (_digit_below(name, tokens) for name in (home, away))
            if left is None or right is None:
                continue
            if left is right and len(left.text) == 2:
                left, right = _halve_digits(left)  # both numbers were read as one
            if len(left.text) == len(right.text) == 1:
                score = (int(left.text), int(right.text))
                groups.append(_Group((home, left, away, right), home.text, away.text, score))
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


def _is_below(upper: TextBox, lower: TextBox) -> bool:
    gap = lower.top - upper.bottom
    return (
        abs(upper.left - lower.left) < 1.2 * upper.height
        and -0.2 * upper.height < gap < 2 * upper.height
        and _has_like_height(upper, lower)
    )


def _digit_beside(name: Token, tokens: Sequence[Token]) -> Token | None:
    beside = [t for t in tokens if t.kind == "digit" and _stands_right_of(name.box, t.box)]
    return min(beside, key=lambda token: token.box.left, default=None)


def _with_clock(group: _Group, tokens: Sequence[Token], image_height: float) -> Scoreboard | None:
    """Add clock and added time to names and score; None where the group is no scoreboard."""
    box = _enclose([token.box for token in group.tokens])
    near = [
        token
        for token in tokens
        if token.kind in ("clock", "minute", "added")
        and _measure_gap(box, token.box) < _CLOCK_GAP * group.height
        and _has_like_height(token.box, group.tokens[0].box)
    ]
    clocks = sorted(
        (token for token in near if token.kind == "clock"),
        key=lambda token: (_measure_gap(box, token.box), -token.box.height),
    )
    if len(clocks) > 1 and clocks[1].clock_s in PERIOD_ENDS_S:
        # The match clock stands still; the one nearer to the names counts added time.
        clocks[0], clocks[1] = clocks[1], clocks[0]
    clocks = clocks or _bare_clocks(group, tokens)
    minutes = [token for token in near if token.kind == "minute"] or _bare_minutes(group, tokens)
    added = [token for token in near if token.kind == "added"]
    if not _is_plausible(group, [*clocks, *minutes], image_height):
        return None

    # The match clock is the nearest; a second, smaller one counts added time.
    clock_s = clocks[0].clock_s if clocks else 60 * int(minutes[0].text) if minutes else None
    extra = [c for c in clocks[1:] if clocks[0].clock_s in PERIOD_ENDS_S]
    used = [*group.tokens, *clocks[: 1 + len(extra[:1])], *minutes[:1], *added[:1]]
    left, top, right, bottom = _enclose([token.box for token in used])
    return Scoreboard(
        clock_s=clock_s,
        minute_only=not clocks and bool(minutes),
        extra_s=extra[0].clock_s if extra else None,
        added_minutes=int(added[0].text) if added else None,
        home=group.home,
        away=group.away,
        score=group.score,
        box=(left, top, right, bottom),
        text_height=float(np.median([token.box.height for token in group.tokens])),
        confidence=min(token.box.confidence for token in used),
        tokens=tuple(used),
    )


def _bare_clocks(group: _Group, tokens: Sequence[Token]) -> list[Token]:
    """Four digits right before or behind a complete row: a clock whose colon was not recognised."""
    if group.score is None or group.home is None or group.away is None or group.has_words:
        return []
    first = min((token.box for token in group.tokens), key=lambda box: box.left)
    last = max((token.box for token in group.tokens), key=lambda box: box.right)
    return [
        token
        for token in tokens
        if token.kind == "bare_clock"
        and (_stands_right_of(token.box, first) or _stands_right_of(last, token.box))
    ]


def _bare_minutes(group: _Group, tokens: Sequence[Token]) -> list[Token]:
    """A number of two digits right behind a complete row, whose prime was not recognised."""
    last = max((token.box for token in group.tokens), key=lambda box: box.right)
    if group.score is None or group.home is None or group.has_words:
        return []
    return [
        replace(token, kind="minute")
        for token in tokens
        if token.kind == "digit" and len(token.text) == 2 and _stands_right_of(last, token.box)
    ]


def _is_plausible(group: _Group, clocks: Sequence[Token], image_height: float) -> bool:
    """Two names and a score; a clock with a score or a name; or a score near the upper edge."""
    if group.has_words and not clocks:
        return False
    if group.score is not None and group.home is not None and group.away is not None:
        return True
    if len(clocks) > 1 and group.score is None and clocks[0].clock_s not in PERIOD_ENDS_S:
        # A table of statistics has a time beside each name.
        return False
    if clocks:
        return group.score is not None or group.home is not None
    alone = len(group.tokens) == 1 and group.tokens[0].kind == "score"
    token = group.tokens[0]
    return alone and token.box.bottom < 0.2 * image_height and token.box.confidence > 0.9


def _enclose(boxes: Sequence[TextBox]) -> tuple[float, float, float, float]:
    return (
        min(box.left for box in boxes),
        min(box.top for box in boxes),
        max(box.right for box in boxes),
        max(box.bottom for box in boxes),
    )


def _measure_gap(hull: tuple[float, float, float, float], box: TextBox) -> float:
    """Gap between two rectangles in pixels, 0 where they overlap."""
    across = max(hull[0] - box.right, box.left - hull[2], 0.0)
    down = max(hull[1] - box.bottom, box.top - hull[3], 0.0)
    return max(across, down)
