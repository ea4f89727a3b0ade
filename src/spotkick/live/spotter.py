"""Spotting a stream with one network: features in, changes of published actions out."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

from spotkick.actions import MatchActions
from spotkick.errors import ConfigError
from spotkick.live.decoding import LiveDecoding
from spotkick.live.publishing import KEPT_SHARE, MOVED_MS, Change, Progress, Publisher
from spotkick.live.ring import FeatureRing, Rows
from spotkick.live.scoring import LiveScores
from spotkick.prediction import ChunkNetwork, SpottingSetup
from spotkick.tasks import Task, merge_side_values, merge_sides
from spotkick.timeline import position_of_frame

_LONGEST_SAME_S = 10.0
"""Two actions of a class that lie this far apart are different ones, whatever is suppressed."""

_SHORTEST_SAME_S = 2.0


@dataclass(frozen=True, slots=True)
class SpotterOptions:
    """What a live spotter is asked for.

    Attributes:
        name: of the checkpoint, in events.
        period: number of the period.
        latency_s: an action is published at most so long after it.
        least_confidence: class of the network -> confidence from which an action is published.
        task: whose classes may also say the team; None where they do not.
    """

    name: str
    period: int
    latency_s: float
    least_confidence: dict[str, float]
    task: Task | None = None


class Step(NamedTuple):
    """What one more frame brought.

    Attributes:
        frames: frames that are known.
        changes: of published actions.
    """

    frames: int
    changes: list[Change]


class LiveSpotter:
    """Spots the period that a stream shows."""

    def __init__(
        self,
        network: ChunkNetwork,
        setup: SpottingSetup,
        options: SpotterOptions,
        *,
        dim: int,
        blank_ends: bool = False,
    ) -> None:
        """Start before the first frame.

        Args:
            network: runs chunks.
            setup: what the checkpoint was trained for.
            options: what is asked for.
            dim: values per frame.
            blank_ends: see `spotkick.live.ring.FeatureRing`.

        Raises:
            ConfigError: if the latency is shorter than a peak needs.
        """
        floor = {name: KEPT_SHARE * value for name, value in options.least_confidence.items()}
        self.decoding = LiveDecoding(
            setup, count_look_ahead(options.latency_s, setup.frame_rate), floor
        )
        self.options = options
        self._least = options.least_confidence
        if options.task is not None:
            self._least = merge_side_values(options.least_confidence, options.task)
        self.scores = LiveScores(network, setup, kept=self.decoding.kept_frames)
        self._blank_ends = blank_ends
        self.ring = self._make_ring(dim, first=0)

        # Suppression leaves no two actions of a class nearer than this.
        window_s = setup.decoding.nms_window_s
        same_s = min(max(window_s / 2, _SHORTEST_SAME_S), _LONGEST_SAME_S)
        self.publisher = Publisher(options.name, same_ms=round(1000 * same_s))

    @property
    def classes(self) -> tuple[str, ...]:
        """Classes that are published."""
        return tuple(self._least)

    @property
    def frame_rate(self) -> Fraction:
        """Frames per second of the features."""
        return self.decoding.frame_rate

    def _make_ring(self, dim: int, first: int) -> FeatureRing:
        reach = self.scores.reach_frames
        return FeatureRing(dim, reach, first=first, blank_ends=self._blank_ends)

    def resume(self, first: int, rows: Rows, *, stable: int | None = None) -> None:
        """Go on where another process has stopped.

        Args:
            first: number of the first frame that is still there.
            rows: (frames, dim) of the newest frames. What they changed is found again with the
                next frame, if it was not published.
            stable: see `add`.
        """
        if not len(rows):
            return
        self.ring = self._make_ring(rows.shape[1], first=first)
        self.ring.append(rows)
        self.scores.resume(self.ring)
        scored = self.scores.read(self.ring, stable=stable)
        self.publisher.close_before(self._kept_ms(scored.window.first))

    def add(
        self, rows: Rows, *, first: int | None = None, stable: int | None = None
    ) -> Iterator[Step]:
        """Take over the frames that follow, one by one.

        Args:
            rows: (frames, dim).
            first: number of their first frame, where earlier ones are corrected; None for the
                frame behind the newest one.
            stable: frames from this number on may still be corrected; None for none.

        Yields:
            what each new frame changes.
        """
        first = self.ring.end if first is None else first
        known = max(0, self.ring.end - first)
        if known:
            self.ring.replace(first, rows[:known])

        # Each frame is a step of its own, however many come together.
        for number in range(known, len(rows)):
            self.ring.append(rows[number : number + 1])
            yield self._make_step(stable=stable)

    def finish(self) -> Iterator[Step]:
        """No frame will follow: everything is read and settled.

        Yields:
            one step, unless there was no frame.
        """
        if self.ring.end:
            yield self._make_step(is_over=True)

    def _make_step(self, *, stable: int | None = None, is_over: bool = False) -> Step:
        scored = self.scores.read(self.ring, stable=stable, is_over=is_over)
        end = self.ring.end
        readable = end + 1 if is_over else end - self.decoding.look_ahead_frames
        settled = min(scored.settled, readable)
        found = self.decoding.find_actions(scored.window, self.options.period, readable, settled)
        actions = found.actions
        if self.options.task is not None:
            actions = merge_sides(
                MatchActions(self.options.name, actions), self.options.task
            ).actions

        # What is settled, and what cannot be found again.
        progress = Progress(
            due_ms=self._due_ms(readable),
            settled_ms=self._position_ms(settled + 1 if is_over else found.settled),
            kept_ms=self._kept_ms(scored.window.first),
        )
        changes = self.publisher.update(actions, self._least, progress)
        return Step(end, changes)

    def _due_ms(self, readable: int) -> int:
        """An action before this position could have been found with a frame before.

        Refined positions lie up to a frame, or a small move, beside the frame of their peak.
        """
        slack_ms = max(MOVED_MS, round(1000 / self.frame_rate))
        return self._position_ms(readable - 2) - slack_ms

    def _kept_ms(self, first: int) -> int:
        """Actions before this position cannot be found again."""
        return self._position_ms(first + self.decoding.reach_frames) if first else 0

    def _position_ms(self, frame: int) -> int:
        return position_of_frame(max(0, frame), self.frame_rate)


def count_look_ahead(latency_s: float, rate: Fraction) -> int:
    """Frames behind a peak and its successor that may be awaited within a latency.

    A frame shows the time at which it begins, or what is said until the next one: it is known when
    the next one begins at the latest.

    Raises:
        ConfigError: if the latency is shorter than a peak and its successor take.
    """
    frames = math.floor(Fraction(latency_s).limit_denominator(1000) * rate) - 2
    if frames < 0:
        raise ConfigError(
            f"--latency {latency_s:g}: a peak is known when the frame behind it is, so that "
            f"{float(2 / rate):g} s are needed at {rate} frames per second"
        )
    return frames
