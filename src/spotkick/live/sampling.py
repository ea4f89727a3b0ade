"""Samples of a stream at a steady rate, on exact times."""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Final, Generic, TypeVar

FrameT = TypeVar("FrameT")

_ROUNDED_TICK_S: Final = Fraction(1, 1000)
"""Clocks with finer ticks have no rounded times; see `spotkick.video.media_clock`."""


@dataclass(slots=True)
class LiveSampler(Generic[FrameT]):
    """Sample k shows the last frame that begins at or before k / rate seconds.

    Attributes:
        rate: samples per second.
        next_sample: number of the next sample.
    """

    rate: Fraction
    next_sample: int = 0
    _shown: FrameT | None = None

    def add(
        self, frame: FrameT, begins_s: Fraction, tick_s: Fraction
    ) -> Iterator[tuple[int, FrameT]]:
        """Take the next frame, in order of display.

        Args:
            frame: any object.
            begins_s: when it is shown, in seconds of the stream.
            tick_s: time base of the stream.

        Yields:
            (number, frame) of the samples that are certain now: those before this frame.
        """
        slack_s = tick_s / 2 if tick_s <= _ROUNDED_TICK_S else Fraction(0)
        shown = frame if self._shown is None else self._shown
        while self.next_sample / self.rate + slack_s < begins_s:
            yield self.next_sample, shown
            self.next_sample += 1
        self._shown = frame

    def finish(self, ends_s: Fraction) -> Iterator[tuple[int, FrameT]]:
        """The samples that the last frame shows.

        Args:
            ends_s: when it ends.
        """
        while self._shown is not None and self.next_sample / self.rate < ends_s:
            yield self.next_sample, self._shown
            self.next_sample += 1
