from pathlib import Path

import av
import numpy as np
import pytest

from spotkick.actions import Action
from spotkick.live.clips import ClipWriter, PacketRing, write_clip
from spotkick.live.events import LiveEvent
from spotkick.live.messages import Opened, TimedPacket
from support.streams import draw_grey, write_stream


def feed_ring(ring: PacketRing, path: Path) -> None:
    with av.open(str(path)) as container:
        for stream in container.streams:
            ring.keep(Opened.of_stream(stream))
        first = None
        for packet in container.demux():
            if packet.size:
                assert packet.pts is not None
                if first is None and packet.stream.type == "video":
                    first = packet.pts * packet.time_base
                if first is None:
                    continue
                ring.keep(TimedPacket(packet, -first, 0.0))
        ring.close()


def greys_of(path: Path) -> list[int]:
    with av.open(str(path)) as container:
        return [
            round(frame.to_ndarray(format="gray").mean()) for frame in container.decode(video=0)
        ]


@pytest.fixture(scope="module")
def ring(tmp_path_factory: pytest.TempPathFactory) -> PacketRing:
    folder = tmp_path_factory.mktemp("clips")
    write_stream(folder / "stream.ts", 16, sound=True)
    ring = PacketRing(folder / "ring", pytest.fail)
    feed_ring(ring, folder / "stream.ts")
    return ring


def test_write_clip_begins_and_ends_with_the_frames_of_its_times(
    ring: PacketRing, tmp_path: Path
) -> None:
    path = tmp_path / "clip.mp4"
    write_clip(ring.cover(7.3, 13.5), 7.3, 13.5, path)
    expected = [round(draw_grey(number).mean()) for number in range(73, 135)]
    found = greys_of(path)
    assert len(found) == len(expected)
    np.testing.assert_allclose(found, expected, atol=3)
    with av.open(str(path)) as container:
        assert {"video", "audio"} <= {stream.type for stream in container.streams}


def test_ring_deletes_the_oldest_files_beyond_its_bound(tmp_path: Path) -> None:
    write_stream(tmp_path / "stream.ts", 40)
    ring = PacketRing(tmp_path / "ring", pytest.fail, max_bytes=40_000)
    feed_ring(ring, tmp_path / "stream.ts")
    total = sum(path.stat().st_size for path in (tmp_path / "ring").iterdir())
    assert total < 120_000
    assert ring.complete[-1].start_ms >= 36_000
    assert ring.complete[0].start_ms > 0


def test_ring_opened_again_knows_the_files_of_the_run_before(ring: PacketRing) -> None:
    again = PacketRing(ring.folder, pytest.fail)
    assert again.complete == ring.complete
    assert len(again.complete) > 2


def test_clip_writer_writes_chosen_classes_and_says_so(ring: PacketRing, tmp_path: Path) -> None:
    lines: list[str] = []
    writer = ClipWriter(ring, tmp_path / "clips", lines.append, frozenset({"Goal"}), after_s=3.0)
    writer.start()
    for number, label in enumerate(["Goal", "Foul"]):
        action = Action(label, 1, 10_000, confidence=0.9)
        writer.tell(LiveEvent(number + 1, "publish", 12.0, "now", f"n-{number}", action, "n"))
    writer.close(30.0)
    assert [path.name for path in (tmp_path / "clips").iterdir()] == ["n-0_Goal.mp4"]
    assert len(greys_of(tmp_path / "clips" / "n-0_Goal.mp4")) == 110
    assert len(lines) == 1


def test_ring_that_cannot_write_says_so_once_and_goes_on(tmp_path: Path) -> None:
    write_stream(tmp_path / "stream.ts", 10)
    lines: list[str] = []
    ring = PacketRing(tmp_path / "ring", lines.append)
    (tmp_path / "ring").rmdir()
    feed_ring(ring, tmp_path / "stream.ts")
    assert len(lines) == 1
    assert "cannot be kept" in lines[0]
