"""Real text recognition on drawn scoreboards."""

import numpy as np
import pytest

from spotkick.scoreboard.still import read_scoreboard
from spotkick.scoreboard.text_reader import TextReader
from support.scoreboards import STYLES, State, draw_frame


@pytest.mark.parametrize("style", STYLES)
def test_read_scoreboard_each_style_is_read(style: str, text_reader: TextReader) -> None:
    board = read_scoreboard(draw_frame(State("37:41", "ARB", "MUN", (2, 1)), style), text_reader)
    assert board is not None
    assert (board.clock_s, board.home, board.away, board.score) == (2261, "ARB", "MUN", (2, 1))


def test_read_scoreboard_frame_without_one_gives_none(text_reader: TextReader) -> None:
    assert read_scoreboard(draw_frame(None, "row"), text_reader) is None
    noise = np.random.default_rng(0).integers(0, 255, size=(180, 320, 3), dtype=np.uint8)
    assert read_scoreboard(noise, text_reader) is None
