"""How quick and how small the viewer is, all in one run.

    python benchmarks/viewer.py [--keep DIR] [--repeat 5] [--labels DIR]

Fabricated are a match of two hours (17 classes of curves, 2,000 spots, 900 labels, a video),
matches of 11,000 and 30,000 spots, and a folder of 100 matches with scores. ``--labels`` is a
folder of label files to open and export, such as the 400 of SoccerNet's train and valid splits.
Prints a table, and the load of the machine before each part. Needs Chromium and playwright.
"""

import argparse
import gzip
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

from spotkick import viewer
from spotkick.actions import SOCCERNET_V2, Action, MatchActions
from spotkick.formats.label_tree import write_label_tree
from spotkick.formats.results import write_results
from spotkick.formats.scores import MatchScores, write_scores

MATCH = "league/season/two hours"
MATCH_S = 7200
NUM_LABELS = 900
NUM_SPOTS = 2000
VIDEO_RATE = 5
HALF_S = 2700
NUM_MATCHES = 100
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


_ACTION_MS = """async (action) => {
  const start = performance.now();
  if (action.startsWith('#')) document.querySelector(action).click();
  else if (action === 'slide') {
    const slider = document.querySelector("[aria-label='Threshold of all classes']");
    slider.value = 0.3 + 0.4 * Math.random();
    slider.dispatchEvent(new Event('input', { bubbles: true }));
  } else document.body.dispatchEvent(new KeyboardEvent('keydown', {
    key: action.split('+').pop(), altKey: action.startsWith('Alt'), bubbles: true}));
  await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
  return performance.now() - start;
}"""


def fabricate_spots(root: Path, match: str, num_labels: int, num_spots: int, seed: int) -> None:
    """Write labels and predictions of two halves; two thirds of the spots are noise of 0 to 0.6."""
    chance = random.Random(seed)
    names = SOCCERNET_V2.names

    def at_random() -> tuple[str, int, int]:
        return chance.choice(names), chance.choice((1, 2)), chance.randrange(1000 * HALF_S)

    labels = tuple(Action(*at_random()) for _ in range(num_labels))
    spots = [
        Action(
            label.label,
            label.period,
            max(0, label.position_ms + int(chance.gauss(0, 1500))),
            round(min(0.99, 0.2 + chance.random()), 2),
        )
        for label in labels
    ]
    noise = range(num_spots - num_labels)
    spots += [Action(*at_random(), round(0.6 * chance.random(), 2)) for _ in noise]
    write_label_tree(root / "labels", [MatchActions(match, labels)])
    write_results(root / "predictions", [MatchActions(match, tuple(spots))])


def fabricate_many(root: Path) -> None:
    """Write a hundred matches of two halves with scores."""
    names = SOCCERNET_V2.names
    for number in range(NUM_MATCHES):
        match = f"league/season/{number:03} match"
        fabricate_spots(root, match, 250, 1700, number)
        noise = np.random.default_rng(number)
        periods = {
            period: noise.beta(1, 6, (2 * HALF_S, len(names))).astype(np.float32)
            for period in (1, 2)
        }
        scores = MatchScores(match, names, Fraction(2), periods)
        write_scores(root / "predictions" / match / "scores.npz", scores)


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
def server(edits: Path, *folders: Path) -> Iterator[tuple[int, int]]:
    """Start the command as a user does; gives its port and process number."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    code = "from spotkick.cli.view import view; import typer; typer.run(view)"
    command = [
        sys.executable,
        "-c",
        code,
        *map(str, folders),
        "--port",
        str(port),
        "--no-browser",
        "--edits",
        str(edits),
    ]
    # summaries and copies of earlier runs would be found again
    environment = {**os.environ, "XDG_CACHE_HOME": str(edits.with_name("cache"))}
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, env=environment) as process:
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
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=300)
    connection.request("GET", path, headers=headers or {})
    return connection.getresponse().read()


def first_byte_ms(port: int, path: str, size: int, chance: random.Random) -> float:
    """Milliseconds from a range request at a random place to its first byte, new connection."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=300)
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
    parser.add_argument("--labels", type=Path, help="folder of label files to open and export")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        root = arguments.keep or Path(temporary)
        if not (root / "many").exists():
            fabricate(root / "match")
            fabricate_spots(root / "11,000", "crowd", 1100, 11_000, 1)
            fabricate_spots(root / "30,000", "crowd", 3000, 30_000, 1)
            fabricate_many(root / "many")
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
            scratch = Path(temporary) / "scratch"
            measure_start_page(browser, root / "many", scratch / "many" / "edits")
            for crowd in ("11,000", "30,000"):
                measure_crowd(browser, root / crowd, scratch / crowd / "edits", arguments.repeat)
            measure_match(browser, root / "match", scratch / "match" / "edits", arguments.repeat)
            if arguments.labels is not None:
                measure_labels(browser, arguments.labels, scratch / "labels" / "edits")
            browser.close()
    measure_bundle()


def begin(part: str) -> None:
    """Name a part of the table, and how busy the machine is."""
    print(f"{part}: load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores", flush=True)


def measure_start_page(browser: Browser, root: Path, edits: Path) -> None:
    """The table of many matches: first visit, second visit, visit after a new start."""
    for visits in (("first", "second"), ("after a new start",)):
        with server(edits, root / "labels", root / "predictions") as (port, pid):
            for visit in visits:
                begin(f"{NUM_MATCHES} matches, {visit} visit")
                before = processor_s(pid)
                table, complete = visit_start_page(browser, f"http://127.0.0.1:{port}/")
                report("table, all figures, s", table, complete)
                report("processor time of the server, s", processor_s(pid) - before, float("nan"))


def visit_start_page(browser: Browser, address: str) -> tuple[float, float]:
    """Seconds until the table is there, and until all of its figures are."""
    page = new_page(browser)
    start = time.perf_counter()
    page.goto(address)
    page.wait_for_selector("#match-rows tr")
    table = time.perf_counter() - start
    page.wait_for_selector("body[data-ready]")
    complete = time.perf_counter() - start
    page.close()
    return table, complete


def measure_crowd(browser: Browser, root: Path, edits: Path, repeat: int) -> None:
    """One match of very many spots: opening, deciding, moving, sliding, zooming."""
    begin(f"{root.name} spots")
    with server(edits, root / "labels", root / "predictions") as (port, _):
        page = new_page(browser)
        start = time.perf_counter()
        page.goto(f"http://127.0.0.1:{port}/match?id={only_key(port)}")
        page.wait_for_selector("body[data-ready]")
        report("open, s", time.perf_counter() - start, float("nan"))
        page.select_option("#kind-filter", "also below threshold")
        page.locator(".spot-row").first.click()

        # the work of a person, each as long as the page is busy with it
        actions = {"accept": "#accept", "move": "Alt+ArrowRight", "U": "u"}
        for name, action in actions.items():
            times = [float(page.evaluate(_ACTION_MS, action)) for _ in range(repeat)]
            report(f"{name}, ms (median, worst)", statistics.median(times), max(times))
        page.click("#tab-classes")
        times = [float(page.evaluate(_ACTION_MS, "slide")) for _ in range(4 * repeat)]
        report("slider of all classes, ms (median, worst)", statistics.median(times), max(times))
        page.click("#tab-spots")
        measure_rates(page, repeat)
        page.close()


def measure_rates(page: Page, repeat: int) -> None:
    """Frames a second while the timeline is zoomed and moved."""
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


def measure_labels(browser: Browser, labels: Path, edits: Path) -> None:
    """A folder of label files: the start page, and the archive of all."""
    with server(edits, labels) as (port, _):
        begin(f"{len(json.loads(get(port, '/api/matches'))['matches'])} label files")
        table, complete = visit_start_page(browser, f"http://127.0.0.1:{port}/")
        report("table, all figures, s", table, complete)
        start = time.perf_counter()
        size = len(get(port, "/api/export"))
        report("archive of all: s, MB", time.perf_counter() - start, size / 1e6)


def measure_bundle() -> None:
    """Size of what a browser loads for the page of a match."""
    folder = Path(viewer.__file__).parent / "static"
    files = [folder / name for name in ("match.html", "match.js", "viewer.css", "uplot.css")]
    sizes = [path.read_bytes() for path in files]
    packed = sum(len(gzip.compress(content, mtime=0)) for content in sizes)
    report("page of a match: kB, kB compressed", sum(map(len, sizes)) / 1e3, packed / 1e3)


def new_page(browser: Browser) -> Page:
    """An empty page that waits as long as a busy machine needs."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.set_default_timeout(300_000)
    return page


def only_key(port: int) -> str:
    """Key of the first match."""
    return str(json.loads(get(port, "/api/matches"))["matches"][0]["key"])


def processor_s(pid: int) -> float:
    """Processor time of a process so far (Linux)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def measure_match(browser: Browser, root: Path, edits: Path, repeat: int) -> None:
    """Measure one fabricated match."""
    chance = random.Random(2)
    begin("a match of two hours")
    with server(edits, root / "labels", root / "predictions") as (port, pid):
        idle = memory_mb(pid)
        key = only_key(port)
        url = f"http://127.0.0.1:{port}/match?id={key}"
        first, complete = paints(browser, url, repeat)
        report("first paint, ms (median, worst)", statistics.median(first), max(first))
        report("all curves and corrections drawn, ms", statistics.median(complete), max(complete))
        page = new_page(browser)
        page.goto(url)
        page.wait_for_selector("body[data-ready]")
        measure_rates(page, repeat)
        page.evaluate("document.getElementById('video').muted = true")
        page.keyboard.press(" ")
        runs = [rates(page, "zoom", 3.0) for _ in range(repeat)]
        page.keyboard.press(" ")
        speeds = [run[0] for run in runs]
        report("zoom while playing: frames/s", statistics.median(speeds), min(speeds))
        seeks = seek_ms(page, 4 * repeat, chance)
        report("video seek to picture, ms (median, worst)", statistics.median(seeks), max(seeks))
        page.close()
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
