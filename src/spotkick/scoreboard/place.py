"""Where a broadcast keeps its scoreboard: found by agreement over time, then read there alone."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from spotkick.scoreboard.board import Scoreboard, find_scoreboards
from spotkick.scoreboard.still import (
    FIELD_HEIGHT,
    TEXT_HEIGHTS,
    Region,
    crop,
    enlarge,
    expand,
    fill_score,
    is_complete,
    read_scoreboard,
)
from spotkick.scoreboard.text_reader import Image, TextBox, TextReader
from spotkick.scoreboard.tokens import Kind, find_tokens

MIN_SHARE: Final = 0.12
"""A scoreboard is seen at the same place in at least this part of the frames looked at ..."""

MIN_FRAMES: Final = 2
"""... and in at least so many, unless there is only one frame."""

SAME_LINE: Final = 0.8
"""Two scoreboards at the same place differ in position by less than this part of a text height."""

SAME_FIELD: Final = 10.0
"""Mean difference of grey values below which a field still shows the same number."""


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
    """

    region: Region
    clock: Field | None
    scores: tuple[Field, ...]
    names: tuple[str | None, str | None]
    text_height: float
    num_frames: int


def locate_scoreboard(images: Sequence[Image], reader: TextReader) -> ScoreboardPlace | None:
    """Find the place that most frames of a broadcast agree on.

    Args:
        images: frames from all over the file, of one size.
        reader: recognises text.
    """
    boards = [
        board for board in (read_scoreboard(image, reader) for image in images) if board is not None
    ]
    groups: list[list[Scoreboard]] = []
    for board in boards:
        same = next((group for group in groups if _same_place(group[0], board)), None)
        if same is None:
            groups.append([board])
        else:
            same.append(board)

    # Running clocks first: other graphics stand still, or are seen for a short time.
    needed = max(min(MIN_FRAMES, len(images)), MIN_SHARE * len(images))
    agreed = [group for group in groups if len(group) >= needed]
    if not agreed:
        return None
    best = max(agreed, key=lambda group: (_num_clocks(group) > 1, len(group)))
    return _describe_place(best, images[0].shape)


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
    """Reads the scoreboard of frame after frame at its place, fields alone where that suffices."""

    def __init__(self, place: ScoreboardPlace, reader: TextReader) -> None:
        """Start without memory of earlier frames."""
        self._place, self._reader = place, reader
        self._score_image: list[Image] = []
        self._score: tuple[int, int] | None = None
        self._failures = 0

    def read(self, image: Image) -> Scoreboard | None:
        """The scoreboard of a frame, None where it is hidden."""
        quick = self._read_fields(image)
        if quick is not None:
            self._failures = 0
            return quick

        # Behind a replay every frame fails: the whole place is then searched now and then only.
        self._failures += 1
        if self._failures > 2 and self._failures % 4:
            return None
        board = self._read_region(image)
        if board is not None:
            self._failures = 0
        return board

    def _read_fields(self, image: Image) -> Scoreboard | None:
        """Clock and score by recognition alone; None where either is not what it should be."""
        place = self._place
        if place.clock is None or not place.scores:
            return None

        # the clock by recognition alone
        text, confidence = self._recognise(image, place.clock.box)
        box = TextBox(text, 0, 0, 1, 1, confidence)
        kinds = ("minute",) if place.clock.kind == "minute" else ("clock", "bare_clock")
        tokens = [token for token in find_tokens(box) if token.kind in kinds]
        if len(tokens) != 1 or confidence < 0.5:
            return None
        minute = tokens[0].kind == "minute"
        clock_s = 60 * int(tokens[0].text) if minute else tokens[0].clock_s
        if not minute and clock_s % 900 == 0 and clock_s >= 2700:
            return None  # a second clock may count added time beside it

        # the score, which changes rarely
        score = self._read_score(image)
        if score is None:
            return None
        return Scoreboard(
            clock_s,
            minute_only=minute,
            extra_s=None,
            added_minutes=None,
            home=place.names[0],
            away=place.names[1],
            score=score,
            box=place.region,
            text_height=place.text_height,
            confidence=confidence,
        )

    def _read_score(self, image: Image) -> tuple[int, int] | None:
        """Both numbers; recognised again only where their place has changed."""
        fields = [self._field_image(image, field.box) for field in self._place.scores]
        if self._score is not None and all(
            one.shape == other.shape and np.abs(one.astype(np.int16) - other).mean() < SAME_FIELD
            for one, other in zip(fields, self._score_image, strict=True)
        ):
            return self._score
        score = self._recognise_score(image)
        self._score, self._score_image = score, fields
        return score

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

    def _field_image(self, image: Image, box: TextBox) -> Image:
        return crop(image, _field_region(box, image.shape)).copy()

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
