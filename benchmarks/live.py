"""Live spotting: latency against Average-mAP, faults, and streams on the loopback address.

    python benchmarks/live.py latency                                # rendered test matches
    python benchmarks/live.py latency --checkpoint RUN               # the same, a causal network
    python benchmarks/live.py latency --soccernet DATA --checkpoint commentary --matches 20
    python benchmarks/live.py faults --minutes 60
    python benchmarks/live.py stream --video MATCH.mp4 --minutes 30 [--hls] [--loss 0.001]

``latency`` replays matches as fast as it can: what counts is how much of what follows an action is
known, not how long computing takes. ``faults`` simulates lost signal, new connections that repeat,
clocks that leap, and kills the process at random. ``stream`` sends a video in real time to
``spotkick live`` in a process of its own, and says when actions were published and how much memory
it took.
"""

import argparse
import functools
import http.server
import json
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from datetime import datetime
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

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
MEMORY_EVERY_S = 10.0


def percentile(values: Sequence[float], share: float) -> float:
    """A percentile; NaN without values."""
    return float(np.percentile(values, share)) if values else float("nan")


def send_udp(video: Path, port: int, seconds: float, started: list[float]) -> None:
    """Send a video in real time, again and again, as one transport stream."""
    with av.open(f"udp://127.0.0.1:{port}?pkt_size=1316", "w", format="mpegts") as out:
        send_packets(video, out, seconds, started)


def send_packets(video: Path, out: Any, seconds: float, started: list[float]) -> None:
    """Copy packets of a video into a container, each when it is due."""
    stream = None
    began_s, shift_s, latest = time.monotonic(), Fraction(0), -1
    started.append(time.time())
    while time.monotonic() - began_s < seconds:
        end_s = shift_s
        with av.open(str(video)) as source:
            own = source.streams.video[0]
            stream = stream or out.add_stream_from_template(own)
            for packet in source.demux(own):
                if packet.dts is None:
                    continue
                shift = round(shift_s / packet.time_base)
                due_s = float((packet.dts + shift) * packet.time_base)
                time.sleep(max(0.0, began_s + due_s - time.monotonic()))
                if time.monotonic() - began_s >= seconds:
                    return
                packet.pts, packet.dts = packet.pts + shift, packet.dts + shift
                end_s = max(end_s, (packet.pts + packet.duration) * packet.time_base)
                if packet.dts > latest:
                    latest = packet.dts
                    packet.stream = stream
                    out.mux(packet)
        shift_s, latest = end_s, -1


def relay_with_loss(port_in: int, port_out: int, loss: float, stop: threading.Event) -> None:
    """Pass datagrams on, and lose some."""
    rng = random.Random(0)
    source = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    source.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
    source.bind(("127.0.0.1", port_in))
    source.settimeout(0.2)
    while not stop.is_set():
        try:
            data = source.recv(65536)
        except TimeoutError:
            continue
        if rng.random() >= loss:
            source.sendto(data, ("127.0.0.1", port_out))


class LateServer(http.server.SimpleHTTPRequestHandler):
    """Serves segments; every fifth one is late by two seconds."""

    requests = 0

    def do_GET(self) -> None:
        """Answer, some requests late."""
        if self.path.endswith(".ts"):
            LateServer.requests += 1
            if LateServer.requests % 5 == 0:
                time.sleep(2.0)
        super().do_GET()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Stay silent."""
        del format, args


def serve_hls(video: Path, seconds: float, started: list[float]) -> str:
    """Write a playlist that grows, and serve it; its address."""
    folder = tempfile.mkdtemp(prefix="hls-")
    options = {"hls_time": "2", "hls_list_size": "8", "hls_flags": "delete_segments+temp_file"}

    def write() -> None:
        with av.open(f"{folder}/live.m3u8", "w", format="hls", options=options) as out:
            send_packets(video, out, seconds, started)

    handler = functools.partial(LateServer, directory=folder)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    threading.Thread(target=write, daemon=True).start()
    return f"http://127.0.0.1:{server.server_port}/live.m3u8"


def stream(arguments: argparse.Namespace) -> None:
    """Send a video in real time, and measure when its actions are published."""
    seconds, started = 60 * arguments.minutes, list[float]()
    stop = threading.Event()
    if arguments.hls:
        address = serve_hls(arguments.video, seconds, started)
        time.sleep(8)
    else:
        ports = (free_port(), free_port())
        address = f"udp://127.0.0.1:{ports[1]}?fifo_size=500000&overrun_nonfatal=1"
        threading.Thread(
            target=relay_with_loss, args=(*ports, arguments.loss, stop), daemon=True
        ).start()
    out = Path(tempfile.mkdtemp(prefix="live-")) / "run"
    command = [
        sys.executable, "-m", "spotkick", "live", address, "--checkpoint", "demo",
        "--latency", str(arguments.latency), "--out", str(out), "--give-up", "8", "--stats",
    ]  # fmt: skip
    receiver = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    memory: list[float] = []
    threading.Thread(target=watch_memory, args=(receiver.pid, memory, stop), daemon=True).start()
    if not arguments.hls:
        time.sleep(8)
        threading.Thread(
            target=send_udp, args=(arguments.video, ports[0], seconds, started), daemon=True
        ).start()

    # When each action was published, against when its frame was sent. The receiver counts from the
    # first key frame that it got, whose time of sending is that of the event that came soonest.
    delays: list[float] = []
    offsets: list[float] = []
    states: list[str] = []
    late = 0
    for line in receiver.stdout or ():
        event = json.loads(line)
        if event["event"] == "publish":
            late += event["late"]
            published_s = datetime.fromisoformat(event["at"]).timestamp()
            offsets.append(published_s - event["stream_s"])
            if not event["late"]:
                delays.append(published_s - event["position_ms"] / 1000)
        elif event["event"] == "status":
            states.append(event["state"])
    stop.set()
    delays = [value - min(offsets) for value in delays]
    names = ", ".join(f"{state} {states.count(state)}" for state in dict.fromkeys(states))
    print(f"{len(delays)} actions in time, {late} late; notes: {names or 'none'}")
    print(
        f"published after (s): median {percentile(delays, 50):.2f}, 95 % "
        f"{percentile(delays, 95):.2f}, worst {max(delays, default=float('nan')):.2f}"
    )
    third = max(1, len(memory) // 3)
    print(
        f"memory (MB): {np.mean(memory[third : 2 * third]):.0f} in the second third, "
        f"{np.mean(memory[-third:]):.0f} in the last, at most {max(memory, default=0):.0f}; "
        f"load {os.getloadavg()[0]:.1f}"
    )


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def watch_memory(pid: int, found: list[float], stop: threading.Event) -> None:
    """Resident memory of a process in MB, now and then."""
    while not stop.wait(MEMORY_EVERY_S):
        try:
            lines = Path(f"/proc/{pid}/status").read_text().splitlines()
        except OSError:
            return
        row = next((line for line in lines if line.startswith("VmRSS")), "VmRSS: 0 kB")
        found.append(int(row.split()[1]) / 1000)


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
    own.set_defaults(run=stream)
    arguments = parser.parse_args()
    arguments.run(arguments)


if __name__ == "__main__":
    main()
