"""Drawn broadcasts: a pitch with a scoreboard in one of five styles, and whole evenings of it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from PIL import Image, ImageDraw, ImageFont

WHITE, BLACK, NAVY, RED, GREY = (
    (245, 245, 245),
    (15, 15, 20),
    (20, 30, 90),
    (170, 20, 30),
    (60, 62, 66),
)


@dataclass(frozen=True)
class State:
    """What a scoreboard shows."""

    clock: str | None
    home: str
    away: str
    score: tuple[int, int]
    extra: str | None = None
    added: int | None = None


Painter = Callable[[ImageDraw.ImageDraw, State, float], None]


def _text(
    draw: ImageDraw.ImageDraw,
    box: tuple[float, float, float, float],
    text: str,
    colours: tuple[tuple[int, int, int], tuple[int, int, int]],
    unit: float,
) -> None:
    """A filled rectangle with centred text; ``box`` in units, ``colours`` of text and ground."""
    left, top, right, bottom = (side * unit for side in box)
    draw.rectangle((left, top, right, bottom), fill=colours[1])
    font = ImageFont.load_default(size=0.78 * (bottom - top))
    draw.text(
        ((left + right) / 2, (top + bottom) / 2), text, font=font, fill=colours[0], anchor="mm"
    )


def paint_row(draw: ImageDraw.ImageDraw, state: State, unit: float) -> None:
    """Clock, name, score, name in one row."""
    if state.clock:
        _text(draw, (3, 2, 6.4, 3.3), state.clock, (WHITE, BLACK), unit)
    _text(draw, (6.6, 2, 9.2, 3.3), state.home, (WHITE, NAVY), unit)
    _text(draw, (9.2, 2, 11.6, 3.3), "{}-{}".format(*state.score), (BLACK, WHITE), unit)
    _text(draw, (11.6, 2, 14.2, 3.3), state.away, (WHITE, NAVY), unit)
    _paint_added(draw, state, unit, left=3)


def paint_row_clock_last(draw: ImageDraw.ImageDraw, state: State, unit: float) -> None:
    """Name, score, name, then the clock."""
    _text(draw, (3, 2, 5.6, 3.3), state.home, (WHITE, RED), unit)
    _text(draw, (5.6, 2, 8, 3.3), "{}-{}".format(*state.score), (WHITE, BLACK), unit)
    _text(draw, (8, 2, 10.6, 3.3), state.away, (WHITE, GREY), unit)
    if state.clock:
        _text(draw, (11, 2, 14.2, 3.3), state.clock, (BLACK, WHITE), unit)
    _paint_added(draw, state, unit, left=11)


def paint_stack(draw: ImageDraw.ImageDraw, state: State, unit: float) -> None:
    """Two rows of name and number, the clock at the left of the lower one."""
    for row, (name, goals) in enumerate(
        ((state.home, state.score[0]), (state.away, state.score[1]))
    ):
        top = 2 + 1.5 * row
        _text(draw, (6.2, top, 9, top + 1.4), name, (WHITE, NAVY), unit)
        _text(draw, (9, top, 10.6, top + 1.4), str(goals), (BLACK, WHITE), unit)
    if state.clock:
        _text(draw, (2.6, 3.5, 6, 4.9), state.clock, (BLACK, WHITE), unit)
    _paint_added(draw, state, unit, left=2.6, top=5)


def paint_columns(draw: ImageDraw.ImageDraw, state: State, unit: float) -> None:
    """Names side by side, each above its number, the clock before them."""
    if state.clock:
        _text(draw, (2.6, 2, 5.8, 3.3), state.clock, (WHITE, GREY), unit)
    for column, (name, goals) in enumerate(
        ((state.home, state.score[0]), (state.away, state.score[1]))
    ):
        left = 6 + 2.7 * column
        _text(draw, (left, 2, left + 2.6, 3.3), name, (WHITE, RED), unit)
        _text(draw, (left, 3.3, left + 2.6, 5.3), str(goals), (WHITE, RED), unit)
    _paint_added(draw, state, unit, left=2.6, top=5.5)


def paint_clock_between(draw: ImageDraw.ImageDraw, state: State, unit: float) -> None:
    """Name and score on both sides of the clock."""
    _text(draw, (3, 2, 5.6, 3.3), state.home, (BLACK, WHITE), unit)
    _text(draw, (5.6, 2, 7, 3.3), str(state.score[0]), (WHITE, GREY), unit)
    if state.clock:
        _text(draw, (7.2, 2, 10.6, 3.3), state.clock, (WHITE, RED), unit)
    _text(draw, (10.8, 2, 12.2, 3.3), str(state.score[1]), (WHITE, GREY), unit)
    _text(draw, (12.2, 2, 14.8, 3.3), state.away, (BLACK, WHITE), unit)
    _paint_added(draw, state, unit, left=7.2)


def _paint_added(
    draw: ImageDraw.ImageDraw, state: State, unit: float, *, left: float, top: float = 3.5
) -> None:
    if state.extra:
        _text(draw, (left, top, left + 2.6, top + 1.2), state.extra, (BLACK, WHITE), unit)
    if state.added:
        _text(draw, (left + 2.8, top, left + 4.6, top + 1.2), f"+{state.added}", (WHITE, RED), unit)


STYLES: dict[str, Painter] = {
    "row": paint_row,
    "clock-last": paint_row_clock_last,
    "stack": paint_stack,
    "columns": paint_columns,
    "clock-between": paint_clock_between,
}


def draw_frame(
    state: State | None, style: str, *, size: tuple[int, int] = (1280, 720), shot: int = 0
) -> np.ndarray:
    """A frame of a match, with a scoreboard unless ``state`` is None; ``shot`` varies it."""
    width, height = size
    random = np.random.default_rng(shot)
    ground = Image.fromarray(
        np.kron(
            random.integers(0, 40, size=(9, 16, 3), dtype=np.uint8) + np.array([30, 90, 30], "u1"),
            np.ones((height // 9, width // 16, 1), dtype=np.uint8),
        )
    ).resize(size)
    draw = ImageDraw.Draw(ground)
    if state is not None:
        STYLES[style](draw, state, width / 64)
    return np.asarray(ground)


def clock_text(seconds: float) -> str:
    """MM:SS."""
    return f"{int(seconds) // 60:02d}:{int(seconds) % 60:02d}"


@dataclass(frozen=True)
class Evening:
    """A programme: build-up, first period, interval, second period, end."""

    style: str
    kickoffs_s: tuple[float, float] = (720.4, 4500.7)
    added_s: tuple[float, float] = (130.0, 245.0)
    length_s: float = 7600.0
    goals: tuple[tuple[float, int], ...] = ()
    """(file time, 0 for the first team and 1 for the second)."""

    separate_added_clock: bool = False
    restarts: bool = False
    score_delay_s: float = 20.0
    hidden: tuple[tuple[float, float], ...] = ()

    def state(self, time_s: float) -> State | None:
        """What the scoreboard shows at a time of the file, None where there is none."""
        for index, kickoff_s in enumerate(self.kickoffs_s):
            position_s = time_s - kickoff_s
            if not 0 <= position_s < 2700 + self.added_s[index]:
                continue
            if any(start <= time_s < end for start, end in self.hidden):
                return None
            base_s = 0 if self.restarts else 2700 * index
            shown = [side for at, side in self.goals if at + self.score_delay_s <= time_s]
            state = State(
                clock_text(base_s + position_s),
                "ARB",
                "MUN",
                (shown.count(0), shown.count(1)),
            )
            if self.separate_added_clock and position_s >= 2700:
                extra = clock_text(position_s - 2700)
                state = replace(state, clock=clock_text(base_s + 2700), extra=extra, added=3)
            return state
        return None


def write_evening(
    path: Path,
    evening: Evening,
    *,
    rate: Fraction = Fraction(5),
    size: tuple[int, int] = (640, 360),
    span_s: tuple[float, float] | None = None,
) -> None:
    """Encode an evening, or a part of it; frames change with the clock and with the shot."""
    start_s, end_s = span_s or (0.0, evening.length_s)
    with av.open(str(path), "w") as container:
        stream = container.add_stream(
            "libx264",
            rate=rate,
            options={"preset": "ultrafast", "crf": "23", "g": str(int(2 * rate))},
        )
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        for image in _frames(evening, rate, size, (start_s, end_s)):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        container.mux(stream.encode(None))


def _frames(
    evening: Evening, rate: Fraction, size: tuple[int, int], span_s: tuple[float, float]
) -> Iterator[np.ndarray]:
    last: tuple[State | None, int] | None = None
    image = draw_frame(None, evening.style, size=size)
    for number in range(int((span_s[1] - span_s[0]) * rate)):
        time_s = span_s[0] + float(number / rate)
        now = (evening.state(time_s), int(time_s // 9))
        if now != last:
            image, last = draw_frame(now[0], evening.style, size=size, shot=now[1]), now
        yield image
