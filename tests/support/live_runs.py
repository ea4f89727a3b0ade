"""Live runs with a backbone and a network of numpy, on streams that a test makes."""

import threading
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from spotkick.features.extract import Extractor
from spotkick.live.addresses import Source
from spotkick.live.events import LiveEvent
from spotkick.live.feature_file import FeatureFile
from spotkick.live.journal import Journal
from spotkick.live.messages import Note
from spotkick.live.picture_stages import Embedder, SampleTarget, VideoDecoder
from spotkick.live.reading import ReaderOptions, StreamReader
from spotkick.live.running import Lane, LiveRun
from spotkick.live.sampling import LiveSampler
from spotkick.live.stages import Channel
from spotkick.reporter import SilentReporter
from support.live_networks import DIM, RATE, PlaceNetwork, make_setup, make_spotter
from support.streams import GREY_STEP

NETWORK, SETUP = PlaceNetwork(24, 4), make_setup(24, 5, pads=True)


class GreyBackbone:
    """Turns the grey of an image into three values."""

    size_px = (64, 48)

    def embed(self, images: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
        """(images, 3)."""
        return grey_features(images.astype(np.float64).mean(axis=(1, 2, 3)))


def grey_features(grey: npt.NDArray[np.float64]) -> npt.NDArray[np.float32]:
    """(frames, 3) of the mean greys of frames."""
    level = np.round((grey - 24) / GREY_STEP)[:, None]
    values = np.concatenate([np.sin(level * 0.9), np.cos(level * 1.7), level / 26], axis=1)
    return cast("npt.NDArray[np.float32]", (2 * values).astype(np.float32))


def make_extractor() -> Extractor:
    """What `Embedder` needs of an extractor."""
    config = SimpleNamespace(masks=(), rate=RATE, fit="stretch")
    parts = SimpleNamespace(backbone=GreyBackbone(), config=config, projection=None)
    return cast("Extractor", parts)


def make_run(
    out: Path,
    open_stream: Callable[..., Any],
    *,
    is_live: bool = True,
    wall: Callable[[], float] | None = None,
    sink: Callable[[LiveEvent], None] = lambda _: None,
    give_up_s: float = 0.0,
) -> LiveRun:
    """A run that goes on with what its folder holds.

    Args:
        out: folder of the run.
        open_stream: in place of `spotkick.live.addresses.open_source`.
        is_live: whether the stream goes on while nobody reads it.
        wall: clock of the arrivals.
        sink: is told each event.
        give_up_s: the stream is over when nothing has arrived for so long.
    """
    stop = threading.Event()
    spotter = make_spotter(NETWORK, SETUP)
    journal = Journal(out / "events.jsonl")
    for event in journal.events():
        spotter.publisher.replay(event)
    features = FeatureFile(out / "features", "net", DIM, kept=spotter.scores.reach_frames)
    spotter.resume(features.first, features.read())
    inbox: Channel[Any] = Channel(stop, max_items=64)
    lanes = {"net": Lane(spotter, features)}
    run = LiveRun(lanes, journal, inbox, [sink], SilentReporter(), stop)

    # The stages, as a pipeline has them.
    # An hour of packets fits: a stream that is played faster than real time must not be dropped.
    packets: Channel[Any] = Channel(stop, max_items=100_000)
    samples: Channel[Any] = Channel(stop, max_items=16)
    source = Source("udp://test", "network") if is_live else Source("test.ts", "file")
    start_s = Fraction(spotter.ring.end) / RATE

    def report(note: Note) -> None:
        inbox.put(note)

    reader = StreamReader(
        ReaderOptions(source, give_up_s=give_up_s, start_s=start_s), packets, None, report, stop
    )
    reader.open = open_stream
    if wall is not None:
        reader.wall = wall
    sampler: LiveSampler[Any] = LiveSampler(RATE, spotter.ring.end)
    target = SampleTarget(sampler, GreyBackbone.size_px, "stretch", samples)
    decoder = VideoDecoder(
        packets, [target], report, lambda: reader.clock.newest_s, is_live=False, start_s=start_s
    )
    run.add_stage("read", reader.run)
    run.add_stage("decode", decoder.run)
    run.add_stage("backbone", Embedder("net", make_extractor(), samples, inbox).run)
    return run
