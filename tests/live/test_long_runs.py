"""Eight hours of a stream: what a run holds does not grow."""

import threading
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from spotkick.actions import ActionClasses
from spotkick.checkpoint import DecodingConfig
from spotkick.live.events import LiveEvent
from spotkick.live.feature_file import FeatureFile
from spotkick.live.journal import Journal
from spotkick.live.messages import LaneOver, Rows
from spotkick.live.running import Lane, LiveRun
from spotkick.live.spotter import LiveSpotter, SpotterOptions
from spotkick.live.stages import Channel, Stage
from spotkick.prediction import SpottingSetup
from spotkick.reporter import SilentReporter
from support.live_networks import CLASSES, DIM, PlaceNetwork, make_features
from support.live_sizes import count_held, fields_of

HOURS = 8
RATE = Fraction(1, 30)
"""Of the features: so slow that eight hours are few frames."""


class Feeder:
    """A stage that delivers the features of eight hours."""

    def __init__(self, inbox: Channel[Any]) -> None:
        self.inbox = inbox

    def run(self, stage: Stage) -> None:
        """Deliver them, one frame after the other."""
        rows = make_features(3, round(HOURS * 3600 * RATE))
        for number in range(len(rows)):
            self.inbox.put(Rows("net", number, rows[number : number + 1], arrived_s=1.0))
        self.inbox.put(LaneOver("net"))
        del stage


def make_long_run(out: Path, sink: Any) -> LiveRun:
    """A run on features, as a pipeline makes it."""
    stop = threading.Event()
    decoding = DecodingConfig(source="scores", nms_window_s=90.0)
    setup = SpottingSetup(
        ActionClasses(tuple(CLASSES)), RATE, 24, border_frames=5, pad_period=True, decoding=decoding
    )
    options = SpotterOptions("net", 1, 120.0, dict.fromkeys(CLASSES, 0.6))
    spotter = LiveSpotter(PlaceNetwork(24, 4), setup, options, dim=DIM)
    features = FeatureFile(out, "net", DIM, kept=spotter.scores.reach_frames)
    inbox: Channel[Any] = Channel(stop, max_items=8)
    lanes = {"net": Lane(spotter, features)}
    run = LiveRun(lanes, Journal(out / "events.jsonl"), inbox, [sink], SilentReporter(), stop)
    run.add_stage("feed", Feeder(inbox).run)
    return run


def test_run_of_eight_hours_holds_no_more_than_in_its_first_half(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("spotkick.live.journal.os.fsync", lambda _: None)
    held: list[tuple[float, int]] = []

    def measure(event: LiveEvent) -> None:
        # The rows that wait in the queue depend on the speed of the threads.
        if event.sequence % 4 == 0:
            held.append((event.stream_s, count_held([*fields_of(run.lanes["net"]), *parts])))

    run = make_long_run(tmp_path, measure)
    parts = [run.delays, run.journal, run.text]
    run.run()

    # An event every few minutes, to the end; what is held differs by the actions of a moment.
    early = max(count for second, count in held if second < 14_400)
    late = max(count for second, count in held if second > 14_400)
    assert len(held) > 50
    assert held[-1][0] > 28_000
    assert len(run.delays) > 50
    assert late <= early + 40
    assert (tmp_path / "events.jsonl").stat().st_size > 10_000
    assert len(list(tmp_path.glob("*.f32"))) == 1
