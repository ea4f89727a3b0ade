import copy
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from spotkick.scoreboard.text_reader import TextReader


class Engine:
    """Stands in for RapidOCR: finds one line at the same place, and counts calls at one time."""

    def __init__(self) -> None:
        self.text_det = SimpleNamespace()
        self.shapes: list[tuple[int, ...]] = []
        self.running: list[int] = []
        self.together: list[int] = []

    def __call__(self, image: np.ndarray) -> tuple[list[Any], None]:
        self.shapes.append(image.shape)
        self.running.append(threading.get_ident())
        self.together.append(len(self.running))
        time.sleep(0.01)
        self.running.remove(threading.get_ident())
        corners = [(100, 50), (200, 50), (200, 70), (100, 70)]
        return [[corners, "37:41", 0.9]], None


@pytest.fixture
def engine(text_reader: TextReader) -> tuple[TextReader, Engine]:
    reader, engine = copy.copy(text_reader), Engine()
    reader._images = engine
    return reader, engine


@pytest.mark.parametrize(("width", "factor"), [(640, 1), (1280, 1), (1920, 1.5), (3840, 3)])
def test_read_wide_frame_is_searched_smaller_and_gives_places_in_the_frame(
    engine: tuple[TextReader, Engine], width: int, factor: float
) -> None:
    reader, recorded = engine
    (box,) = reader.read(np.zeros((width * 9 // 16, width, 3), dtype=np.uint8))
    assert recorded.shapes[0][1] == min(width, 1280)
    assert box.left == pytest.approx(100 * factor)
    assert box.bottom == pytest.approx(70 * factor)


def test_read_several_threads_search_one_whole_frame_at_a_time(
    engine: tuple[TextReader, Engine],
) -> None:
    reader, recorded = engine
    frames = [np.zeros((36, 64, 3), dtype=np.uint8)] * 8
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(reader.read, frames))
    assert len(recorded.together) == len(frames)
    assert max(recorded.together) == 1
