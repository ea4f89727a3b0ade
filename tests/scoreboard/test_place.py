"""Where a scoreboard stands, and reading it there, with a reader that knows what it is shown."""

from dataclasses import replace

import numpy as np
import pytest

from spotkick.scoreboard.board import Scoreboard, find_scoreboards
from spotkick.scoreboard.place import (
    PlaceReader,
    ScoreboardPlace,
    agree_on_place,
    is_certain,
)
from spotkick.scoreboard.text_reader import Image, TextBox

SHAPE = (720, 1280, 3)
FRAME = np.zeros(SHAPE, dtype=np.uint8)


def board(clock: str, score: str = "1-0", top: float = 40) -> Scoreboard:
    texts = ((clock, 80, 60), ("THA", 160, 44), (score, 215, 44), ("IND", 270, 44))
    boxes = [TextBox(text, left, top, left + width, top + 22, 0.9) for text, left, width in texts]
    return find_scoreboards(boxes, SHAPE[1], SHAPE[0])[0]


class KnownReader:
    """Recognises the same clock and score in every frame, alone or together."""

    def __init__(self, clock: str, score: str, whole: tuple[str, str] | None = None) -> None:
        self.alone = [clock, score]
        self.whole = whole or (clock, score)
        self.calls = 0

    def recognise(self, image: Image) -> tuple[str, float]:
        self.calls += 1
        return self.alone[0 if image.shape[1] > 2.3 * image.shape[0] else 1], 0.9

    def read_crop(self, image: Image) -> list[TextBox]:
        if self.whole[0] == "hidden":
            return []
        unit = image.shape[0] / 3
        texts = ((self.whole[0], 0), ("THA", 4), (self.whole[1], 7), ("IND", 10))
        return [
            TextBox(text, (1 + left) * unit, unit, (3 + left) * unit, 2 * unit, 0.9)
            for text, left in texts
        ]


@pytest.fixture
def place() -> ScoreboardPlace:
    found = agree_on_place([board(f"1{n}:07") for n in range(6)], 8, SHAPE)
    assert found is not None
    return found


def test_agree_on_place_running_clock_wins_over_a_graphic_that_stands_still(
    place: ScoreboardPlace,
) -> None:
    still = [board("12:00", top=600) for _ in range(9)]
    found = agree_on_place([*still, *(board(f"1{n}:07") for n in range(6))], 20, SHAPE)
    assert found is not None
    assert found.region == place.region
    assert (found.names, found.num_clocks) == (("THA", "IND"), 6)


def test_agree_on_place_single_sighting_is_no_place() -> None:
    assert agree_on_place([board("10:07")], 24, SHAPE) is None
    assert agree_on_place([], 24, SHAPE) is None


def test_is_certain_needs_many_frames_and_a_clock_that_runs(place: ScoreboardPlace) -> None:
    assert is_certain(place, 8)
    assert not is_certain(place, 24)
    assert not is_certain(replace(place, num_clocks=1), 8)
    assert not is_certain(None, 8)


def test_place_reader_fields_alone_give_clock_and_score(place: ScoreboardPlace) -> None:
    found = PlaceReader(place, KnownReader("17:23", "2-1", ("", ""))).read(FRAME)  # type: ignore[arg-type]
    assert found is not None
    assert (found.clock_s, found.score, found.home) == (1043, (2, 1), "THA")


def test_place_reader_hidden_scoreboard_gives_none(place: ScoreboardPlace) -> None:
    reader = KnownReader("grass", "", ("hidden", ""))
    assert PlaceReader(place, reader).read(FRAME) is None  # type: ignore[arg-type]


def test_place_reader_unreadable_score_keeps_the_clock(place: ScoreboardPlace) -> None:
    reader = KnownReader("17:23", "?", ("hidden", ""))
    found = PlaceReader(place, reader).read(FRAME)  # type: ignore[arg-type]
    assert found is not None
    assert (found.clock_s, found.score) == (1043, None)


def test_check_fields_that_contradict_the_whole_frame_are_dropped(place: ScoreboardPlace) -> None:
    seen = [(FRAME, board("17:23", "3-1")), (FRAME, board("12:00", "9-9", top=600))] * 4
    checked = PlaceReader(place, KnownReader("17:23", "8-1")).check(seen)  # type: ignore[arg-type]
    assert (checked.clock, checked.scores) == (place.clock, ())
    checked = PlaceReader(place, KnownReader("77:23", "3-1")).check(seen)  # type: ignore[arg-type]
    assert (checked.clock, checked.scores) == (None, place.scores)
    right = KnownReader("17:23", "3-1")
    assert PlaceReader(place, right).check(seen) == place  # type: ignore[arg-type]
