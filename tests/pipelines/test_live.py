"""Live runs with the shipped checkpoints, against spotting the same files."""

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
from spotkick.pipelines.live import LiveParts, LiveRequest, run_live
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


@pytest.mark.parametrize("speed", [0.0, 20.0])
def test_run_live_of_a_video_ends_with_the_actions_of_spot(
    clip: Path, tmp_path: Path, speed: float
) -> None:
    folder = read_checkpoint(SHIPPED).features_folder
    assert folder is not None
    expected = spot(extract_video(clip, read_extractor(folder, threads=1)), SHIPPED)
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
    with pytest.raises(InputError, match="another latency_s"):
        run_live(LiveRequest(str(clip), (SHIPPED,), tmp_path, threads=1, resume=True))
