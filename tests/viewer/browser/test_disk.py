"""Files that change on disk while the page is open, in a real browser."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from spotkick.actions import Action, MatchActions
from spotkick.formats.label_tree import write_label_tree
from spotkick.formats.results import write_results
from spotkick.viewer import match_store
from spotkick.viewer.edits import EditJournal
from spotkick.viewer.match_store import Library
from support.viewer_pages import (
    open_match,
    pick,
    until,
    until_attribute,
    until_count,
    until_equal,
    until_ready,
    wait_saved,
)

pytestmark = [pytest.mark.browser, pytest.mark.timeout(400)]

Page = Any
Serve = Callable[..., AbstractContextManager[str]]

ROWS = "document.querySelectorAll('.spot-row').length"


def write_spots(folder: Path, *spots: tuple[int, float]) -> None:
    actions = tuple(Action("Goal", 1, position_ms, score) for position_ms, score in spots)
    write_results(folder, [MatchActions("final", actions)])


def look_twice(page: Page) -> None:
    """Let the page look at the disk, as it does by itself every few seconds."""
    for _ in range(2):
        with page.expect_response("**/state"):
            page.evaluate("window.dispatchEvent(new Event('focus'))")
    until(page, "!document.getElementById('disk-bar').hidden")


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Library:
    monkeypatch.setattr(match_store, "LOOK_AGAIN_S", -1e9)
    monkeypatch.setattr(match_store, "LOOK_SHARE", 0)
    write_label_tree(tmp_path, [MatchActions("final", (Action("Goal", 1, 30_000),))])
    return Library([tmp_path], edits=tmp_path / "edits")


def test_results_of_a_run_that_finishes_are_taken_on_request(
    page: Page, tmp_path: Path, library: Library, serve: Serve
) -> None:
    with serve(library) as address:
        open_match(page, address, library, "final")
        page.keyboard.press("+")
        window = page.locator("#overview").get_attribute("aria-valuetext")
        pick(page, "00:30")
        page.keyboard.press("x")
        write_spots(tmp_path, (10_000, 0.9), (20_000, 0.8))
        look_twice(page)
        text = "Predictions of this match have changed on disk."
        until_equal(page, page.locator("#disk-text").inner_text, text)
        until_equal(page, lambda: page.evaluate(ROWS), 1)  # nothing is taken without being asked
        page.click("#disk-take")
        until(page, f"document.body?.dataset.ready === 'true' && {ROWS} === 3")
        until_attribute(page, "#overview", "aria-valuetext", window)
        until_count(page, ".status-rejected", 1)

        # A spot that was accepted and is no longer in the files stays.
        pick(page, "0.90")
        page.keyboard.press("a")
        wait_saved(page)
        write_spots(tmp_path, (20_000, 0.85))
        look_twice(page)
        page.click("#disk-later")
        page.wait_for_selector("#disk-bar", state="hidden")
        write_spots(tmp_path, (20_000, 0.85), (25_000, 0.6))
        look_twice(page)
        page.click("#disk-take")
        page.wait_for_selector("#notice:has-text('1 spot that you decided is no longer in them')")
        until(page, f"{ROWS} === 4")
    states = EditJournal(tmp_path / "edits" / "final" / "review.jsonl").states().values()
    assert sorted(state.status for state in states) == ["accepted", "rejected"]


def test_changes_that_are_not_saved_hold_up_changed_files(
    page: Page, tmp_path: Path, library: Library, serve: Serve
) -> None:
    write_spots(tmp_path, (10_000, 0.9))
    with serve(library) as address:
        open_match(page, address, library, "final")
        page.route("**/edits", lambda route: route.abort())  # writing fails, reading has a query
        pick(page, "0.90")
        page.keyboard.press("a")
        page.wait_for_selector("#save-state[data-state=problem]")
        write_spots(tmp_path, (12_000, 0.9))
        look_twice(page)
        page.click("#disk-take")
        page.wait_for_selector("#notice:has-text('not saved yet')")
        page.wait_for_selector(".status-accepted")

        # Even a reload by hand keeps a change of a spot that is gone.
        page.unroute("**/edits")
        page.evaluate("window.onbeforeunload = null")
        page.reload()
        until_ready(page)
        wait_saved(page)
    (state,) = EditJournal(tmp_path / "edits" / "final" / "review.jsonl").states().values()
    assert (state.position_ms, state.status) == (10_000, "accepted")


def test_start_page_offers_new_matches(
    page: Page, tmp_path: Path, library: Library, serve: Serve
) -> None:
    with serve(library) as address:
        page.goto(address)
        until_ready(page)
        write_label_tree(tmp_path, [MatchActions("semi", (Action("Goal", 1, 1000),))])
        for _ in range(2):
            with page.expect_response("**/changes"):
                page.evaluate("window.dispatchEvent(new Event('focus'))")
        until(page, "!document.getElementById('disk-bar').hidden")
        until_equal(
            page, page.locator("#disk-text").inner_text, "There are other matches on disk now."
        )
        page.click("#disk-take")
        until(page, "document.querySelectorAll('#match-rows tr').length === 2")
