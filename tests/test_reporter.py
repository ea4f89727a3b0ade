import io

from spotkick.reporter import (
    LineReporter,
    SilentReporter,
    TerminalReporter,
    make_reporter,
    track,
)


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_line_reporter_many_items_writes_ten_lines_with_time_left() -> None:
    stream, clock = io.StringIO(), Clock()
    for _ in track(LineReporter(stream, clock=clock), range(40), "spotting", unit="matches"):
        clock.now += 1
    lines = stream.getvalue().splitlines()
    assert len(lines) == 10
    assert lines[0] == "spotting: 4 of 40 matches, 0:36 left"
    assert lines[-1] == "spotting: 40 of 40 matches"


def test_line_reporter_slow_items_writes_a_line_every_half_minute() -> None:
    stream, clock = io.StringIO(), Clock()
    with LineReporter(stream, clock=clock).task("reading", 1000, "s") as progress:
        for second in range(1, 95):
            clock.now += 1
            progress.update(second / 10)
    assert len(stream.getvalue().splitlines()) == 3


def test_line_reporter_unknown_total_counts_only() -> None:
    stream, clock = io.StringIO(), Clock()
    with LineReporter(stream, clock=clock).task("reading", None, "s") as progress:
        clock.now = 31
        progress.advance(7, note="video.mp4")
    assert stream.getvalue() == "reading: 7 s (video.mp4)\n"


def test_make_reporter_without_terminal_gives_lines() -> None:
    assert isinstance(make_reporter(io.StringIO()), LineReporter)


def test_terminal_reporter_line_appears_and_bar_is_removed() -> None:
    stream = io.StringIO()
    reporter = TerminalReporter(stream)
    with reporter.task("spotting", 2, "matches") as progress:
        progress.update(1, total=3, note="first")
        reporter.line("first: done")
    assert "first: done\n" in stream.getvalue()
    assert stream.getvalue().endswith("\r")


def test_silent_reporter_passes_items_on_and_writes_nothing() -> None:
    assert list(track(SilentReporter(), [1, 2], "spotting", unit="matches")) == [1, 2]
