"""Periods of one file, and of several files, in a real browser."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from spotkick.actions import Action, MatchActions
from spotkick.datasets.period_options import parse_period_options
from spotkick.datasets.periods import PeriodSpan, write_periods
from spotkick.formats.results import write_results
from spotkick.viewer.edits import EditJournal
from spotkick.viewer.match_store import Library
from support.pattern_video import Pattern, write_pattern_video
from support.viewer_pages import (
    open_key,
    pick,
    shown_number,
    until,
    until_equal,
    until_frame,
    until_number,
    until_playing,
)

pytestmark = [pytest.mark.browser, pytest.mark.timeout(400)]

Page = Any
Serve = Callable[..., AbstractContextManager[str]]


def write_match(folder: Path, actions: Sequence[Action]) -> Path:
    write_results(folder.parent / "out", [MatchActions(folder.name, tuple(actions))])
    folder.mkdir(parents=True)
    return folder.parent / "out"


def write_video(path: Path, seconds: int, first_number: int = 0) -> None:
    pattern = Pattern(25 * seconds, group_frames=25, b_frames=0, first_number=first_number)
    write_pattern_video(path, pattern)


def open_first(page: Page, address: str, library: Library) -> None:
    open_key(page, address, library.keys[0])


def test_spots_of_one_file_are_shown_at_their_second_of_the_file(
    page: Page, tmp_path: Path, serve: Serve
) -> None:
    actions = [Action("Goal", 1, 5000, 0.91), Action("Goal", 2, 6000, 0.82)]
    predictions = write_match(tmp_path / "game", actions)
    write_video(tmp_path / "game" / "match.mp4", 40)
    spans = parse_period_options(["1=2.02:12", "2=20.5:35"])[1]
    edits = tmp_path / "edits"
    library = Library([tmp_path / "game", predictions], edits=edits, periods=spans)
    with serve(library) as address:
        open_first(page, address, library)
        until_number(page, 50)
        pick(page, "0.82")
        until_frame(page, 662)  # 26.5 s of the file
        until_number(page, 662)
        page.keyboard.press(".")
        until_frame(page, 663)
        until_number(page, 663)
        pick(page, "0.91")
        until_frame(page, 175)  # 7.02 s of the file
        until_number(page, 175)

        # A spot moved by a frame lies at the start of that frame of the file.
        page.keyboard.press("Alt+ArrowRight")
        journal = EditJournal(edits / "game" / "review.jsonl")
        until_equal(page, lambda: [s.position_ms for s in journal.states().values()], [5020])
        until_frame(page, 176)
        until_number(page, 176)

        # The video goes from the end of the first period to the start of the second one.
        page.keyboard.press("l")
        page.keyboard.press(" ")
        until(page, "document.getElementById('clock-period').textContent === 'second half'")
        page.keyboard.press(" ")
        number = shown_number(page)
        assert 512 <= number < 662


def test_second_period_stops_at_its_end(page: Page, tmp_path: Path, serve: Serve) -> None:
    predictions = write_match(tmp_path / "game", [Action("Goal", 2, 2500, 0.82)])
    write_video(tmp_path / "game" / "match.mp4", 12)
    spans = parse_period_options(["1=1:3", "2=4:7"])[1]
    library = Library([tmp_path / "game", predictions], periods=spans)
    with serve(library) as address:
        open_first(page, address, library)
        pick(page, "0.82")
        page.keyboard.press(" ")
        until(page, "/^00:0(2.9|3.0)/.test(document.getElementById('clock').textContent)")
        until_playing(page, playing=False)
        until(page, "document.getElementById('video').currentTime < 7.5")
        page.keyboard.press(" ")  # from the start of the period again
        until(page, "/^00:00/.test(document.getElementById('clock').textContent)")
        until_equal(page, page.locator("#clock-period").inner_text, "second half")


def test_parts_of_a_period_are_played_as_one(page: Page, tmp_path: Path, serve: Serve) -> None:
    actions = [Action("Goal", 1, 9500, 0.91), Action("Goal", 1, 13_000, 0.82)]
    predictions = write_match(tmp_path / "game", actions)
    for part in (1, 2):
        write_video(tmp_path / "game" / f"1_part{part}.mp4", 10, 250 * (part - 1))
    library = Library([tmp_path / "game", predictions])
    with serve(library) as address:
        open_first(page, address, library)
        pick(page, "0.82")
        until_frame(page, 75)
        until_number(page, 325)
        pick(page, "0.91")
        until_frame(page, 237)
        until_number(page, 237)
        page.keyboard.press(" ")
        until(page, "/^00:1[0-4]/.test(document.getElementById('clock').textContent)")
        page.keyboard.press(" ")
        until(page, "document.getElementById('video').src.endsWith('/video/1?part=1')")
        number = shown_number(page)
        assert 250 <= number < 400

        # From a known frame: five seconds back, over the joint.
        pick(page, "0.82")
        until_frame(page, 75)
        page.keyboard.press("j")
        until(page, "document.getElementById('video').src.endsWith('/video/1')")
        until_frame(page, 200)
        until_number(page, 200)


def test_file_after_the_kick_off_begins_late(page: Page, tmp_path: Path, serve: Serve) -> None:
    predictions = write_match(tmp_path / "game", [Action("Goal", 1, 605_000, 0.82)])
    video = tmp_path / "game" / "match.mp4"
    write_video(video, 12)
    write_periods(video.parent, [PeriodSpan(1, 1.0, 9.0, video, position_s=600.0)])
    library = Library([tmp_path / "game", predictions])
    with serve(library) as address:
        open_first(page, address, library)
        message = page.locator("#video-message")
        begins = "The video of the first half begins at 10:00."
        until_equal(page, message.inner_text, begins)
        until_equal(page, page.locator("#frame-number").inner_text, "")
        pick(page, "0.82")
        until_frame(page, 150)
        until_number(page, 150)
        until_equal(page, message.is_hidden, True)
