"""How quick and how small the viewer is, on a fabricated two-hour match.

It has 17 classes of curves, 2,000 spots, 900 labels, and a video.

    python benchmarks/viewer.py [--keep DIR] [--repeat 5]

Prints a table: first paint and time until everything is drawn, frames a second while zooming and
panning, memory of the server, and the time to the first byte of a range request. Needs Chromium and
the package playwright.
"""

import argparse
import http.client
import json
import os
import random
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from playwright.sync_api import Browser, Page, sync_playwright

from spotkick.actions import SOCCERNET_V2, Action, MatchActions
from spotkick.formats.label_tree import write_label_tree
from spotkick.formats.results import write_results
from spotkick.formats.scores import MatchScores, write_scores

MATCH = "league/season/two hours"
MATCH_S = 7200
NUM_LABELS = 900
NUM_SPOTS = 2000
VIDEO_RATE = 5
CHROMIUM = "/usr/bin/chromium"

_FRAMES = """async ([kind, seconds]) => {
  const lanes = document.getElementById('lanes');
  const box = lanes.getBoundingClientRect();
  const gaps = [];
  const start = performance.now();
  let last = start, turn = 0;
  await new Promise((done) => {
    const step = (now) => {
      gaps.push(now - last);
      last = now;
      const swing = Math.sin(turn++ / 25);
      const wheel = kind === 'zoom' ? {deltaY: 40 * swing, ctrlKey: true} : {deltaX: 30 * swing};
      const at = {clientX: box.left + box.width * 0.4, clientY: box.top + 100,
                  bubbles: true, cancelable: true};
      lanes.dispatchEvent(new WheelEvent('wheel', {...wheel, ...at}));
      if (now - start < 1000 * seconds) requestAnimationFrame(step); else done();
    };
    requestAnimationFrame(step);
  });
  return gaps.slice(2);
}"""


def fabricate(root: Path, seed: int = 0) -> None:
    """Write labels, predictions, scores and a video, all in one period."""
    chance = random.Random(seed)
    names = SOCCERNET_V2.names
    labels = tuple(
        Action(chance.choice(names), 1, chance.randrange(1000 * MATCH_S)) for _ in range(NUM_LABELS)
    )
    spots = [
        Action(
            label.label,
            label.period,
            max(0, label.position_ms + int(chance.gauss(0, 1500))),
            min(0.99, chance.random() + 0.2),
        )
        for label in labels
    ]
    while len(spots) < NUM_SPOTS:
        spots.append(
            Action(chance.choice(names), 1, chance.randrange(1000 * MATCH_S), chance.random() ** 2)
        )
    write_label_tree(root / "labels", [MatchActions(MATCH, labels)])
    write_results(root / "predictions", [MatchActions(MATCH, tuple(spots))])
    noise = np.random.default_rng(seed)
    periods = {1: noise.beta(1, 6, (2 * MATCH_S, len(names))).astype(np.float32)}
    write_scores(
        root / "predictions" / MATCH / "scores.npz", MatchScores(MATCH, names, Fraction(2), periods)
    )
    write_video(root / "labels" / MATCH / "224p.mp4", MATCH_S * VIDEO_RATE)


def write_video(path: Path, frames: int) -> None:
    """A moving pattern, 398 x 224."""
    pattern = np.random.default_rng(1).integers(0, 255, (224, 1024, 3), dtype=np.uint8)
    with av.open(str(path), "w", options={"movflags": "faststart"}) as container:
        stream = container.add_stream(
            "libx264", rate=VIDEO_RATE, options={"preset": "ultrafast", "g": str(10 * VIDEO_RATE)}
        )
        stream.width, stream.height, stream.pix_fmt = 398, 224, "yuv420p"
        for frame in range(frames):
            shift = frame % 600
            picture = np.ascontiguousarray(pattern[:, shift : shift + 398])
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode(None))


@contextmanager
def server(root: Path) -> Iterator[tuple[int, int]]:
    """Start the command as a user does; gives its port and process number."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    code = "from spotkick.cli.view import view; import typer; typer.run(view)"
    folders = [str(root / "labels"), str(root / "predictions")]
    command = [
        sys.executable,
        "-c",
        code,
        *folders,
        "--port",
        str(port),
        "--no-browser",
        "--edits",
        str(root / "edits"),
    ]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        try:
            wait_for(port)
            yield port, process.pid
        finally:
            process.terminate()


def wait_for(port: int) -> None:
    """Return when the server answers."""
    for _ in range(600):
        try:
            get(port, "/api/matches")
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise TimeoutError("the server did not start")


def get(port: int, path: str, headers: dict[str, str] | None = None) -> bytes:
    """Fetch a whole reply."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("GET", path, headers=headers or {})
    return connection.getresponse().read()


def first_byte_ms(port: int, path: str, size: int, chance: random.Random) -> float:
    """Milliseconds from a range request at a random place to its first byte, new connection."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    start = time.perf_counter()
    connection.request("GET", path, headers={"Range": f"bytes={chance.randrange(size)}-"})
    connection.getresponse().read(1)
    elapsed = time.perf_counter() - start
    connection.close()
    return 1000 * elapsed


def memory_mb(pid: int) -> float:
    """Largest resident size of a process so far (Linux)."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    return float("nan")


def paints(browser: Browser, url: str, repeat: int) -> tuple[list[float], list[float]]:
    """First contentful paint, and time until curves and corrections are there, in milliseconds.

    Each with an empty cache.
    """
    first, complete = [], []
    for _ in range(repeat):
        context = browser.new_context(viewport={"width": 1280, "height": 900})
        page = context.new_page()
        page.goto(url)
        page.wait_for_selector("body[data-ready]")
        complete.append(float(page.evaluate("performance.now()")))
        paint = "performance.getEntriesByName('first-contentful-paint')[0].startTime"
        first.append(float(page.evaluate(paint)))
        context.close()
    return first, complete


def rates(page: Page, kind: str, seconds: float) -> tuple[float, float]:
    """Frames a second, and the 95th percentile of the time between frames in milliseconds."""
    gaps = [float(gap) for gap in page.evaluate(_FRAMES, [kind, seconds])]
    return 1000 * len(gaps) / sum(gaps), statistics.quantiles(gaps, n=20)[-1]


def seek_ms(page: Page, repeat: int, chance: random.Random) -> list[float]:
    """Milliseconds until the video shows the picture of a random time."""
    code = """async (t) => {
      const video = document.getElementById('video');
      const start = performance.now();
      await new Promise((done) => {
        video.addEventListener('seeked', done, {once: true});
        video.currentTime = t;
      });
      return performance.now() - start;
    }"""
    return [float(page.evaluate(code, chance.uniform(10, MATCH_S - 10))) for _ in range(repeat)]


def main() -> None:
    """Fabricate, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument(
        "--keep", type=Path, help="folder for the fabricated match; used again when it exists"
    )
    parser.add_argument("--repeat", type=int, default=5)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        root = arguments.keep or Path(temporary)
        if not (root / "predictions").exists():
            fabricate(root)
        measure(root, arguments.repeat)


def measure(root: Path, repeat: int) -> None:
    """Measure one fabricated match."""
    chance = random.Random(2)
    with server(root) as (port, pid), sync_playwright() as playwright:
        print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
        idle = memory_mb(pid)
        key = json.loads(get(port, "/api/matches"))["matches"][0]["key"]
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        url = f"http://127.0.0.1:{port}/match?id={key}"
        first, complete = paints(browser, url, repeat)
        report("first paint, ms (median, worst)", statistics.median(first), max(first))
        report("all curves and corrections drawn, ms", statistics.median(complete), max(complete))
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.goto(url)
        page.wait_for_selector("body[data-ready]")
        for kind in ("zoom", "pan"):
            if kind == "pan":
                for _ in range(3):
                    page.keyboard.press("+")
            runs = [rates(page, kind, 3.0) for _ in range(repeat)]
            report(
                f"{kind}: frames/s (median, worst run)",
                statistics.median(run[0] for run in runs),
                min(run[0] for run in runs),
            )
            report(
                f"{kind}: 95th percentile between frames, ms",
                statistics.median(run[1] for run in runs),
                max(run[1] for run in runs),
            )
        seeks = seek_ms(page, 4 * repeat, chance)
        report("video seek to picture, ms (median, worst)", statistics.median(seeks), max(seeks))
        browser.close()
        path = f"/api/matches/{key}/video/1"
        size = next((root / "labels").rglob("224p.mp4")).stat().st_size
        waits = [first_byte_ms(port, path, size, chance) for _ in range(40 * repeat)]
        report(
            "range request to first byte, ms (median, worst)", statistics.median(waits), max(waits)
        )
        for second in range(0, MATCH_S, 60):
            get(port, f"/api/matches/{key}/thumbnail/1?t_ms={1000 * second}")
        report("memory of the server, MB (at start, after all)", idle, memory_mb(pid))


def report(name: str, value: float, other: float) -> None:
    """One line of the table."""
    print(f"{name:50} {value:9.1f} {other:9.1f}", flush=True)


if __name__ == "__main__":
    main()
