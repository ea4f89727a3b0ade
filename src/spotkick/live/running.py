"""A live run: stages side by side, and one loop that spots, writes the journal and tells others."""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from spotkick.live.delays import DelayStatistics
from spotkick.live.events import LiveEvent
from spotkick.live.feature_file import FeatureFile
from spotkick.live.journal import Journal
from spotkick.live.messages import Failure, LaneOver, Note, Rows, Text
from spotkick.live.spotter import LiveSpotter, Step
from spotkick.live.stages import Channel, Stage, StageStatistics, find_bottleneck
from spotkick.live.text_file import TextFile
from spotkick.reporter import Reporter

STATISTICS_S: Final = 30.0
"""Statistics are shown this often, where they are asked for."""

INBOX_ITEMS: Final = 64

TAKEN_BACK_S: Final = 300.0
"""A goal is taken back within so many seconds."""

EventSink = Callable[[LiveEvent], None]
"""Is told each event once it is in the journal."""

_JOIN_S: Final = 5.0


@dataclass(slots=True)
class Lane:
    """One checkpoint in a run.

    Attributes:
        spotter: of the checkpoint.
        features: on disk; None where they are made again from the text.
        is_over: whether no features will follow.
    """

    spotter: LiveSpotter
    features: FeatureFile | None
    is_over: bool = False

    @property
    def stream_s(self) -> float:
        """How much of the stream it has read."""
        return float(self.spotter.ring.end / self.spotter.frame_rate)


@dataclass(slots=True)
class LiveRun:
    """Spots while stages deliver features.

    Attributes:
        lanes: name of the checkpoint -> what spots with it.
        journal: of the events.
        inbox: what the stages deliver.
        stages: that are started with the run.
        sinks: that are told each event.
        reporter: receives notes and statistics.
        stop: set when the run stops.
        text: what was said, on disk; None where no lane reads commentary.
        shows_statistics: whether they are shown now and then.
        delays: how long after the arrival of its frames each action was published, but for late
            ones and those whose frames arrived in an earlier run.
    """

    lanes: dict[str, Lane]
    journal: Journal
    inbox: Channel[Any]
    sinks: Sequence[EventSink]
    reporter: Reporter
    stop: threading.Event
    stages: list[Stage] = field(default_factory=list)
    text: TextFile | None = None
    shows_statistics: bool = False
    delays: DelayStatistics = field(default_factory=DelayStatistics)
    _spotting: StageStatistics = field(default_factory=lambda: StageStatistics("spot"))
    _began_s: float = 0.0
    _shown_s: float = 0.0

    def add_stage(self, name: str, work: Callable[[Stage], None]) -> None:
        """Add a stage, which starts with the run."""

        def report_failure(stage: str, error: Exception) -> None:
            # A full inbox must not keep a failure back.
            while not self.inbox.offer(Failure(stage, error)) and not self.stop.wait(0.05):
                pass

        self.stages.append(Stage(name, work, stop=self.stop, on_failure=report_failure))

    def run(self) -> None:
        """Run until every lane is over.

        Raises:
            SpotkickError: of a stage that has failed.
            KeyboardInterrupt: if the user stops it; what was published stays.
        """
        self._began_s = self._shown_s = time.monotonic()
        for stage in self.stages:
            stage.start()
        try:
            while not all(lane.is_over for lane in self.lanes.values()):
                self._handle_message(self.inbox.get(timeout_s=1.0))
                self._show_statistics()
        finally:
            self.close()

    def close(self) -> None:
        """Stop the stages."""
        self.stop.set()
        for stage in self.stages:
            stage.join(_JOIN_S)
        if self.shows_statistics:
            self._write_statistics()

    def _handle_message(self, message: Any) -> None:
        if isinstance(message, Failure):
            raise message.error
        if isinstance(message, Note):
            self._write_note(message)
        elif isinstance(message, Text) and self.text is not None:
            self.text.write(message.segments, message.known_ms)
        elif isinstance(message, Rows):
            self._spot_rows(self.lanes[message.lane], message)
        elif isinstance(message, LaneOver):
            lane = self.lanes[message.lane]
            for step in lane.spotter.finish():
                self._write_changes(lane, step, arrived_s=0.0)
            lane.is_over = True

    def _spot_rows(self, lane: Lane, message: Rows) -> None:
        """Take over features: on disk first, so that a restart has them."""
        started_s = time.perf_counter()
        if lane.features is not None:
            lane.features.write(message.first, message.rows)
        rate = lane.spotter.frame_rate
        steps = lane.spotter.add(message.rows, first=message.first, stable=message.stable)
        for step in steps:
            later_s = float((message.first + len(message.rows) - step.frames) / rate)
            arrived_s = message.arrived_s - later_s if message.arrived_s else 0.0
            self._write_changes(lane, step, arrived_s=arrived_s)
            self._spotting.items += 1
        self._spotting.busy_s += time.perf_counter() - started_s

    def _write_changes(self, lane: Lane, step: Step, arrived_s: float) -> None:
        for change in step.changes:
            stream_s = float(step.frames / lane.spotter.frame_rate)
            event = self.journal.write_change(change, lane.spotter.options.name, stream_s)
            if change.kind == "publish" and not change.is_late and arrived_s:
                read_s = stream_s - change.action.position_s
                self.delays.add(read_s + time.monotonic() - arrived_s)
            self._tell_sinks(event)

    def _write_note(self, note: Note) -> None:
        details = {"state": note.state, "text": note.text, **note.details}
        self.reporter.line(f"{note.stream_s:.1f} s: {note.text}")
        self._tell_sinks(self.journal.write_note("status", note.stream_s, details))
        if note.state == "score-taken-back":
            self._take_goal_back(note)

    def _take_goal_back(self, note: Note) -> None:
        """Withdraw the newest goal of each lane: the scoreboard has lost one."""
        earliest_ms = round(1000 * (note.stream_s - TAKEN_BACK_S))
        for lane in self.lanes.values():
            names = frozenset(n for n in lane.spotter.classes if n.lower() == "goal")
            changes = lane.spotter.publisher.take_back(names, earliest_ms, "goal taken back")
            self._write_changes(lane, Step(lane.spotter.ring.end, changes), arrived_s=0.0)

    def _tell_sinks(self, event: LiveEvent) -> None:
        for sink in self.sinks:
            sink(event)

    def _show_statistics(self) -> None:
        now_s = time.monotonic()
        if self.shows_statistics and now_s - self._shown_s >= STATISTICS_S:
            self._shown_s = now_s
            self._write_statistics()

    def statistics(self) -> list[StageStatistics]:
        """What each stage has done so far."""
        return [*(stage.statistics for stage in self.stages), self._spotting]

    def _write_statistics(self) -> None:
        elapsed_s = time.monotonic() - self._began_s
        for item in self.statistics():
            self.reporter.line(item.describe(elapsed_s))
        bottleneck = find_bottleneck(self.statistics())
        if bottleneck is not None and bottleneck.busy_s:
            self.reporter.line(f"bottleneck: {bottleneck.name}")
        if len(self.delays):
            self.reporter.line(
                f"published after (s, from the arrival of the frame): {self.delays.describe()}"
            )
