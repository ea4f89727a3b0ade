"""The frame on the screen is that of the clock, in a real browser and for every kind of file."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from spotkick.actions import Action, MatchActions
from spotkick.formats.results import write_results
from spotkick.viewer.edits import EditJournal
from spotkick.viewer.match_store import Library
from support.pattern_video import Pattern, write_pattern_video
from support.viewer_pages import (
    open_match,
    pick,
    shown_number,
    stated_frame,
    until,
    until_frame,
    wait_saved,
)

pytestmark = [pytest.mark.browser, pytest.mark.timeout(400)]

Page = Any
Serve = Callable[..., AbstractContextManager[str]]

GAPS = [n + 3 * (n // 25) + 2 * (n // 60) for n in range(150)]
"""Ticks of a recording that lost frames again and again."""


def write_match(
    folder: Path, video: str, pattern: Pattern, *, at_s: float = 3.0, second: bool = False
) -> None:
    folder.mkdir(parents=True)
    write_pattern_video(folder / video, pattern)
    actions: tuple[Action, ...] = (Action("Goal", 1, round(1000 * at_s), 0.9),)
    if second:
        write_pattern_video(folder / "2_224p.mp4", pattern)
        actions = (*actions, Action("Foul", 1, 6500, 0.8), Action("Corner", 2, 1000, 0.7))
    write_results(folder.parent / "out", [MatchActions(folder.name, actions)])


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("playback")
    steady = Pattern(150, group_frames=25, b_frames=0)
    late = Pattern(150, group_frames=25, b_frames=0, start_ticks=137)
    write_match(root / "late-mp4", "224p.mp4", late)
    write_match(root / "late-mkv", "224p.mkv", late)
    write_match(root / "reordered", "224p.mkv", Pattern(150, group_frames=25, start_ticks=2))
    write_match(root / "uneven", "224p.mp4", Pattern(150, b_frames=0, ticks=GAPS))
    fast = Pattern(400, rate=Fraction(60_000, 1001), group_frames=60, b_frames=0)
    write_match(root / "fast", "224p.mp4", fast)
    write_match(root / "halves", "1_224p.mp4", steady, at_s=5.98, second=True)
    sound = Pattern(150, codec="mpeg2video", beeps_s=(1.0,), start_ticks=10)
    write_match(root / "mpeg2", "224p.mp4", sound)
    write_match(root / "stream", "224p.ts", Pattern(150, group_frames=25, start_ticks=35))
    return root


@pytest.fixture(scope="module")
def library(root: Path) -> Library:
    names = ("late-mp4", "late-mkv", "reordered", "uneven", "fast", "halves", "mpeg2", "stream")
    return Library([*(root / name for name in names), root / "out"], edits=root / "edits")


@pytest.fixture(scope="module")
def address(library: Library, serve: Serve) -> Iterator[str]:
    with serve(library) as address:
        yield address


@pytest.mark.parametrize("name", ["late-mp4", "late-mkv", "reordered"])
def test_spot_of_file_that_starts_late_shows_its_frame(
    page: Page, address: str, library: Library, name: str
) -> None:
    open_match(page, address, library, name)
    pick(page, "Goal")
    until_frame(page, 75)
    assert shown_number(page) == 75
    page.keyboard.press(".")
    until_frame(page, 76)
    assert shown_number(page) == 76


def test_uneven_frames_are_stepped_one_by_one(page: Page, address: str, library: Library) -> None:
    open_match(page, address, library, "uneven")
    pick(page, "Goal")
    until(page, "document.getElementById('frame-number').title.includes('varies')")
    first = next(n for n in range(150) if GAPS[n + 1] > 75)
    until_frame(page, first)
    assert shown_number(page) == first
    for step in range(1, 4):
        page.keyboard.press(".")
        until_frame(page, first + step)
        assert shown_number(page) == first + step


@pytest.mark.parametrize("name", ["fast", "late-mkv"])
def test_pause_states_the_frame_on_the_screen(
    page: Page, address: str, library: Library, name: str
) -> None:
    open_match(page, address, library, name)
    for _ in range(3):
        page.keyboard.press(" ")
        page.wait_for_timeout(230)
        page.keyboard.press(" ")
        number = shown_number(page)
        assert stated_frame(page) == number
        page.keyboard.press(".")
        until_frame(page, number + 1)
        assert shown_number(page) == number + 1


def test_spot_added_after_a_pause_lies_at_the_frame_on_the_screen(
    page: Page, address: str, library: Library, root: Path
) -> None:
    open_match(page, address, library, "fast")
    page.keyboard.press(" ")
    page.wait_for_timeout(300)
    page.keyboard.press("n")
    page.keyboard.press("Enter")
    wait_saved(page)
    number = shown_number(page)
    (state,) = EditJournal(root / "edits" / "fast" / "review.jsonl").states().values()
    assert state.position_ms * 60_000 // (1001 * 1000) == number


def test_steps_at_the_end_of_a_half_stay_paused(page: Page, address: str, library: Library) -> None:
    open_match(page, address, library, "halves")
    pick(page, "Goal")
    until_frame(page, 149)
    assert shown_number(page) == 149
    page.keyboard.press(",")
    for _ in range(3):
        page.keyboard.press(".")
    page.wait_for_timeout(200)
    assert stated_frame(page) == shown_number(page) == 149
    assert page.locator("#play").get_attribute("aria-label") == "Play"
    assert page.locator("#clock-period").inner_text() == "first half"


def test_spot_past_the_end_of_the_video_keeps_its_clock(
    page: Page, address: str, library: Library
) -> None:
    open_match(page, address, library, "halves")
    assert "1 spot lies after the end of the video" in (
        page.locator("#match-warning-list").inner_text(timeout=1000)
        if page.locator("#match-warnings").get_attribute("open")
        else page.locator("#match-warning-list").text_content()
    )
    pick(page, "Foul")
    assert page.locator("#clock").inner_text().startswith("00:06.5")
    assert page.locator("#video-note").inner_text() == "The video ends at 00:06, before this time."
    assert shown_number(page) == 149
    page.wait_for_timeout(200)
    assert page.locator("#play").get_attribute("aria-label") == "Play"
    page.keyboard.press(" ")  # goes on with the second half
    until(page, "document.getElementById('clock-period').textContent === 'second half'")


@pytest.mark.parametrize("name", ["mpeg2", "stream"])
def test_file_that_no_browser_plays_is_shown_as_stills_then_as_copy(
    page: Page, address: str, library: Library, name: str
) -> None:
    open_match(page, address, library, name)
    pick(page, "Goal")
    until_frame(page, 75)
    page.wait_for_selector("#still:visible")
    assert shown_number(page) == 75
    page.keyboard.press(".")
    until_frame(page, 76)
    until(page, "/t_ms=30[4-7]/.test(document.getElementById('still').src)")
    assert shown_number(page) == 76
    page.click("#proxy-make")
    until(page, "document.getElementById('still').hidden")
    assert shown_number(page) == 76
    page.keyboard.press(".")
    until_frame(page, 77)
    assert shown_number(page) == 77
    page.keyboard.press(" ")
    page.wait_for_timeout(200)
    page.keyboard.press(" ")
    assert shown_number(page) == stated_frame(page) > 77
