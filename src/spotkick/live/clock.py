"""The time of a stream: seconds since its first frame, whatever its clock does.

Clocks of streams wrap around, start again when an encoder is restarted, and leap when one is
switched. Small holes are lost signal, and time goes on over them. Behind a leap of a stream that
is received live, as much time has passed as went by here; in a file the next recording begins
where the former one ended.
"""

from dataclasses import dataclass
from fractions import Fraction
from typing import Final, Literal, NamedTuple

LOST_SIGNAL_S: Final = Fraction(1)
"""A hole of this length is reported ..."""

LONGEST_HOLE_S: Final = Fraction(10)
"""... and a longer one in a stream that arrived without a pause is a leap of its clock."""

LONGEST_FILE_HOLE_S: Final = Fraction(60)
"""The same for files, as the clock of a video file has it."""

LONGEST_REPEAT_S: Final = Fraction(60)
"""What a server sends again after a new connection, at most."""

_BACKWARD_S: Final = Fraction(1, 2)
"""Decoding times that step back by less are rounded ones."""

_WRAP_BITS: Final = 33


class Jump(NamedTuple):
    """Where time does not go on as the clock of the stream does.

    Attributes:
        kind: ``hole``: frames are missing; ``leap``: the clock of the stream leapt.
        stream_s: when it went on.
        lost_s: how much is missing.
    """

    kind: Literal["hole", "leap"]
    stream_s: Fraction
    lost_s: Fraction


class Placed(NamedTuple):
    """Where a packet belongs.

    Attributes:
        offset_s: to be added to the times of the packet.
        jump: before it, if any.
        is_repeat: whether it was received before.
    """

    offset_s: Fraction
    jump: Jump | None = None
    is_repeat: bool = False


@dataclass(slots=True)
class LiveClock:
    """Places packets of the leading stream, which is that of the frames where there are any.

    Attributes:
        is_live: whether the stream is received while it is made.
        newest_s: decoding time of the newest packet, in seconds since the first frame.
    """

    is_live: bool
    newest_s: Fraction = Fraction(0)
    _offset_s: Fraction | None = None
    _arrived_s: float = 0.0
    _has_reconnected: bool = False

    def start_at(self, stream_s: Fraction, arrived_s: float) -> None:
        """Begin behind what an earlier run has read.

        Args:
            stream_s: where it stopped.
            arrived_s: when, on the clock of `place`.
        """
        self.newest_s, self._arrived_s = stream_s, arrived_s
        self._has_reconnected = True

    @property
    def has_started(self) -> bool:
        """Whether a packet was placed."""
        return self._offset_s is not None

    @property
    def offset_s(self) -> Fraction:
        """What is added to the times of the stream now."""
        return self._offset_s or Fraction(0)

    def reconnect(self) -> None:
        """The next packet comes over a new connection."""
        self._has_reconnected = True

    def place(
        self, decoded_s: Fraction, shown_s: Fraction, time_base: Fraction, arrived_s: float
    ) -> Placed:
        """Place the next packet.

        Args:
            decoded_s: its decoding time on the clock of the stream.
            shown_s: when its frame is shown, on the same clock.
            time_base: a tick of that clock.
            arrived_s: when it was received, in seconds on any steady clock.
        """
        waited_s = Fraction(max(0.0, arrived_s - self._arrived_s)).limit_denominator(1000)
        after_break, self._has_reconnected = self._has_reconnected, False
        self._arrived_s = arrived_s
        if self._offset_s is None:
            start_s = self._start_after_break(waited_s) if after_break else Fraction(0)
            self._offset_s = start_s - shown_s
            self.newest_s = max(self.newest_s, decoded_s + self._offset_s)
            return Placed(self._offset_s)

        # A clock of 33 bits that has wrapped around goes on.
        step_s = decoded_s + self._offset_s - self.newest_s
        wrap_s = (1 << _WRAP_BITS) * time_base
        if abs(step_s + wrap_s) < LONGEST_HOLE_S:
            self._offset_s += wrap_s
            step_s += wrap_s

        # A server that is asked again sends what it sent before.
        if after_break and -LONGEST_REPEAT_S <= step_s <= 0:
            self._has_reconnected = True
            return Placed(self._offset_s, is_repeat=True)

        longest_s = LONGEST_HOLE_S + waited_s if self.is_live else LONGEST_FILE_HOLE_S
        if -_BACKWARD_S <= step_s <= longest_s:
            self.newest_s = max(self.newest_s, decoded_s + self._offset_s)
            hole = Jump("hole", self.newest_s, step_s) if step_s >= LOST_SIGNAL_S else None
            return Placed(self._offset_s, hole)

        # Another recording, or an encoder that was restarted.
        lost_s = waited_s if self.is_live else Fraction(0)
        self._offset_s = self.newest_s + lost_s + Fraction(1, 25) - decoded_s
        self.newest_s = decoded_s + self._offset_s
        return Placed(self._offset_s, Jump("leap", self.newest_s, lost_s))

    def _start_after_break(self, waited_s: Fraction) -> Fraction:
        """Where the first packet of a run that goes on belongs."""
        return self.newest_s + (waited_s if self.is_live else 0)
