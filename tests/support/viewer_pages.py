"""What tests in the browser do with a page of the viewer."""

import base64
import os
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from spotkick.viewer.match_store import Library
from support.pattern_video import read_number

Page = Any

WAIT_S = 60.0
"""How long a page may take to show what is expected, on a machine with other work."""

_READ_SCREEN = """async () => {
  const video = document.getElementById('video');
  const still = document.getElementById('still');
  const wait = (ms) => new Promise((done) => setTimeout(done, ms));
  const shown = still.hidden ? video : still;
  for (let i = 0; i < 400 && still.hidden && (video.seeking || video.readyState < 2); i++)
    await wait(10);
  await wait(50);
  if (shown === still) await still.decode();
  const canvas = document.createElement('canvas');
  canvas.width = shown.videoWidth || shown.naturalWidth;
  canvas.height = shown.videoHeight || shown.naturalHeight;
  const context = canvas.getContext('2d');
  context.drawImage(shown, 0, 0);
  const { data, width, height } = context.getImageData(0, 0, canvas.width, canvas.height);
  return [width, height, btoa(String.fromCharCode(...data.filter((_, i) => i % 4 === 0)))];
}"""


def until_number(page: Page, number: int) -> None:
    """Wait until the pattern frame of a number is on the screen."""
    until_equal(page, lambda: _read_number(page), number)


def shown_number(page: Page) -> int:
    """Number of the pattern frame that is on the screen, once it stays the same."""
    before: int | None = -1
    number = _read_number(page)
    for _ in range(20):
        if number == before:
            break
        before, number = number, _read_number(page)
    assert number is not None, "no frame of the pattern is on the screen"
    return number


def _read_number(page: Page) -> int | None:
    width, height, data = page.evaluate(_READ_SCREEN)
    red = np.frombuffer(base64.b64decode(data), np.uint8).reshape(height, width)
    return read_number(np.repeat(red[:, :, None], 3, axis=2))


def stated_frame(page: Page) -> int:
    """Frame number that the page states."""
    return int(page.locator("#frame-number").inner_text().split()[1])


def slow_down(page: Page) -> None:
    """Let the page have only a share of a core, where SPOTKICK_BROWSER_SLOWDOWN=8 asks for it.

    No test may depend on how fast a page draws: all of them pass slowed down as well.
    """
    rate = float(os.environ.get("SPOTKICK_BROWSER_SLOWDOWN", "1"))
    if rate > 1:
        session = page.context.new_cdp_session(page)
        session.send("Emulation.setCPUThrottlingRate", {"rate": rate})


def until_equal(page: Page, read: Callable[[], object], expected: object) -> None:
    """Wait until what is read equals what is expected, and show the last reading if it never does.

    The page draws a change in its next frame and saves it later, so nothing of it is read just
    once after an action. ``read`` may look at the page or at a file of the server.
    """
    end = time.monotonic() + WAIT_S
    while (value := _read_page(read)) != expected:
        if time.monotonic() > end:
            pytest.fail(f"is {value!r} and never became {expected!r}")
        page.wait_for_timeout(25)  # unlike a sleep, it lets Playwright answer the page


def _read_page(read: Callable[[], object]) -> object:
    """Read; None while the page is left for another one."""
    from playwright.sync_api import Error

    try:
        return read()
    except Error as error:
        if "navigation" in error.message or "context was destroyed" in error.message:
            return None
        raise


def until(page: Page, condition: str) -> None:
    """Wait for a condition; Playwright's own way would need 'unsafe-eval' in our policy."""
    end = time.monotonic() + WAIT_S
    while not _read_page(lambda: page.evaluate(condition)):
        if time.monotonic() > end:
            pytest.fail(f"never became true: {condition}")
        page.wait_for_timeout(25)


def until_text(page: Page, selector: str, part: str) -> None:
    """Wait until the text of an element contains a part."""
    end = time.monotonic() + WAIT_S
    while part not in (text := page.locator(selector).first.inner_text()):
        if time.monotonic() > end:
            pytest.fail(f"the text of {selector} is {text!r} and never contained {part!r}")
        page.wait_for_timeout(25)


def until_count(page: Page, selector: str, count: int) -> None:
    """Wait until so many elements are there."""
    until_equal(page, page.locator(selector).count, count)


def until_attribute(page: Page, selector: str, name: str, value: str) -> None:
    """Wait until an attribute of an element has a value."""
    until_equal(page, lambda: page.locator(selector).get_attribute(name), value)


def until_playing(page: Page, playing: bool = True) -> None:
    """Wait until the video plays, or until it is paused."""
    until_attribute(page, "#play", "aria-label", "Pause" if playing else "Play")


def until_ready(page: Page) -> None:
    """Wait until the page has loaded all that it shows."""
    page.wait_for_selector("body[data-ready]")


def until_frame(page: Page, frame: int) -> None:
    """Wait until the page states a frame number."""
    until(page, f"document.getElementById('frame-number').textContent === 'frame {frame}'")


def open_match(page: Page, address: str, library: Library, name: str) -> None:
    """Open the match of a name, and wait until it is drawn."""
    key = next(key for key in library.keys if _name_of(library, key) == name)
    open_key(page, address, key)


def open_key(page: Page, address: str, key: str, query: str = "") -> None:
    """Open a match, and wait until it is drawn."""
    page.goto(f"{address}/match?id={key}{query}")
    until_ready(page)


def _name_of(library: Library, key: str) -> str:
    files = library.files(key)
    return "" if files is None else files.name


def pick(page: Page, text: str) -> None:
    """Click the first row of the list that has a text."""
    page.locator(".spot-row", has_text=text).first.click()


def wait_saved(page: Page) -> None:
    """Wait until the server has confirmed all changes that the page has made.

    It says nothing of an action that the page has not handled yet: read the journal for those.
    """
    page.wait_for_selector("#save-state[data-state=saved]")
