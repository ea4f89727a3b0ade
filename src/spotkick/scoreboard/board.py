"""Tokens to a scoreboard: which clock, score and names belong together, by where they stand.

The clock stands before, between, behind or below names and score. Text on advertising boards,
shirts and other graphics is told apart by distance, height and order.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from spotkick.scoreboard.text_reader import TextBox
from spotkick.scoreboard.token_groups import Group, find_groups
from spotkick.scoreboard.token_places import enclose, has_like_height, measure_gap, stands_right_of
from spotkick.scoreboard.tokens import Token, find_tokens

_EDGE: Final = 0.004
"""Text nearer to the edge of the image than this part of its width is cut off: no graphic of a
broadcast lies there, advertising boards do."""

_CLOCK_GAP: Final = 5.0
"""A clock lies at most so many text heights from the rest of its scoreboard."""

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
    groups = find_groups(tokens)
    boards = [_with_clock(group, tokens, height) for group in groups]
    valid = [(group, board) for group, board in zip(groups, boards, strict=True) if board]

    # A group with a clock is a scoreboard more surely than one without.
    valid.sort(key=lambda pair: (pair[1].clock_s is not None, *pair[0].weight), reverse=True)
    return [board for _, board in valid]


def _with_clock(group: Group, tokens: Sequence[Token], image_height: float) -> Scoreboard | None:
    """Add clock and added time to names and score; None where the group is no scoreboard."""
    box = enclose([token.box for token in group.tokens])
    near = [
        token
        for token in tokens
        if token.kind in ("clock", "minute", "added")
        and measure_gap(box, token.box) < _CLOCK_GAP * group.height
        and has_like_height(token.box, group.tokens[0].box)
    ]
    clocks = sorted(
        (token for token in near if token.kind == "clock"),
        key=lambda token: (measure_gap(box, token.box), -token.box.height),
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
    left, top, right, bottom = enclose([token.box for token in used])
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


def _bare_clocks(group: Group, tokens: Sequence[Token]) -> list[Token]:
    """Four digits right before or behind a complete row: a clock whose colon was not recognised."""
    if group.score is None or group.home is None or group.away is None or group.has_words:
        return []
    first = min((token.box for token in group.tokens), key=lambda box: box.left)
    last = max((token.box for token in group.tokens), key=lambda box: box.right)
    return [
        token
        for token in tokens
        if token.kind == "bare_clock"
        and (stands_right_of(token.box, first) or stands_right_of(last, token.box))
    ]


def _bare_minutes(group: Group, tokens: Sequence[Token]) -> list[Token]:
    """A number of two digits right behind a complete row, whose prime was not recognised."""
    last = max((token.box for token in group.tokens), key=lambda box: box.right)
    if group.score is None or group.home is None or group.has_words:
        return []
    return [
        replace(token, kind="minute")
        for token in tokens
        if token.kind == "digit" and len(token.text) == 2 and stands_right_of(last, token.box)
    ]


def _is_plausible(group: Group, clocks: Sequence[Token], image_height: float) -> bool:
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
