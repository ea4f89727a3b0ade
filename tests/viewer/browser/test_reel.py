"""Reels of several matches, and captions, in a real browser."""

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from spotkick.actions import Action, MatchActions
from spotkick.formats.results import write_results
from spotkick.highlights.config import HighlightsConfig
from spotkick.pipelines.viewer_reels import HighlightReels
from spotkick.video.probe import probe
from spotkick.viewer.match_store import Library
from support.pattern_video import Pattern, write_pattern_video
from support.viewer_pages import (
    open_match,
    until,
    until_equal,
    until_number,
    until_ready,
    until_text,
)

pytestmark = [pytest.mark.browser, pytest.mark.timeout(400)]

Page = Any
Serve = Callable[..., AbstractContextManager[str]]

CONFIG = {"spot_threshold": 0.0, "lead_s": {"Goal": (1, 1)}, "apart_s": 3, "snap_s": 0}
ROWS = "[...document.querySelectorAll('#clip-list .clip-label')].map((row) => row.innerText)"


@pytest.fixture
def library(tmp_path: Path) -> Library:
    """Two matches whose videos differ in size and rate, with one goal each."""
    actions = [Action("Goal", 1, 4000, 0.9, team="home")]
    write_results(tmp_path, [MatchActions(name, tuple(actions)) for name in ("a/one", "a/two")])
    write_pattern_video(tmp_path / "a" / "one" / "1_a.mp4", Pattern(200))
    other = Pattern(200, size_px=(320, 180), first_number=1000)
    write_pattern_video(tmp_path / "a" / "two" / "1_b.mp4", other)
    return Library([tmp_path])


def collect(page: Page, address: str, library: Library, name: str) -> None:
    open_match(page, address, library, name)
    page.click("#tab-reel")
    page.wait_for_selector("#clip-list li")
    page.click("#clip-collect")
    page.wait_for_selector("#notice.shown")


def test_clips_of_several_matches_are_arranged_previewed_and_rendered(
    page: Page, library: Library, serve: Serve, tmp_path: Path
) -> None:
    maker = HighlightReels(HighlightsConfig.parse(CONFIG, "test"))
    with serve(library, maker=maker) as address:
        collect(page, address, library, "a/one")
        collect(page, address, library, "a/two")
        until_text(page, "#reel-link", "Reel of several matches (2)")
        page.click("#reel-link")
        until_ready(page)
        until_equal(page, lambda: page.evaluate(ROWS), ["Goal\none", "Goal\ntwo"])
        until_equal(page, page.locator(".clip-time").all_inner_texts, ["00:03", "00:03"])

        # Trim, name and move the clip of the second match, then preview.
        page.locator("#clip-list .clip-length").nth(1).click()
        page.fill("[aria-label='Name of the clip']", "The winner")
        page.press("[aria-label='Name of the clip']", "Enter")
        start = "[aria-label^='from of the clip']"
        page.fill(start, "4.5")
        page.press(start, "Enter")
        page.click("[aria-label='Earlier in the reel']")
        until(page, f"({ROWS})[0] === 'The winner\\ntwo'")
        until_equal(page, page.locator("#reel-total").inner_text, "2 clips, 0:03")
        for part in ("match", "clock", "title", "team"):
            page.check(f"#captions input[value={part}]")
        page.click("#reel-preview")
        until(page, "document.getElementById('video').src.includes('1_') === false")
        until(page, "document.querySelector('#clip-list li.playing:nth-child(2)') !== null")
        until(page, "document.querySelector('#clip-list li.playing') === null")
        until_equal(page, page.locator("#clock-period").inner_text, "one")

        # What comes out is one file with the frames of both, in this order.
        page.click("#reel-render")
        page.wait_for_selector("#reel-files a")
        with page.expect_download() as download:
            page.click("#reel-files a:has-text('Reel (MP4)')")
        download.value.save_as(tmp_path / "reel.mp4")
        info = probe(tmp_path / "reel.mp4")
        assert (info.width_px, info.height_px) == (320, 180)
        assert info.duration_s == pytest.approx(2.5, abs=0.1)
        with page.expect_download() as download:
            page.click("#reel-files a:has-text('JSON')")
        rows = json.loads(Path(download.value.path()).read_text())["clips"]
        assert [(row["video"], row["start_s"], row["end_s"]) for row in rows] == [
            ("1_b.mp4", 4.5, 5.0),
            ("1_a.mp4", 3.0, 5.0),
        ]
        assert [row["title"] for row in rows] == ["The winner · two", "Goal · one"]

        # The list outlives the page; a removed clip is gone.
        page.reload()
        until_ready(page)
        until(page, f"({ROWS}).length === 2")
        until_number(page, 1112)
        page.locator("#clip-list .clip-length").first.click()
        page.click("[aria-label='Remove this clip']")
        until(page, f"({ROWS}).length === 1")


def test_reel_page_without_clips_says_how_to_collect(
    page: Page, library: Library, serve: Serve
) -> None:
    with serve(library) as address:
        page.goto(f"{address}/reel")
        until_ready(page)
        until_text(page, "#failure-reason", "press Collect clips")
        page.goto(address)
        until_ready(page)
        page.wait_for_selector("#reel-link", state="hidden")
