"""Telling the user how the work goes: progress and lines, on a terminal, in a log, or not at all.

Everything goes to standard error, so that results on standard output can be piped. A terminal shows
a bar with the time that is left; a log gets a plain line now and then, with the same figures.
"""

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final, Protocol, TextIO, TypeVar

from tqdm import tqdm

_LINE_PARTS: Final = 10
"""A log gets a line for each of so many parts of the work ..."""

_LINE_INTERVAL_S: Final = 30.0
"""... and at least one in so many seconds while the work goes on."""

_WIDTH: Final = 100

T = TypeVar("T")


class ProgressTask(Protocol):
    """One piece of work with a known or unknown length."""

    def update(self, done: float, *, total: float | None = None, note: str = "") -> None:
        """Say how much is done, and optionally a new total and a short note."""
        ...

    def advance(self, amount: float = 1, *, note: str = "") -> None:
        """Say that so much more is done."""
        ...


class Reporter(Protocol):
    """Receives lines and progress of long work."""

    def line(self, text: str) -> None:
        """Show a line about the course of the work."""
        ...

    @contextmanager
    def task(self, title: str, total: float | None, unit: str) -> Iterator[ProgressTask]:
        """Show the progress of a piece of work while it lasts."""
        ...


def track(
    reporter: Reporter,
    items: Sequence[T],
    title: str,
    *,
    unit: str,
    note: Callable[[T], str] | None = None,
) -> Iterator[T]:
    """Pass items on one by one, and report each when the next one is asked for."""
    with reporter.task(title, len(items), unit) as progress:
        for item in items:
            yield item
            progress.advance(note=note(item) if note else "")


class SilentReporter:
    """Shows nothing."""

    def line(self, text: str) -> None:
        """Ignore a line."""
        del text

    @contextmanager
    def task(self, title: str, total: float | None, unit: str) -> Iterator[ProgressTask]:
        """Ignore the progress of a piece of work."""
        del title, total, unit
        yield _SilentTask()


class TerminalReporter:
    """A bar that is redrawn in place; lines appear above it."""

    def __init__(self, stream: TextIO | None = None) -> None:
        """Write to ``stream``, standard error unless given."""
        self._stream = stream

    def line(self, text: str) -> None:
        """Show a line above the bar."""
        tqdm.write(text, file=self._stream or sys.stderr)

    @contextmanager
    def task(self, title: str, total: float | None, unit: str) -> Iterator[ProgressTask]:
        """Show a bar while a piece of work lasts; it is removed at the end."""
        with tqdm(
            total=total,
            desc=title,
            unit=f" {unit}",
            leave=False,
            ncols=_WIDTH,
            file=self._stream or sys.stderr,
        ) as bar:
            yield _TerminalTask(bar)


class LineReporter:
    """Plain lines for logs and pipes."""

    def __init__(
        self, stream: TextIO | None = None, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Write to ``stream``, standard error unless given; ``clock`` gives seconds."""
        self._stream, self._clock = stream, clock

    def line(self, text: str) -> None:
        """Write a line."""
        print(text, file=self._stream or sys.stderr, flush=True)

    @contextmanager
    def task(self, title: str, total: float | None, unit: str) -> Iterator[ProgressTask]:
        """Write a line now and then while a piece of work lasts."""
        yield _LineTask(self.line, title, total, unit=unit, clock=self._clock)


def make_reporter(stream: TextIO | None = None) -> Reporter:
    """A reporter that fits the stream: a bar on a terminal, plain lines elsewhere."""
    target = stream or sys.stderr
    return TerminalReporter(stream) if target.isatty() else LineReporter(stream)


def describe_progress(done: float, total: float | None, elapsed_s: float, unit: str) -> str:
    """How far the work is, and how long the rest will take.

    Example:
        >>> describe_progress(3, 12, 60, "matches")
        '3 of 12 matches, 3:00 left'
    """
    if not total:
        return f"{done:,.0f} {unit}"
    text = f"{done:,.0f} of {total:,.0f} {unit}"
    if not 0 < done < total:
        return text
    return f"{text}, {format_duration(elapsed_s * (total - done) / done)} left"


def format_duration(seconds: float) -> str:
    """Seconds as ``m:ss`` or ``h:mm:ss``.

    Example:
        >>> format_duration(75), format_duration(3675)
        ('1:15', '1:01:15')
    """
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


class _SilentTask:
    def update(self, done: float, *, total: float | None = None, note: str = "") -> None:
        del done, total, note

    def advance(self, amount: float = 1, *, note: str = "") -> None:
        del amount, note


class _TerminalTask:
    def __init__(self, bar: "tqdm[None]") -> None:
        self._bar = bar

    def update(self, done: float, *, total: float | None = None, note: str = "") -> None:
        if total is not None:
            self._bar.total = total
        if note:
            self._bar.set_postfix_str(note, refresh=False)
        self._bar.update(done - self._bar.n)

    def advance(self, amount: float = 1, *, note: str = "") -> None:
        self.update(self._bar.n + amount, note=note)


class _LineTask:
    def __init__(
        self,
        write: Callable[[str], None],
        title: str,
        total: float | None,
        *,
        unit: str,
        clock: Callable[[], float],
    ) -> None:
        self._write, self._title, self._unit, self._clock = write, title, unit, clock
        self._total, self._done = total, 0.0
        self._started = self._last = clock()
        self._parts = 0

    def update(self, done: float, *, total: float | None = None, note: str = "") -> None:
        self._done, self._total = done, total if total is not None else self._total
        now = self._clock()
        parts = int(_LINE_PARTS * done / self._total) if self._total else 0
        if parts <= self._parts and now - self._last < _LINE_INTERVAL_S:
            return
        self._parts, self._last = max(parts, self._parts), now
        state = describe_progress(done, self._total, now - self._started, self._unit)
        self._write(f"{self._title}: {state}{f' ({note})' if note else ''}")

    def advance(self, amount: float = 1, *, note: str = "") -> None:
        self.update(self._done + amount, note=note)
