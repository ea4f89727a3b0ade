"""The match clock on drawn evenings of two hours, and on labelled stills of real broadcasts.

An evening has a build-up of 12 minutes, two periods with added time, an interval of 15 minutes
without scoreboard, replays that hide it for 20 s, and three goals.

    python benchmarks/clock.py --style row --style stack
    python benchmarks/clock.py --frames FOLDER      # frames.json beside the images

Prints the error of each kick-off, the goals, speed against real time (by the clock on the wall, and
by processor time spread over the threads, which other programs do not disturb) and peak memory.
"""

import argparse
import json
import resource
import sys
import tempfile
import time
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from spotkick.pipelines.clock import describe_clock, find_match_clock
from spotkick.scoreboard.still import read_scoreboard
from spotkick.scoreboard.text_reader import TextReader
from support.scoreboards import STYLES, Evening, write_evening

GOALS = ((1500.0, 0), (5200.0, 1), (6600.0, 0))


def main() -> None:
    """Read the arguments and run."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--style", action="append", choices=sorted(STYLES), default=[])
    parser.add_argument("--frames", type=Path, help="folder with frames.json")
    parser.add_argument("--rate", default="5", help="frames per second of the drawn video")
    parser.add_argument("--size", default="640x360", help="of the drawn video")
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()
    reader = TextReader(threads=args.threads)
    if args.frames:
        measure_frames(args.frames, reader)
    width, height = (int(side) for side in args.size.split("x"))
    for style in args.style:
        measure_evening(style, reader, Fraction(args.rate), (width, height))
    peak_gb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(f"peak memory {peak_gb:.2f} GB")


def measure_evening(style: str, reader: TextReader, rate: Fraction, size: tuple[int, int]) -> None:
    """Draw an evening, find its clock, compare."""
    replays = (*(start + 25.0 for start, _ in GOALS), *range(800, 7400, 170))
    hidden = tuple((start, start + 20.0) for start in replays)
    evening = Evening(
        style,
        goals=GOALS,
        hidden=hidden,
        separate_added_clock=style in ("row", "columns"),
        restarts=style == "clock-last",
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{style}.mp4"
        write_evening(path, evening, rate=rate, size=size)
        started, worked = time.perf_counter(), time.process_time()
        clock = find_match_clock(path, reader)
        wall_s, cpu_s = time.perf_counter() - started, time.process_time() - worked
    errors = [
        period.start_s - kickoff
        for period, kickoff in zip(clock.periods, evening.kickoffs_s, strict=False)
    ]
    speeds = (evening.length_s / wall_s, evening.length_s * reader.threads / cpu_s)
    print(
        f"{style}: {speeds[0]:.1f} times real time, {speeds[1]:.0f} by {cpu_s:.0f} s of processor"
    )
    print("  kick-off errors:", ", ".join(f"{error:+.2f} s" for error in errors))
    for line in describe_clock(clock):
        print("  ", line)


def measure_frames(folder: Path, reader: TextReader) -> None:
    """Read labelled stills of football: clock, score, and what is invented without a clock."""
    rows: list[dict[str, Any]] = json.loads((folder / "frames.json").read_text())
    clocks, scores, invented = [], [], 0
    for row in rows:
        if row["sport"] != "football":
            continue
        image = np.asarray(Image.open(folder / row["file"]).convert("RGB"))
        board = read_scoreboard(image, reader)
        true_clock = _seconds_of(row["clock_text"])
        if true_clock is None:
            invented += board is not None and board.clock_s is not None
        else:
            clocks.append(board is not None and board.clock_s == true_clock)
        if row["home_score"] is not None:
            true_score = (row["home_score"], row["away_score"])
            scores.append(board is not None and board.score == true_score)
    print(f"clock right on {sum(clocks)} of {len(clocks)}, {invented} invented")
    print(f"score right on {sum(scores)} of {len(scores)}")


def _seconds_of(text: str | None) -> int | None:
    if text is None:
        return None
    cleaned = text.replace(" ", "")
    if cleaned.endswith("'"):
        return 60 * int(cleaned[:-1])
    minutes, seconds = cleaned.split(":")
    return 60 * int(minutes) + int(seconds)


if __name__ == "__main__":
    main()
