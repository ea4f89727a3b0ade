"""Live runs with the shipped checkpoints, against spotting the same files."""

import re
import signal
import subprocess
import sys
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import pytest

from spotkick.actions import Action
from spotkick.checkpoint import read_checkpoint
from spotkick.commentary.features import make_frames, read_commentary_source
from spotkick.commentary.transcript_files import read_transcript
from spotkick.demo.data import CLIP, SHIPPED
from spotkick.errors import InputError
from spotkick.features.extract import extract_video, read_extractor
from spotkick.features.tracks import FeatureTrack
from spotkick.files import read_json, write_json
from spotkick.live.events import LiveEvent
from spotkick.live.journal import Journal
from spotkick.pipelines.live import run_live
from spotkick.pipelines.live_request import LiveParts, LiveRequest
from spotkick.pipelines.spot import network_for
from spotkick.prediction import SpottingSetup, spot_period
from spotkick.stored_checkpoint import resolve_checkpoint
from support.streams import RepeatingRecogniser, write_stream

LEAST = 0.05


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve seconds of the shipped clip."""
    path = tmp_path_factory.mktemp("live") / "1_clip.ts"
    with av.open(str(CLIP)) as source, av.open(str(path), "w", format="mpegts") as target:
        video = source.streams.video[0]
        copy = target.add_stream_from_template(video)
        for packet in source.demux(video):
            if packet.dts is not None and packet.pts is not None:
                if packet.pts * Fraction(packet.time_base) >= 12:
                    break
                packet.stream = copy
                target.mux(packet)
    return path


def spot(track: FeatureTrack, folder: Path, least: float = LEAST) -> list[tuple[str, int]]:
    checkpoint = read_checkpoint(folder)
    setup = SpottingSetup.from_checkpoint(checkpoint)
    found = spot_period(network_for(checkpoint, threads=1), track, setup).actions
    return describe([action for action in found if (action.confidence or 0) >= least])


def describe(actions: Sequence[Action]) -> list[tuple[str, int]]:
    return sorted((action.label, action.position_ms) for action in actions)


@pytest.fixture(scope="module")
def expected(clip: Path) -> list[tuple[str, int]]:
    """What spotting the whole clip gives."""
    folder = read_checkpoint(SHIPPED).features_folder
    assert folder is not None
    return spot(extract_video(clip, read_extractor(folder, threads=1)), SHIPPED)


@pytest.mark.parametrize("speed", [0.0, 20.0])
def test_run_live_of_a_video_ends_with_the_actions_of_spot(
    clip: Path, expected: list[tuple[str, int]], tmp_path: Path, speed: float
) -> None:
    events: list[LiveEvent] = []
    request = LiveRequest(
        str(clip), (SHIPPED,), tmp_path, latency_s=2.0, min_confidence=LEAST, speed=speed,
        threads=1, idle_s=0.0,
    )  # fmt: skip
    summary = run_live(request, LiveParts(sinks=[events.append]))
    assert expected
    assert describe(summary.actions) == expected
    assert len(read_json(tmp_path / "results_spotting.json")["predictions"]) == len(expected)
    assert [event.sequence for event in events] == list(range(2, len(events) + 2))


def test_live_interrupted_by_ctrl_c_goes_on_with_the_same_ids(
    clip: Path, expected: list[tuple[str, int]], tmp_path: Path
) -> None:
    # A file that another program still writes, so that the run waits for more.
    stream, out, data = tmp_path / "1_growing.ts", tmp_path / "out", clip.read_bytes()
    stream.write_bytes(data[: len(data) * 3 // 4])
    command = [
        sys.executable, "-m", "spotkick", "live", str(stream), "--checkpoint", "demo", "--latency",
        "2", "--min-confidence", str(LEAST), "--threads", "1", "--idle", "60", "--out", str(out),
    ]  # fmt: skip
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        assert child.stderr is not None
        assert any('"event": "publish"' in line for line in child.stdout)
        child.send_signal(signal.SIGINT)
        lines = child.stderr.read().splitlines()
    assert child.returncode == 130
    assert re.match(r"[1-9]\d* actions published, .*; journal: .*events.jsonl$", lines[-2])
    assert lines[-1].startswith("interrupted")

    # It goes on when the file is there: nothing is doubled, every id stays.
    before = list(Journal(out / "events.jsonl").events())
    stream.write_bytes(data)
    request = LiveRequest(
        str(stream), (SHIPPED,), out, latency_s=2.0, min_confidence=LEAST, resume=True, threads=1,
        idle_s=0.0,
    )  # fmt: skip
    assert describe(run_live(request).actions) == expected
    events = list(Journal(out / "events.jsonl").events())
    published = [event.id for event in events if event.kind == "publish"]
    assert events[: len(before)] == before
    assert len(published) == len(set(published))
    assert published[0] == next(event.id for event in before if event.kind == "publish")


def write_transcript(path: Path) -> None:
    said = [
        "Rooney shoots and it is a goal! What a goal for the home side!",
        "A yellow card is shown to Pogba for that foul.",
        "The corner is taken short by Mata.",
    ]
    segments = {str(number): [5 * number, 5 * number + 4, said[number % 3]] for number in range(8)}
    write_json(path, {"segments": segments, "duration_s": 44})


@pytest.mark.parametrize("speed", [0.0, 20.0])
def test_run_live_of_a_transcript_ends_with_the_actions_of_spot(
    tmp_path: Path, speed: float
) -> None:
    path, commentary = tmp_path / "1_asr.json", resolve_checkpoint("commentary")
    write_transcript(path)
    folder = read_checkpoint(commentary).features_folder
    assert folder is not None
    model, source = read_commentary_source(folder)
    rows = make_frames(model, "m", read_transcript(path), source.frame_rate)
    expected = spot(FeatureTrack(rows, source, "x"), commentary, least=0.1)
    request = LiveRequest(
        str(path), (commentary,), tmp_path / "out", latency_s=8.0, min_confidence=0.1,
        threads=1, speed=speed,
    )  # fmt: skip
    summary = run_live(request)
    assert len(expected) > 2
    assert describe(summary.actions) == expected


def test_run_live_hears_speech_and_finishes(tmp_path: Path) -> None:
    write_stream(tmp_path / "match.ts", 25, sound=True)
    request = LiveRequest(
        str(tmp_path / "match.ts"), (resolve_checkpoint("commentary"),), tmp_path / "out",
        latency_s=8.0, min_confidence=0.02, threads=1, idle_s=0.0,
    )  # fmt: skip
    summary = run_live(request, LiveParts(open_recogniser=RepeatingRecogniser))
    assert summary.stream_s == pytest.approx(26, abs=2)
    assert len((tmp_path / "out" / "text.jsonl").read_text().splitlines()) == 3


def test_run_live_folder_of_another_run_is_one_error(clip: Path, tmp_path: Path) -> None:
    (tmp_path / "events.jsonl").write_text(
        '{"schema": "spotkick-live-1", "sequence": 1, "event": "start", "stream_s": 0, "at": "", '
        '"latency_s": 3}\n'
    )
    request = LiveRequest(str(clip), (SHIPPED,), tmp_path, threads=1)
    with pytest.raises(InputError, match="--resume"):
        run_live(request)
    with pytest.raises(InputError, match="begun with --latency 3"):
        run_live(LiveRequest(str(clip), (SHIPPED,), tmp_path, threads=1, resume=True))


def test_run_live_source_that_cannot_be_read_leaves_the_folder_free(tmp_path: Path) -> None:
    (tmp_path / "match.ts").write_bytes(b"no video " * 200)
    out = tmp_path / "live"
    request = LiveRequest(str(tmp_path / "match.ts"), (SHIPPED,), out, threads=1, idle_s=0.0)
    with pytest.raises(InputError, match="match"):
        run_live(request)
    assert not out.exists()

    # What another program has put there stays, and no journal beside it.
    out.mkdir()
    (out / "notes.txt").write_text("mine")
    with pytest.raises(InputError, match="match"):
        run_live(request)
    assert (out / "notes.txt").read_text() == "mine"
