"""Periods of one file, and of several files, in a real browser."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from spotkick.actions import Action, MatchActions
from spotkick.datasets.period_options import parse_period_options
from spotkick.datasets.periods import PeriodSpan, write_periods
from spotkick.formats.results import write_results
from spotkick.viewer.edits import EditJournal
from spotkick.viewer.match_store import Library
from support.pattern_video import Pattern, read_number, write_pattern_video

pytestmark = [pytest.mark.browser, pytest.mark.timeout(400)]

Page = Any
Serve = Callable[..., AbstractContextManager[str]]

READ = """async () => {
  const video = document.getElementById('video');
  const wait = (ms) => new Promise((done) => setTimeout(done, ms));
  while (video.seeking || video.readyState < 2) await wait(20);
  await wait(120);
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [video.videoWidth, video.videoHeight];
  const context = canvas.getContext('2d');
  context.drawImage(video, 0, 0);
  const { data, width, height } = context.getImageData(0, 0, canvas.width, canvas.height);
  return [width, height, [...data]];
}"""


def write_match(folder: Path, actions: Sequence[Action]) -> Path:
    write_results(folder.parent / "out", [MatchActions(folder.name, tuple(actions))])
    folder.mkdir(parents=True)
    return folder.parent / "out"


def write_video(path: Path, seconds: int, first_number: int = 0) -> None:
    pattern = Pattern(25 * seconds, group_frames=25, b_frames=0, first_number=first_number)
    write_pattern_video(path, pattern)


def shown_number(page: Page) -> int | None:
    width, height, data = page.evaluate(READ)
    image = np.array(data, np.uint8).reshape(height, width, 4)[:, :, :3]
    return read_number(image)


def until(page: Page, condition: str) -> None:
    for _ in range(600):
        if page.evaluate(condition):
            return
        page.wait_for_timeout(50)
    pytest.fail(f"never became true: {condition}")


def open_match(page: Page, address: str, library: Library) -> None:
    page.goto(f"{address}/match?id={library.keys[0]}")
    page.wait_for_selector("body[data-ready]")


def pick(page: Page, text: str) -> None:
    page.locator(".spot-row", has_text=text).first.click()


def until_frame(page: Page, frame: int) -> None:
    until(page, f"document.getElementById('frame-number').textContent === 'frame {frame}'")


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
        open_match(page, address, library)
        assert shown_number(page) == 50
        pick(page, "0.82")
        until_frame(page, 662)  # 26.5 s of the file
        assert shown_number(page) == 662
        page.keyboard.press(".")
        until_frame(page, 663)
        assert shown_number(page) == 663
        pick(page, "0.91")
        until_frame(page, 175)  # 7.02 s of the file
        assert shown_number(page) == 175

        # A spot moved by a frame lies at the start of that frame of the file.
        page.keyboard.press("Alt+ArrowRight")
        page.wait_for_selector("#save-state[data-state=saved]")
        until_frame(page, 176)
        assert shown_number(page) == 176

        # The video goes from the end of the first period to the start of the second one.
        page.keyboard.press("l")
        page.keyboard.press(" ")
        until(page, "document.getElementById('clock-period').textContent === 'second half'")
        page.keyboard.press(" ")
        number = shown_number(page)
        assert number is not None
        assert 512 <= number < 662
    (state,) = EditJournal(edits / "game" / "review.jsonl").states().values()
    assert state.position_ms == 5020


def test_second_period_stops_at_its_end(page: Page, tmp_path: Path, serve: Serve) -> None:
    predictions = write_match(tmp_path / "game", [Action("Goal", 2, 2500, 0.82)])
    write_video(tmp_path / "game" / "match.mp4", 12)
    spans = parse_period_options(["1=1:3", "2=4:7"])[1]
    library = Library([tmp_path / "game", predictions], periods=spans)
    with serve(library) as address:
        open_match(page, address, library)
        pick(page, "0.82")
        page.keyboard.press(" ")
        until(page, "document.getElementById('play').getAttribute('aria-label') === 'Pause'")
        until(page, "document.getElementById('play').getAttribute('aria-label') === 'Play'")
        assert page.evaluate("document.getElementById('video').currentTime") < 7.5
        assert page.locator("#clock").inner_text()[:7] in ("00:02.9", "00:03.0")
        page.keyboard.press(" ")  # from the start of the period again
        until(page, "/^00:00/.test(document.getElementById('clock').textContent)")
        assert page.locator("#clock-period").inner_text() == "second half"


def test_parts_of_a_period_are_played_as_one(page: Page, tmp_path: Path, serve: Serve) -> None:
    actions = [Action("Goal", 1, 9500, 0.91), Action("Goal", 1, 13_000, 0.82)]
    predictions = write_match(tmp_path / "game", actions)
    for part in (1, 2):
        write_video(tmp_path / "game" / f"1_part{part}.mp4", 10, 250 * (part - 1))
    library = Library([tmp_path / "game", predictions])
    with serve(library) as address:
        open_match(page, address, library)
        pick(page, "0.82")
        until_frame(page, 75)
        assert shown_number(page) == 325
        pick(page, "0.91")
        until_frame(page, 237)
        assert shown_number(page) == 237
        page.keyboard.press(" ")
        until(page, "/^00:1[0-4]/.test(document.getElementById('clock').textContent)")
        page.keyboard.press(" ")
        assert page.evaluate("document.getElementById('video').src").endswith("/video/1?part=1")
        number = shown_number(page)
        assert number is not None
        assert 250 <= number < 400

        # From a known frame: five seconds back, over the joint.
        pick(page, "0.82")
        until_frame(page, 75)
        page.keyboard.press("j")
        until(page, "document.getElementById('video').src.endsWith('/video/1')")
        until_frame(page, 200)
        assert shown_number(page) == 200


def test_file_after_the_kick_off_begins_late(page: Page, tmp_path: Path, serve: Serve) -> None:
    predictions = write_match(tmp_path / "game", [Action("Goal", 1, 605_000, 0.82)])
    video = tmp_path / "game" / "match.mp4"
    write_video(video, 12)
    write_periods(video.parent, [PeriodSpan(1, 1.0, 9.0, video, position_s=600.0)])
    library = Library([tmp_path / "game", predictions])
    with serve(library) as address:
        open_match(page, address, library)
        message = page.locator("#video-message")
        assert message.inner_text() == "The video of the first half begins at 10:00."
        assert page.locator("#frame-number").inner_text() == ""
        pick(page, "0.82")
        until_frame(page, 150)
        assert shown_number(page) == 150
        assert message.is_hidden()
