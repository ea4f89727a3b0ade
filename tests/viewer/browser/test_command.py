"""The command in its own process: reels in a browser, and corrections that survive a kill."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from spotkick.video.probe import probe
from spotkick.viewer.edits import EditJournal
from support.viewer_pages import until_equal, until_ready, wait_saved

RUN = "from spotkick.cli import main; main.COMMANDS = ('view',); main.run()"
SLIDE = "(slider, value) => { slider.value = value; slider.dispatchEvent(new Event('input')); }"

Season = Any
Page = Any

pytestmark = pytest.mark.timeout(400)


class Viewer:
    """A running ``spotkick view``."""

    def __init__(self, season: Season, port: int = 0) -> None:
        if not port:
            with socket.socket() as free:
                free.bind(("127.0.0.1", 0))
                port = free.getsockname()[1]
        self.port, self.address = port, f"http://127.0.0.1:{port}"
        options = ["--port", str(port), "--no-browser", "--edits", str(season.edits)]
        command = [sys.executable, "-c", RUN, "view", *map(str, season.paths), *options]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        assert "2 matches at" in self.process.stdout.readline()
        self.http = httpx.Client(
            base_url=self.address, headers={"origin": self.address}, timeout=60
        )
        for _ in range(400):
            try:
                self.matches = self.http.get("/api/matches").json()["matches"]
            except httpx.TransportError:
                time.sleep(0.05)
            else:
                return
        raise TimeoutError("the server does not answer")

    @property
    def key(self) -> str:
        return str(self.matches[0]["key"])

    def end(self) -> None:
        self.http.close()
        if self.process.poll() is None:
            self.process.terminate()
        self.process.wait(20)
        assert self.process.stdout is not None
        self.process.stdout.close()


@contextmanager
def running(season: Season, port: int = 0) -> Iterator[Viewer]:
    viewer = Viewer(season, port)
    try:
        yield viewer
    finally:
        viewer.end()


def open_match(page: Page, viewer: Viewer) -> None:
    page.goto(f"{viewer.address}/match?id={viewer.key}")
    until_ready(page)


def save(page: Page, name: str, folder: Path) -> Path:
    with page.expect_download() as download:
        page.locator("#reel-files a", has_text=name).click()
    path = folder / str(download.value.suggested_filename)
    download.value.save_as(path)
    return path


@pytest.mark.browser
def test_view_reel_of_a_video_from_click_to_file(
    page: Page, season: Season, tmp_path: Path
) -> None:
    from playwright.sync_api import expect

    total = page.locator("#reel-total")
    with running(season) as viewer:
        open_match(page, viewer)
        page.click("#tab-reel")
        page.wait_for_selector("#clip-list li")
        until_equal(
            page,
            page.locator("#clip-list li .clip-label > span").all_inner_texts,
            [
                "Goal, Foul",
                "Corner",
            ],
        )
        expect(total).to_have_text("2 of 2 clips, 0:40")
        page.locator("#reel-budget").evaluate(SLIDE, "25")
        expect(total).to_have_text("1 of 2 clips, 0:20")
        page.locator("#clip-list input:not(:checked)").click()
        expect(total).to_have_text("2 of 2 clips, 0:40")
        expect(total).to_have_class(
            re.compile("problem")
        )  # longer than asked for, and chosen all the same
        page.click("#reel-preview")
        expect(page.locator("#reel-preview")).to_have_text("Stop")
        expect(page.locator("#clip-list li").nth(0)).to_have_class(re.compile("playing"))
        for _ in range(4):
            page.keyboard.press("]")
        expect(page.locator("#clip-list li").nth(1)).to_have_class(
            re.compile("playing")
        )  # over the interval
        expect(page.locator("#clock-period")).to_have_text("second half")
        page.click("#reel-preview")
        expect(page.locator("#play")).to_have_attribute("aria-label", "Play")
        page.click("#reel-render")
        page.wait_for_selector("#reel-files a")
        names = page.locator("#reel-files a").all_inner_texts()
        assert names == [
            "Reel (MP4)",
            "EDL",
            "FCPXML",
            "OTIO",
            "Captions (VTT)",
            "CSV",
            "JSON",
            "Final Cut Pro 7",
            "ALE",
            "Markers for Resolve",
            "Markers for Premiere",
            "Poster (JPEG)",
        ]
        reel = save(page, "Reel (MP4)", tmp_path)
        assert reel.name == "2026-01-10-15-00-Northport-2-1-Eastvale-reel.mp4"
        clips = json.loads(save(page, "JSON", tmp_path).read_text())["clips"]
        length_s = sum(clip["reel_end_s"] - clip["reel_start_s"] for clip in clips)
        assert probe(reel).duration_s == pytest.approx(length_s, abs=0.11)
        assert 36 <= length_s <= 40  # ends of clips may have moved to shot changes
        assert re.search(r"^001  \w{2,8} +V", save(page, "EDL", tmp_path).read_text(), re.MULTILINE)
        timeline = json.loads(save(page, "OTIO", tmp_path).read_text())
        assert timeline["OTIO_SCHEMA"].startswith("Timeline")
        page.reload()  # the reel is still there
        until_ready(page)
        page.click("#tab-reel")
        page.wait_for_selector("#reel-files a")
        page.click("#find-shots")
        page.wait_for_selector("#find-shots", state="hidden")


def test_view_listens_on_loopback_alone(season: Season) -> None:
    with running(season) as viewer:
        table = Path("/proc/net/tcp")
        if not table.exists():
            pytest.skip("only Linux tells who listens where")
        rows = [line.split() for line in table.read_text().splitlines()[1:]]
        listening = {
            row[1] for row in rows if row[3] == "0A" and row[1].endswith(f":{viewer.port:04X}")
        }
        assert listening == {f"0100007F:{viewer.port:04X}"}


def change(number: int) -> dict[str, Any]:
    state = {
        "source": "added",
        "label": "Goal",
        "period": 1,
        "position_ms": number,
        "status": "accepted",
        "confidence": None,
    }
    return {"id": f"a-{number:012x}", "state": state}


@pytest.mark.skipif(
    not hasattr(signal, "SIGKILL"), reason="this system cannot kill a process without warning"
)
def test_view_killed_server_keeps_confirmed_changes(season: Season) -> None:
    confirmed = 0
    with running(season) as viewer:
        threading.Timer(1.0, viewer.process.kill).start()
        try:
            while True:
                edits = {"revision": confirmed, "edits": [change(confirmed)]}
                confirmed = viewer.http.post(f"/api/matches/{viewer.key}/edits", json=edits).json()[
                    "revision"
                ]
        except httpx.TransportError:
            viewer.process.wait(20)
    assert confirmed > 0
    with running(season) as again:
        journal = again.http.get(f"/api/matches/{again.key}/edits").json()
    assert confirmed <= journal["revision"] <= confirmed + 1
    assert [edit["id"] for edit in journal["edits"]] == [
        change(number)["id"] for number in range(journal["revision"])
    ]


@pytest.mark.browser
@pytest.mark.skipif(
    not hasattr(signal, "SIGKILL"), reason="this system cannot kill a process without warning"
)
def test_view_changes_made_while_the_server_is_down_are_sent_later(
    page: Page, season: Season
) -> None:
    with running(season) as viewer:
        open_match(page, viewer)
        page.locator(".spot-row", has_text="0.95").first.click()
        page.keyboard.press("a")
        until_equal(page, lambda: len(journal_of(season).states()), 1)
        wait_saved(page)
        os.kill(viewer.process.pid, signal.SIGKILL)
        viewer.process.wait(20)
        page.locator(".spot-row", has_text="0.80").first.click()
        page.keyboard.press("x")
        page.wait_for_selector("#save-state[data-state=problem]")
        assert len(journal_of(season).states()) == 1
        with running(season, viewer.port):
            page.wait_for_selector("#save-state[data-state=saved]")
    assert sorted(
        (state.confidence, state.status.value) for state in journal_of(season).states().values()
    ) == [
        (0.8, "rejected"),
        (0.95, "accepted"),
    ]


def journal_of(season: Season) -> EditJournal:
    return EditJournal(season.edits / season.first / "review.jsonl")
