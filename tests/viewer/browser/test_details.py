"""Small things that were wrong once: needless scrolling, long names, coarse lines, raw messages."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from spotkick.actions import Action, MatchActions
from spotkick.formats.label_tree import write_label_tree
from spotkick.formats.results import write_results
from spotkick.viewer.match_store import Library
from support.viewer_pages import open_match, until, until_equal, until_ready, until_text

pytestmark = [pytest.mark.browser, pytest.mark.timeout(400)]

Page = Any
Serve = Callable[..., AbstractContextManager[str]]

LONG = "League of " + "very " * 30 + "long names - " + "W" * 60
OVERFLOW = """() => {
  const page = document.documentElement;
  return [page.scrollWidth - innerWidth, page.scrollHeight - innerHeight];
}"""
SHARPNESS = """document.querySelector('#lanes canvas').width
  / document.getElementById('lanes').clientWidth"""

KEEP_QUERIES = """
  window.queries = [];
  const match = window.matchMedia.bind(window);
  window.matchMedia = (text) => {
    const query = match(text);
    window.queries.push(query);
    return query;
  };
"""


@pytest.fixture
def library(tmp_path: Path) -> Library:
    actions = (Action("Goal", 1, 5000), Action("Corner" * 25, 1, 9000))
    write_label_tree(tmp_path / "data", [MatchActions(LONG, actions)])
    spots = tuple(Action(action.label, 1, action.position_ms, 0.9) for action in actions)
    write_results(tmp_path / "out", [MatchActions(LONG, spots)])
    return Library([tmp_path / "data", tmp_path / "out"])


def test_page_with_long_names_fits_the_window(page: Page, library: Library, serve: Serve) -> None:
    with serve(library) as address:
        for width, height in ((1440, 900), (1920, 1080)):
            page.set_viewport_size({"width": width, "height": height})
            open_match(page, address, library, LONG)
            until_equal(page, lambda: page.evaluate(OVERFLOW), [0, 0])
        page.goto(address)
        until_ready(page)
        until_equal(page, lambda: page.evaluate(OVERFLOW)[0], 0)

        # Names are cut with dots inside their own cells.
        open_match(page, address, library, LONG)
        page.click("#tab-classes")
        for cell in ("#class-rows th", ".lane-name:not(.track)", "#match-name"):
            style = "(element) => getComputedStyle(element).textOverflow"
            shown = page.locator(cell).last
            until_equal(page, lambda: shown.evaluate(style), "ellipsis")  # noqa: B023


def test_curves_follow_the_pixels_of_the_screen(
    own_page: Page, library: Library, serve: Serve
) -> None:
    page = own_page
    page.add_init_script(KEEP_QUERIES)
    with serve(library) as address:
        open_match(page, address, library, LONG)
        until(page, f"{SHARPNESS} === 1")
        session = page.context.new_cdp_session(page)
        metrics = {"width": 1280, "height": 900, "deviceScaleFactor": 2, "mobile": False}
        session.send("Emulation.setDeviceMetricsOverride", metrics)
        # An emulated screen changes the ratio and sends no event, which a real one does.
        page.evaluate("queries.forEach((query) => query.dispatchEvent(new Event('change')))")
        until(page, f"{SHARPNESS} === 2")


def test_export_with_an_empty_threshold_asks_for_a_number(
    page: Page, library: Library, serve: Serve
) -> None:
    with serve(library) as address:
        open_match(page, address, library, LONG)
        page.click("#export-button")
        page.check("#export-undecided")
        page.fill("#export-threshold", "")
        page.click("#export-save")
        until_text(page, "#export-message", "must be a number from 0 to 1")
