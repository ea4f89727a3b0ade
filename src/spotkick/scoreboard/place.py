"""Where a broadcast keeps its scoreboard: found by agreement over time, then read there alone."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from spotkick.scoreboard.board import PERIOD_ENDS_S, Scoreboard, find_scoreboards
from spotkick.scoreboard.still import (
    FIELD_HEIGHT,
    TEXT_HEIGHTS,
    Region,
    crop,
    enlarge,
    expand,
    fill_score,
    is_complete,
)
from spotkick.scoreboard.text_reader import Image, TextBox, TextReader
from spotkick.scoreboard.tokens import Kind, find_tokens

MIN_SHARE: Final = 0.12
"""A scoreboard is seen at the same place in at least this part of the frames looked at ..."""

MIN_FRAMES: Final = 2
"""... and in at least so many, unless there is only one frame."""

SAME_LINE: Final = 0.8
"""Two scoreboards at the same place differ in position by less than this part of a text height."""

MIN_CONFIDENCE: Final = 0.5
"""A clock that is recognised with less is read again together with what stands around it."""

CERTAIN_BOARDS: Final = 5
"""A place with so many scoreboards, in a third of the frames ..."""

CERTAIN_CLOCKS: Final = 4
"""... and so many different clock times needs no further frames."""


@dataclass(frozen=True, slots=True)
class Field:
    """A part of the scoreboard that is read on its own.

    Attributes:
        kind: clock, minute, score or digit.
        box: its place, the largest that was seen.
    """

    kind: Kind
    box: TextBox


@dataclass(frozen=True, slots=True)
class ScoreboardPlace:
    """Where the scoreboard stands in a broadcast.

    Attributes:
        region: around it, in pixels.
        clock: the field of the clock, None where it shows none.
        scores: one field with both numbers, or two with one each; empty where none were seen.
        names: abbreviations of the teams that were read most often.
        text_height: in pixels.
        num_frames: frames that agree.
        num_clocks: different clock times that they show.
    """

    region: Region
    clock: Field | None
    scores: tuple[Field, ...]
    names: tuple[str | None, str | None]
    text_height: float
    num_frames: int
    num_clocks: int = 0


def agree_on_place(
    boards: Sequence[Scoreboard], num_frames: int, shape: tuple[int, ...]
) -> ScoreboardPlace | None:
    """Find the place that most frames of a broadcast agree on.

    Args:
        boards: what was read in frames from all over the file.
        num_frames: frames that were read, those without a scoreboard included.
        shape: (height, width, ...) of the frames.
    """
    groups: list[list[Scoreboard]] = []
    for board in boards:
        same = next((group for group in groups if _same_place(group[0], board)), None)
        if same is None:
            groups.append([board])
        else:
            same.append(board)

    # Running clocks first: other graphics stand still, or are seen for a short time.
    needed = max(min(MIN_FRAMES, num_frames), MIN_SHARE * num_frames)
    agreed = [group for group in groups if len(group) >= needed]
    if not agreed:
        return None
    best = max(agreed, key=lambda group: (_num_clocks(group) > 1, len(group)))
    return _describe_place(best, shape)


def is_certain(place: ScoreboardPlace | None, num_frames: int) -> bool:
    """Whether further frames would not change where the scoreboard is."""
    return (
        place is not None
        and place.num_frames >= max(CERTAIN_BOARDS, num_frames / 3)
        and place.num_clocks >= CERTAIN_CLOCKS
        and bool(place.scores)
    )


def _same_place(one: Scoreboard, other: Scoreboard) -> bool:
    """Whether two scoreboards stand on the same line and share part of their width."""
    unit = SAME_LINE * max(one.text_height, other.text_height)
    shared = min(one.box[2], other.box[2]) - max(one.box[0], other.box[0])
    lines = [
        abs(a.box.top - b.box.top) < unit and abs(a.box.left - b.box.left) < 2 * unit
        for a in one.tokens
        for b in other.tokens
        if a.kind == b.kind
    ]
    return shared > 0 and any(lines)


def _num_clocks(group: Sequence[Scoreboard]) -> int:
    return len({board.clock_s for board in group if board.clock_s is not None})


def _describe_place(group: Sequence[Scoreboard], shape: tuple[int, ...]) -> ScoreboardPlace:
    unit = float(np.median([board.text_height for board in group]))
    hull = [float(np.median([board.box[side] for board in group])) for side in range(4)]
    wide = (
        min(hull[0], min(b.box[0] for b in group)),
        min(hull[1], min(b.box[1] for b in group)),
        max(hull[2], max(b.box[2] for b in group)),
        max(hull[3], max(b.box[3] for b in group)),
    )
    return ScoreboardPlace(
        expand(wide, 2 * unit, unit, shape),
        clock=_usual_field(group, ("clock", "bare_clock", "minute")),
        scores=_score_fields(group),
        names=(_most_frequent(b.home for b in group), _most_frequent(b.away for b in group)),
        text_height=unit,
        num_frames=len(group),
        num_clocks=_num_clocks(group),
    )


def _most_frequent(values: Iterable[str | None]) -> str | None:
    """The text that was read most often."""
    known = [value for value in values if value is not None]
    return max(sorted(set(known)), key=known.count, default=None)


def _usual_field(group: Sequence[Scoreboard], kinds: Sequence[Kind]) -> Field | None:
    found = [token for board in group for token in board.tokens if token.kind in kinds]
    if not found:
        return None
    found.sort(key=lambda token: kinds.index(token.kind))
    first = found[0]
    near = [token.box for token in found if abs(token.box.top - first.box.top) < first.box.height]
    return Field(first.kind, _common_box(near))


def _score_fields(group: Sequence[Scoreboard]) -> tuple[Field, ...]:
    """The fields of the kind that more frames have: one with both numbers, or two digits."""
    both = [token.box for board in group for token in board.tokens if token.kind == "score"]
    pairs = [tuple(token.box for token in board.tokens if token.kind == "digit") for board in group]
    pairs = [pair for pair in pairs if len(pair) == 2]
    if len(both) >= len(pairs):
        return (Field("score", _common_box(both)),) if both else ()
    return tuple(Field("digit", _common_box([pair[side] for pair in pairs])) for side in (0, 1))


def _common_box(boxes: Sequence[TextBox]) -> TextBox:
    """A box that holds the usual ones: outer quartiles, so that a misread one does not widen it."""
    low = [float(np.percentile([getattr(b, side) for b in boxes], 25)) for side in ("left", "top")]
    high = [
        float(np.percentile([getattr(b, side) for b in boxes], 75)) for side in ("right", "bottom")
    ]
    return TextBox("", low[0], low[1], high[0], high[1], 1.0)


class PlaceReader:
    """Reads the scoreboard at its place: its fields alone where that suffices, else all of it."""

    def __init__(self, place: ScoreboardPlace, reader: TextReader) -> None:
        """Remember the place; frames may be read in any order and by several threads."""
        self._place, self._reader = place, reader

    def read(self, image: Image) -> Scoreboard | None:
        """The scoreboard of a frame, None where it is hidden."""
        quick = self._read_fields(image)
        if quick is not None and quick.score is not None:
            return quick
        return self._read_region(image) or quick

    def _read_fields(self, image: Image) -> Scoreboard | None:
        """Clock and score by recognition alone; None where the clock is not what it should be."""
        place = self._place
        if place.clock is None or not place.scores:
            return None
        found = self._read_clock(image, place.clock)
        if found is None:
            return None
        clock_s, minute, confidence = found
        if not minute and clock_s in PERIOD_ENDS_S:
            return None  # a second clock may count added time beside it
        return Scoreboard(
            clock_s,
            minute_only=minute,
            extra_s=None,
            added_minutes=None,
            home=place.names[0],
            away=place.names[1],
            score=self._recognise_score(image),
            box=place.region,
            text_height=place.text_height,
            confidence=confidence,
        )

    def check(self, seen: Iterable[tuple[Image, Scoreboard]]) -> ScoreboardPlace:
        """The place with fields only where they give what a search of the whole frame gave.

        Args:
            seen: frames that show a scoreboard, and what a search of the whole frame found.
        """
        clocks: list[bool] = []
        scores: list[bool] = []
        for image, board in seen:
            if not self._holds(board):
                continue  # another graphic
            quick = self._read_fields(image)
            if board.clock_s is not None and board.clock_s not in PERIOD_ENDS_S:
                clocks.append(quick is not None and quick.clock_s == board.clock_s)
            if board.score is not None and quick is not None:
                scores.append(quick.score == board.score)
        place = self._place
        return replace(
            place,
            clock=place.clock if 2 * sum(clocks) >= len(clocks) else None,
            scores=place.scores if 2 * sum(scores) >= len(scores) else (),
        )

    def _holds(self, board: Scoreboard) -> bool:
        left, top, right, bottom = self._place.region
        across, down = (board.box[0] + board.box[2]) / 2, (board.box[1] + board.box[3]) / 2
        return left <= across <= right and top <= down <= bottom

    def _read_clock(self, image: Image, field: Field) -> tuple[int, bool, float] | None:
        """Seconds, whether they are whole minutes, and confidence."""
        text, confidence = self._recognise(image, field.box)
        box = TextBox(text, 0, 0, 1, 1, confidence)
        kinds = ("minute", "digit") if field.kind == "minute" else ("clock", "bare_clock")
        tokens = [token for token in find_tokens(box) if token.kind in kinds]
        if len(tokens) != 1 or confidence < MIN_CONFIDENCE:
            return None
        minute = field.kind == "minute"
        return 60 * int(tokens[0].text) if minute else tokens[0].clock_s, minute, confidence

    def _recognise_score(self, image: Image) -> tuple[int, int] | None:
        scores = self._place.scores
        texts = [self._recognise(image, field.box)[0] for field in scores]
        tokens = [token for text in texts for token in find_tokens(TextBox(text, 0, 0, 1, 1, 1.0))]
        if len(scores) == 1:
            both = [token.score for token in tokens if token.kind == "score"]
            return both[0] if len(both) == 1 else None
        digits = [int(token.text) for token in tokens if token.kind == "digit"]
        return (digits[0], digits[1]) if len(digits) == 2 and len(tokens) == 2 else None

    def _recognise(self, image: Image, box: TextBox) -> tuple[str, float]:
        region = _field_region(box, image.shape)
        factor = FIELD_HEIGHT / max(region[3] - region[1], 1)
        return self._reader.recognise(enlarge(crop(image, region), factor))

    def _read_region(self, image: Image) -> Scoreboard | None:
        """Search the whole place."""
        place, height = self._place, image.shape
        factor = TEXT_HEIGHTS[1] / max(place.text_height, 4.0)
        boxes = [
            box.scaled(factor, place.region[0], place.region[1])
            for box in self._reader.read_crop(enlarge(crop(image, place.region), factor))
        ]
        for board in find_scoreboards(boxes, height[1], height[0])[:1]:
            filled = fill_score(image, board, self._reader)
            if is_complete(filled):
                return filled
        return None


def _field_region(box: TextBox, shape: tuple[int, ...]) -> Region:
    bounds = (box.left, box.top, box.right, box.bottom)
    return expand(bounds, 0.3 * box.height, 0.15 * box.height, shape)
