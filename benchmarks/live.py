"""Live spotting: latency against Average-mAP, faults, and streams on the loopback address.

    python benchmarks/live.py latency                                # rendered test matches
    python benchmarks/live.py latency --checkpoint RUN               # the same, a causal network
    python benchmarks/live.py latency --soccernet DATA --checkpoint commentary --matches 20 \
        [--out TABLE.json]
    python benchmarks/live.py replay --speed 20                      # rendered test matches
    python benchmarks/live.py replay --speed 20 --video MATCH.mp4
    python benchmarks/live.py replay --speed 20 --soccernet DATA --matches 3
    python benchmarks/live.py faults --minutes 60
    python benchmarks/live.py stream --video MATCH.mp4 --minutes 30 [--hls] [--loss 0.001]
    python benchmarks/live.py memory --video MATCH.mp4 --hours 8 [--clips]

``latency`` replays matches as fast as it can: what counts is how much of what follows an action is
known, not how long computing takes; after each period comes the table of those so far. ``replay``
compares what stands at the end of a replay with what spotting the whole period finds. ``faults``
simulates lost signal, new connections that repeat, clocks that leap, and kills the process at
random. ``stream`` sends a video in real time to ``spotkick live`` in a process of its own, and says
when actions were published and how much memory it took. ``memory`` sends hours of a stream as fast
as they are read.
"""

import argparse
import random
import sys
import tempfile
from pathlib import Path

import live_latency
import live_replay
import live_streams

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))


def faults(arguments: argparse.Namespace) -> None:
    """Simulate faults and kills; every action must be there once."""
    from support.live_faults import compare_faults, run_child

    if arguments.child:
        run_child(Path(arguments.child[0]), float(arguments.child[1]))
        return
    rng = random.Random(arguments.seed)
    with tempfile.TemporaryDirectory() as folder:
        child = [sys.executable, __file__, "faults", "--child"]
        print(compare_faults(Path(folder), 60 * arguments.minutes, rng, child))


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
    own.add_argument("--out", type=Path, help="the table after each period, as JSON")
    own.set_defaults(run=live_latency.latency)
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
    own.add_argument("--child", nargs=2, help=argparse.SUPPRESS)
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
