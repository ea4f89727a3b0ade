"""What tests in the browser do with a page of the viewer."""

import base64
from typing import Any

import numpy as np
import pytest

from spotkick.viewer.match_store import Library
from support.pattern_video import read_number

Page = Any

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


def shown_number(page: Page) -> int | None:
    """Number of the pattern frame that is on the screen, once it stays the same."""
    before: int | None = -1
    number = _read_number(page)
    for _ in range(20):
        if number == before:
            break
        before, number = number, _read_number(page)
    return number


def _read_number(page: Page) -> int | None:
    width, height, data = page.evaluate(_READ_SCREEN)
    red = np.frombuffer(base64.b64decode(data), np.uint8).reshape(height, width)
    return read_number(np.repeat(red[:, :, None], 3, axis=2))


def stated_frame(page: Page) -> int:
    """Frame number that the page states."""
    return int(page.locator("#frame-number").inner_text().split()[1])


def until(page: Page, condition: str) -> None:
    """Wait for a condition; Playwright's own way would need 'unsafe-eval' in our policy."""
    for _ in range(1200):
        if page.evaluate(condition):
            return
        page.wait_for_timeout(25)
    pytest.fail(f"never became true: {condition}")


def until_frame(page: Page, frame: int) -> None:
    """Wait until the page states a frame number."""
    until(page, f"document.getElementById('frame-number').textContent === 'frame {frame}'")


def open_match(page: Page, address: str, library: Library, name: str) -> None:
    """Open the match of a name, and wait until it is drawn."""
    key = next(key for key in library.keys if _name_of(library, key) == name)
    page.goto(f"{address}/match?id={key}")
    page.wait_for_selector("body[data-ready]")


def _name_of(library: Library, key: str) -> str:
    files = library.files(key)
    return "" if files is None else files.name


def pick(page: Page, text: str) -> None:
    """Click the first row of the list that has a text."""
    page.locator(".spot-row", has_text=text).first.click()


def wait_saved(page: Page) -> None:
    """Wait until the server has confirmed all changes."""
    page.wait_for_selector("#save-state[data-state=saved]")
