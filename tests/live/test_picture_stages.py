import threading
import time
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import pytest

from spotkick.live.messages import EndOfStream, Note, Opened, Sample, TimedPacket
from spotkick.live.picture_stages import SampleTarget, VideoDecoder
from spotkick.live.sampling import LiveSampler
from spotkick.live.stages import Channel, Stage
from support.streams import write_stream


def decode(path: Path, waited_s: float) -> tuple[list[Note], list[Sample]]:
    """Notes and samples of a live stream whose packets have waited in the middle of it."""
    stop = threading.Event()
    packets: Channel[Any] = Channel(stop, max_items=1000)
    samples: Channel[Any] = Channel(stop, max_items=1000)
    notes: list[Note] = []
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        packets.put(Opened.of_stream(stream))
        now_s = time.monotonic() + 1000
        for number, packet in enumerate(item for item in container.demux(stream) if item.size):
            is_slow = 50 <= number < 100
            packets.put(TimedPacket(packet, Fraction(0), now_s - (1000 + waited_s) * is_slow))
        packets.put(EndOfStream())
        target = SampleTarget(LiveSampler(Fraction(2)), (64, 48), "stretch", samples)
        decoder = VideoDecoder(packets, [target], notes.append, lambda: Fraction(0), is_live=True)
        decoder.run(Stage("decode", lambda _: None, stop=stop, on_failure=lambda *_: None))
    found = [samples.get() for _ in range(len(samples))]
    return notes, [item for item in found if isinstance(item, Sample)]


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("stream") / "stream.ts"
    write_stream(path, 15)
    return path


def test_decoder_behind_falls_back_to_key_frames_and_catches_up(path: Path) -> None:
    notes, samples = decode(path, waited_s=60.0)
    assert [note.state for note in notes] == ["behind", "caught-up"]
    assert len(samples) == 30
    shown = [item.image is samples[number].image for number, item in enumerate(samples[1:])]
    assert sum(shown[10:20]) >= 4
    assert not any(shown[3:9])


def test_decoder_that_keeps_up_decodes_every_frame(path: Path) -> None:
    notes, samples = decode(path, waited_s=0.0)
    assert not notes
    assert [sample.number for sample in samples] == list(range(len(samples)))
