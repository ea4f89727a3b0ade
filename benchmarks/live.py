"""Live spotting: latency against Average-mAP, faults, and streams on the loopback address.

    python benchmarks/live.py latency                                # rendered test matches
    python benchmarks/live.py latency --checkpoint RUN               # the same, a causal network
    python benchmarks/live.py latency --soccernet DATA --checkpoint commentary --matches 20
    python benchmarks/live.py replay --speed 20                      # rendered test matches
    python benchmarks/live.py replay --speed 20 --video MATCH.mp4
    python benchmarks/live.py replay --speed 20 --soccernet DATA --matches 3
    python benchmarks/live.py faults --minutes 60
    python benchmarks/live.py stream --video MATCH.mp4 --minutes 30 [--hls] [--loss 0.001]
    python benchmarks/live.py memory --video MATCH.mp4 --hours 8 [--clips]

``latency`` replays matches as fast as it can: what counts is how much of what follows an action is
known, not how long computing takes. ``replay`` compares what stands at the end of a replay with
what spotting the whole period finds. ``faults`` simulates lost signal, new connections that repeat,
clocks that leap, and kills the process at random. ``stream`` sends a video in real time to
``spotkick live`` in a process of its own, and says when actions were published and how much memory
it took. ``memory`` sends hours of a stream as fast as they are read.
"""

import argparse
import random
import signal
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

import live_replay
import live_streams

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from spotkick.actions import Action, MatchActions
from spotkick.checkpoint import Checkpoint, read_checkpoint
from spotkick.commentary.features import read_commentary_source
from spotkick.commentary.transcript_files import find_transcripts, read_period
from spotkick.commentary.transcripts import Transcript
from spotkick.datasets.match_folder import MatchFolder
from spotkick.datasets.splits import match_tracks
from spotkick.demo.data import SEASON
from spotkick.evaluation import evaluate
from spotkick.formats.soccernet import read_label_set
from spotkick.formats.splits import read_split
from spotkick.live.decoding import plain_cut
from spotkick.live.growing_transcript import GrowingTranscript, NewRows
from spotkick.live.ring import FeatureRing
from spotkick.live.scoring import LiveScores
from spotkick.live.spotter import count_look_ahead
from spotkick.pipelines.spot import network_for
from spotkick.prediction import SpottingSetup
from spotkick.prediction.period_output import PeriodOutput
from spotkick.prediction.spotting import decode_period
from spotkick.stored_checkpoint import resolve_checkpoint

LATENCIES_S = (1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 60.0)


def faults(arguments: argparse.Namespace) -> None:
    """Simulate faults and kills; every action must be there once."""
    from support.live_faults import compare_faults, run_child

    if arguments.child:
        run_child(Path(arguments.child))
        return
    rng = random.Random(arguments.seed)
    with tempfile.TemporaryDirectory() as folder:
        child = [sys.executable, __file__, "faults", "--child"]
        print(compare_faults(Path(folder), 60 * arguments.minutes, rng, child, kill=signal.SIGKILL))


def cut_off(
    checkpoint: Checkpoint, parts: Iterator[NewRows], period: int, latencies_s: Sequence[float]
) -> dict[float, tuple[Action, ...]]:
    """Actions of a period, each frame scored with what is known so much later.

    All of them count, as Average-mAP ranks them: peaks of scores that were read with a latency.
    """
    setup = plain_cut(SpottingSetup.from_checkpoint(checkpoint))
    scores = LiveScores(network_for(checkpoint, threads=1), setup, kept=10_000)
    blank_ends = bool(checkpoint.feature_source.num_ids)
    ring = FeatureRing(checkpoint.feature_source.dim, 10_000, blank_ends=blank_ends)
    ahead = {s: count_look_ahead(s, setup.frame_rate) + 1 for s in latencies_s}
    read: dict[float, list[Any]] = {latency_s: [] for latency_s in latencies_s}
    for part in parts:
        known = max(0, ring.end - part.first)
        ring.replace(part.first, part.rows[:known])
        for number in range(known, len(part.rows)):
            ring.append(part.rows[number : number + 1])
            window = scores.read(ring, stable=part.stable).window
            for latency_s, frames in ahead.items():
                if ring.end > frames:
                    read[latency_s].append(window.scores[ring.end - 1 - frames - window.first])
    final = scores.read(ring, is_over=True).window.scores
    found = {}
    for latency_s, rows in read.items():
        whole = np.concatenate([np.array(rows).reshape(-1, final.shape[1]), final[len(rows) :]])
        output = PeriodOutput(whole.astype(np.float32), None, None, setup.frame_rate)
        found[latency_s] = decode_period(output, setup, period).actions
    return found


def latency(arguments: argparse.Namespace) -> None:
    """Average-mAP of what can be published within each latency."""
    checkpoint = read_checkpoint(resolve_checkpoint(arguments.checkpoint))
    periods = (
        spoken(checkpoint, arguments) if arguments.soccernet else rendered(checkpoint, arguments)
    )
    least_s = float(2 / checkpoint.frame_rate)
    latencies = [value for value in LATENCIES_S if value >= least_s]
    found: dict[float, dict[str, list[Action]]] = {value: {} for value in latencies}
    truth: dict[str, MatchActions] = {}
    for labels, period, parts in periods:
        truth[labels.match] = labels
        began_s = time.process_time()
        for value, actions in cut_off(checkpoint, parts, period, latencies).items():
            found[value].setdefault(labels.match, []).extend(actions)
        spent_s = time.process_time() - began_s
        print(f"{labels.match}, period {period}: {spent_s:.0f} s of processor time", flush=True)
    for value in latencies:
        predictions = [MatchActions(match, tuple(rows)) for match, rows in found[value].items()]
        cells = [
            100
            * evaluate(
                predictions, list(truth.values()), checkpoint.task, metric=metric
            ).average_map
            for metric in ("loose", "tight")
        ]
        print(f"| {value:g} | {cells[0]:.1f} | {cells[1]:.1f} |", flush=True)


def rendered(
    checkpoint: Checkpoint, arguments: argparse.Namespace
) -> Iterator[tuple[MatchActions, int, Iterator[NewRows]]]:
    """The test matches of the rendered season that ships, by their features."""
    names = read_split(SEASON / "splits" / "test.txt")[: arguments.matches]
    for labels in read_label_set(SEASON, names):
        source = checkpoint.feature_source
        folder = MatchFolder(SEASON, labels.match)
        tracks = match_tracks(folder, source.name, frame_rate=source.frame_rate)
        for period, track in tracks.items():
            rows = track.rows(np.arange(len(track)))
            yield labels, period, iter([NewRows(0, rows, len(rows))])


def spoken(
    checkpoint: Checkpoint, arguments: argparse.Namespace
) -> Iterator[tuple[MatchActions, int, Iterator[NewRows]]]:
    """Transcripts of valid matches of SoccerNet-v2, replayed as they were spoken."""
    folder = checkpoint.features_folder
    assert folder is not None
    model, source = read_commentary_source(folder)
    names = read_split(arguments.soccernet / "splits" / "valid.txt")
    names = names[:: max(1, len(names) // arguments.matches)][: arguments.matches]
    for labels in read_label_set(arguments.soccernet, names):
        for file in find_transcripts(arguments.soccernet / labels.match):
            growing = GrowingTranscript(model, source.frame_rate)
            yield labels, file.period, replay(growing, read_period(file))


def replay(growing: GrowingTranscript, transcript: Transcript) -> Iterator[NewRows]:
    """Rows as they become known, segment by segment."""
    segments = sorted(transcript.segments, key=lambda segment: segment.end_ms)
    place = 0
    for now_ms in range(0, segments[-1].end_ms + 1000, 1000) if segments else ():
        begun = place
        while place < len(segments) and segments[place].end_ms <= now_ms:
            place += 1
        starts = [item.start_ms for item in segments[place:] if item.start_ms < now_ms]
        new = growing.add(segments[begun:place], min(starts, default=now_ms))
        if new is not None:
            yield new
    new = growing.finish(transcript.duration_ms)
    if new is not None:
        yield new


def main() -> None:
    """Measure what is asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(required=True)
    own = commands.add_parser("latency")
    own.add_argument("--soccernet", type=Path, help="folder of SoccerNet-v2")
    own.add_argument("--checkpoint", default="demo")
    own.add_argument("--matches", type=int, default=100)
    own.set_defaults(run=latency)
    own = commands.add_parser("replay")
    own.add_argument("--speed", type=float, default=20.0, help="multiple of real time")
    own.add_argument("--video", type=Path, nargs="*", help="files that demo spots")
    own.add_argument("--soccernet", type=Path, help="transcripts of valid matches")
    own.add_argument("--matches", type=int, default=100)
    own.add_argument("--latency", type=float, default=5.0)
    own.add_argument("--least", type=float, default=0.1, help="least confidence that counts")
    own.set_defaults(run=live_replay.replay)
    own = commands.add_parser("faults")
    own.add_argument("--minutes", type=float, default=60)
    own.add_argument("--seed", type=int, default=0)
    own.add_argument("--child", help=argparse.SUPPRESS)
    own.set_defaults(run=faults)
    own = commands.add_parser("stream")
    own.add_argument("--video", type=Path, required=True)
    own.add_argument("--minutes", type=float, default=30)
    own.add_argument("--latency", type=float, default=5.0)
    own.add_argument("--hls", action="store_true")
    own.add_argument("--loss", type=float, default=0.001)
    own.set_defaults(run=live_streams.stream)
    own = commands.add_parser("memory")
    own.add_argument("--video", type=Path, required=True)
    own.add_argument("--hours", type=float, default=8)
    own.add_argument("--every", type=float, default=1800, help="seconds of the stream a line")
    own.add_argument("--latency", type=float, default=5.0)
    own.add_argument("--clips", action="store_true", help="with a ring on disk, and clips of goals")
    own.set_defaults(run=live_streams.memory)
    arguments = parser.parse_args()
    arguments.run(arguments)


if __name__ == "__main__":
    main()
