"""Make the pictures of README and docs from the output of the demo, in a real browser.

    make demo && python tools/pictures.py demo-output

``viewer.webp`` shows the viewer in motion, ``reel.webp`` the clips of the reel, ``report.webp`` the
scores of a test match over time, from an evaluation report. Needs the packages of the
extra ``dev`` and Chromium; CHROMIUM names it where it is not found.
"""

import argparse
import io
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final
from urllib.request import urlopen

from PIL import Image
from playwright.sync_api import Page, sync_playwright

from spotkick.checkpoint import read_checkpoint
from spotkick.demo.data import CLIP, CLIP_LABELS, SEASON, SHIPPED

IMAGES: Final = Path(__file__).parent.parent / "docs" / "images"
MAX_BYTES: Final = 2_000_000
"""Largest size of a picture; pages with more load slowly."""

VIEWPORT: Final = {"width": 1280, "height": 800}
REEL_VIEWPORT: Final = {"width": 840, "height": 800}
REPORT_VIEWPORT: Final = {"width": 900, "height": 800}
WIDTH: Final = 960
"""Width of the finished pictures."""

FRAME_MS: Final = 160
"""Time for which a frame of the moving picture is shown."""

STEP_S: Final = 0.2
"""Step of the video between two frames: a little faster than real time."""

STRETCHES: Final = (("Goal", 125.0), ("Foul or offside", 74.0))
"""The spots that are selected, and where the stretch of video that is shown with each begins."""

FRAMES: Final = 26
"""Frames of each stretch."""

HELD_FRAMES: Final = 4
"""Frames for which the page stays as it is after a decision."""

_DEADLINE_S: Final = 60


def find_chromium() -> str:
    """The browser's program."""
    named = os.environ.get("CHROMIUM")
    found = named or shutil.which("chromium") or shutil.which("chromium-browser")
    if not found:
        sys.exit("Chromium is needed: install it, or name it with CHROMIUM=/path/to/chromium")
    return found


def make_match(demo: Path, root: Path) -> None:
    """A match folder with the clip, its labels, and what the demo spotted in it."""
    folder = root / "bundled clip"
    shutil.copytree(demo / "clip" / "clip", folder)
    shutil.copy(CLIP, folder / "224p.mp4")
    shutil.copy(CLIP_LABELS, folder / "Labels-v2.json")


@contextmanager
def serve(root: Path) -> Iterator[str]:
    """Run the viewer on a folder while pictures are taken; gives its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "spotkick", "view", str(root)]
    server = subprocess.Popen([*command, "--no-browser", "--port", str(port)])
    address = f"http://127.0.0.1:{port}/"
    try:
        deadline = time.monotonic() + _DEADLINE_S
        while not _answers(address):
            if server.poll() is not None or time.monotonic() > deadline:
                sys.exit("the viewer did not start")
            time.sleep(0.2)
        yield address
    finally:
        server.terminate()
        server.wait()


def _answers(address: str) -> bool:
    try:
        with urlopen(address, timeout=2) as answer:  # noqa: S310 (our own server)
            return bool(answer.status == 200)
    except OSError:
        return False


def photograph(page: Page, *, target: str | None = None) -> Image.Image:
    """The page, or one element of it, at the width of the finished pictures."""
    shot = page.locator(target).screenshot() if target else page.screenshot()
    image = Image.open(io.BytesIO(shot)).convert("RGB")
    height = round(image.height * WIDTH / image.width)
    return image.resize((WIDTH, height), Image.Resampling.LANCZOS)


def picture_viewer(page: Page, address: str) -> list[Image.Image]:
    """The viewer while spots are selected, watched and accepted."""
    page.goto(address)
    page.get_by_text("bundled clip").first.click()
    page.wait_for_selector("video")
    page.wait_for_function("document.querySelector('video').readyState >= 2")

    frames = []
    for label, start_s in STRETCHES:
        page.get_by_role("option", name=label).or_(
            page.get_by_text(label, exact=True)
        ).first.click()
        for number in range(FRAMES):
            _seek(page, start_s + STEP_S * number)
            frames.append(photograph(page))
        page.keyboard.press("a")
        frames += [photograph(page)] * HELD_FRAMES
    return frames


def _seek(page: Page, position_s: float) -> None:
    """Show the frame at a position, and wait until it and the timeline are drawn."""
    page.evaluate(
        """async (seconds) => {
            const video = document.querySelector('video');
            const done = new Promise((resolve) => {
                video.addEventListener('seeked', resolve, {once: true});
            });
            video.currentTime = seconds;
            await done;
            await new Promise((resolve) => setTimeout(resolve, 150));
        }""",
        position_s,
    )


def picture_reel(page: Page, demo: Path) -> Image.Image:
    """The clips of the reel, as the demo's page shows them."""
    page.set_viewport_size(REEL_VIEWPORT)
    page.goto((demo / "index.html").absolute().as_uri())
    return photograph(page, target="div.cards")


def picture_report(page: Page, demo: Path, folder: Path) -> Image.Image:
    """Scores over time of a test match, from the report about the shipped checkpoint."""
    classes, report = folder / "classes.txt", folder / "report.html"
    classes.write_text("\n".join(read_checkpoint(SHIPPED).classes.names))
    command = [sys.executable, "-m", "spotkick", "evaluate"]
    inputs = [str(demo / "predictions" / "checkpoint"), str(SEASON), "--split", "test"]
    options = ["--classes", str(classes), "--report", str(report)]
    subprocess.run([*command, *inputs, *options], check=True, stdout=subprocess.DEVNULL)
    page.set_viewport_size(REPORT_VIEWPORT)
    page.goto(report.absolute().as_uri())
    return photograph(page, target="#segmentation .lanes")


def write_picture(name: str, frames: list[Image.Image], **options: Any) -> None:
    """Write one picture, moving where there are several frames, and check its size."""
    path = IMAGES / name
    path.parent.mkdir(parents=True, exist_ok=True)
    moving = {"save_all": True, "append_images": frames[1:], "duration": FRAME_MS, "loop": 0}
    frames[0].save(path, "WEBP", method=6, **(moving if len(frames) > 1 else {}), **options)
    size = path.stat().st_size
    print(f"{path}: {frames[0].width}x{frames[0].height}, {len(frames)} frames, {size:,} bytes")
    if size > MAX_BYTES:
        sys.exit(f"{path} is larger than {MAX_BYTES:,} bytes; show fewer frames")


def main() -> None:
    """Make all pictures."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("demo", type=Path, help="folder that 'spotkick demo' wrote")
    demo = parser.parse_args().demo
    if not (demo / "index.html").is_file():
        sys.exit(f"{demo} holds no demo: run 'make demo' first")

    with tempfile.TemporaryDirectory() as temporary, sync_playwright() as playwright:
        folder = Path(temporary)
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=["--no-sandbox"])
        page = browser.new_page(viewport=VIEWPORT)
        make_match(demo, folder / "matches")
        with serve(folder / "matches") as address:
            write_picture("viewer.webp", picture_viewer(page, address), quality=55)
        write_picture("reel.webp", [picture_reel(page, demo)], quality=80)
        write_picture("report.webp", [picture_report(page, demo, folder)], quality=80)
        browser.close()


if __name__ == "__main__":
    main()
