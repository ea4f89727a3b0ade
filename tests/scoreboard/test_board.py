"""Scoreboards of several layouts, as text boxes that a recogniser could give."""

from dataclasses import replace

import pytest

from spotkick.scoreboard.board import Scoreboard, find_scoreboards
from spotkick.scoreboard.text_reader import TextBox

WIDTH, HEIGHT = 1280, 720


def box(text: str, left: float, top: float = 40, width: float = 44, height: float = 22) -> TextBox:
    return TextBox(text, left, top, left + width, top + height, 0.97)


ROW = [box("45:47", 80, width=60), box("THA", 160), box("1-1", 215), box("IND", 270)]


def best(boxes: list[TextBox]) -> Scoreboard | None:
    return next(iter(find_scoreboards(boxes, WIDTH, HEIGHT)), None)


def values(board: Scoreboard | None) -> tuple[object, ...]:
    assert board is not None
    return board.clock_s, board.home, board.away, board.score


def test_find_scoreboards_one_row_gives_clock_names_and_score() -> None:
    assert values(best(ROW)) == (2747, "THA", "IND", (1, 1))


CLOCK = replace(ROW[0], left=230, right=290)


@pytest.mark.parametrize(
    "boxes",
    [
        [box("THA", 80), box("1-1", 130), box("IND", 180), CLOCK],
        [box("THA1-1IND", 80, width=130), box("45:47", 120, top=66, width=60)],
        [box("THA", 80), box("1", 130, width=12), box("1", 150, width=12), box("IND", 170), CLOCK],
        [
            *(box("THA", 80), box("1", 130, width=12), box("45:47", 150, width=60)),
            *(box("1", 216, width=12), box("IND", 236)),
        ],
        [
            *(box("THA", 120, top=32), box("1", 172, top=32, width=12)),
            *(box("IND", 120, top=62), box("1", 172, top=62, width=12)),
            box("45:47", 55, top=62, width=60),
        ],
        [
            *(box("45:47", 60, width=58), box("THA", 130), box("IND", 186)),
            *(box("1", left, top=66, width=16, height=34) for left in (144, 200)),
        ],
    ],
    ids=["clock last", "clock below", "two numbers", "clock between", "two rows", "columns"],
)
def test_find_scoreboards_layout_gives_the_same_values(boxes: list[TextBox]) -> None:
    assert values(best(boxes)) == (2747, "THA", "IND", (1, 1))


def test_find_scoreboards_crests_and_minute_gives_score_and_minute() -> None:
    board = best([box("1-0", 150, width=60), box("63'", 290, width=50)])
    assert board is not None
    assert (board.score, board.clock_s, board.minute_only) == ((1, 0), 3780, True)


def test_find_scoreboards_frozen_clock_keeps_added_time_apart() -> None:
    extra = [box("0:58", 80, top=70, width=50), box("+1", 140, top=70, width=26)]
    frozen = [replace(ROW[0], text="45:00"), *ROW[1:], *extra]
    board = best(frozen)
    assert board is not None
    assert (board.clock_s, board.extra_s, board.added_minutes) == (2700, 58, 1)


def test_find_scoreboards_clock_on_an_advertising_board_at_the_edge_is_ignored() -> None:
    board = best([box("19:55", 1, width=46), box("WOL", 64), box("0-0", 121), box("MCI", 174)])
    assert values(board) == (None, "WOL", "MCI", (0, 0))


def test_find_scoreboards_distant_clock_is_ignored() -> None:
    far = box("12:00", 900, top=400, width=60)
    assert values(best([*ROW[1:], far])) == (None, "THA", "IND", (1, 1))


def test_find_scoreboards_table_of_statistics_is_no_scoreboard() -> None:
    panel = [box("CHE", 946, 116), box("00:05", 993, 116), box("MNC", 1049, 116)]
    assert best([*panel, box("00:15", 1095, 116)]) is None


@pytest.mark.parametrize(
    "texts",
    [["Heineken", "PlayStation"], ["Nadal", "Dimitrov", "11", "1515"], ["Monfils", "1:16", "64"]],
)
def test_find_scoreboards_other_text_gives_none(texts: list[str]) -> None:
    boxes = [box(text, 120, top=600 + 26 * row, width=90) for row, text in enumerate(texts)]
    assert best(boxes) is None


@pytest.mark.parametrize(("home", "away"), [("LIVERPOOL", "CHELSEA"), ("3EH", "CnA")])
def test_find_scoreboards_other_names_need_a_clock(home: str, away: str) -> None:
    parts = [box(home, 160, width=130), box("2-1", 300), box(away, 350, width=120)]
    assert best(parts) is None or best(parts[:1] + parts[2:]) is None
    board = best([box("37:41", 90, width=60), *parts])
    assert values(board) == (2261, home, away, (2, 1))


def test_find_scoreboards_rows_of_long_names_with_a_clock_are_read() -> None:
    rows = [box("Liverpool", 80, width=120), box("2", 210, width=12)]
    rows += [replace(part, top=part.top + 30, bottom=part.bottom + 30) for part in rows]
    rows[2] = replace(rows[2], text="Chelsea")
    rows[3] = replace(rows[3], text="1")
    assert best(rows) is None
    board = best([*rows, box("37:41", 80, top=100, width=60)])
    assert values(board) == (2261, "Liverpool", "Chelsea", (2, 1))


def test_find_scoreboards_added_clock_beside_the_frozen_one_is_kept_apart() -> None:
    row = [box("45:00", 60, width=60), box("2:13", 140, width=50), *ROW[1:]]
    row[2:] = [replace(part, left=part.left + 60, right=part.right + 60) for part in row[2:]]
    board = best(row)
    assert board is not None
    assert (board.clock_s, board.extra_s) == (2700, 133)


def test_find_scoreboards_columns_read_as_one_number_have_a_place_for_each() -> None:
    names = [box("45:47", 60, width=58), box("THA", 130), box("IND", 186)]
    board = best([*names, box("21", 144, top=66, width=72, height=34)])
    assert values(board) == (2747, "THA", "IND", (2, 1))
    assert board is not None
    places = [token.box for token in board.tokens if token.kind == "digit"]
    assert [(place.left, place.right) for place in places] == [(144, 180), (180, 216)]
