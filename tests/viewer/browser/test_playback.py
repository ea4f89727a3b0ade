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
    until_attribute,
    until_equal,
    until_frame,
    until_number,
    until_playing,
    until_text,
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


def play_on(page: Page) -> None:
    """Play some frames, and pause."""
    before = stated_frame(page)
    page.keyboard.press(" ")
    until_equal(page, lambda: stated_frame(page) >= before + 4, True)
    page.keyboard.press(" ")
    until_playing(page, playing=False)


@pytest.mark.parametrize("name", ["late-mp4", "late-mkv", "reordered"])
def test_spot_of_file_that_starts_late_shows_its_frame(
    page: Page, address: str, library: Library, name: str
) -> None:
    open_match(page, address, library, name)
    pick(page, "Goal")
    until_frame(page, 75)
    until_number(page, 75)
    page.keyboard.press(".")
    until_frame(page, 76)
    until_number(page, 76)


def test_uneven_frames_are_stepped_one_by_one(page: Page, address: str, library: Library) -> None:
    open_match(page, address, library, "uneven")
    pick(page, "Goal")
    until(page, "document.getElementById('frame-number').title.includes('varies')")
    first = next(n for n in range(150) if GAPS[n + 1] > 75)
    until_frame(page, first)
    until_number(page, first)
    for step in range(1, 4):
        page.keyboard.press(".")
        until_frame(page, first + step)
        until_number(page, first + step)


@pytest.mark.parametrize("name", ["fast", "late-mkv"])
def test_pause_states_the_frame_on_the_screen(
    page: Page, address: str, library: Library, name: str
) -> None:
    open_match(page, address, library, name)
    for _ in range(3):
        play_on(page)
        number = shown_number(page)
        until_frame(page, number)
        page.keyboard.press(".")
        until_frame(page, number + 1)
        until_number(page, number + 1)


def test_spot_added_after_a_pause_lies_at_the_frame_on_the_screen(
    page: Page, address: str, library: Library, root: Path
) -> None:
    open_match(page, address, library, "fast")
    page.keyboard.press(" ")
    until_equal(page, lambda: stated_frame(page) > 10, True)
    page.keyboard.press("n")
    page.keyboard.press("Enter")
    journal = EditJournal(root / "edits" / "fast" / "review.jsonl")
    until_equal(page, lambda: len(journal.states()), 1)
    (state,) = journal.states().values()
    until_number(page, state.position_ms * 60_000 // (1001 * 1000))


def test_steps_at_the_end_of_a_half_stay_paused(page: Page, address: str, library: Library) -> None:
    open_match(page, address, library, "halves")
    pick(page, "Goal")
    until_frame(page, 149)
    until_number(page, 149)
    page.keyboard.press(",")
    for _ in range(3):
        page.keyboard.press(".")
    page.wait_for_timeout(200)  # time for what must not happen
    until_frame(page, 149)
    until_number(page, 149)
    until_attribute(page, "#play", "aria-label", "Play")
    until_equal(page, page.locator("#clock-period").inner_text, "first half")


def test_spot_past_the_end_of_the_video_keeps_its_clock(
    page: Page, address: str, library: Library
) -> None:
    open_match(page, address, library, "halves")
    page.wait_for_selector(
        "#match-warning-list:has-text('1 spot lies after the end of the video')", state="attached"
    )
    pick(page, "Foul")
    until_text(page, "#clock", "00:06.5")
    until_equal(
        page, page.locator("#video-note").inner_text, "The video ends at 00:06, before this time."
    )
    until_number(page, 149)
    page.wait_for_timeout(200)  # time for what must not happen
    until_attribute(page, "#play", "aria-label", "Play")
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
    until_number(page, 75)
    page.keyboard.press(".")
    until_frame(page, 76)
    until(page, "/t_ms=30[4-7]/.test(document.getElementById('still').src)")
    until_number(page, 76)
    page.click("#proxy-make")
    until(page, "document.getElementById('still').hidden")
    until_number(page, 76)
    page.keyboard.press(".")
    until_frame(page, 77)
    until_number(page, 77)
    play_on(page)
    number = shown_number(page)
    until_frame(page, number)
    assert number > 77
