"""The sound below the curves, in a real browser."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from spotkick.actions import Action, MatchActions
from spotkick.formats.results import write_results
from spotkick.viewer.match_store import Library
from support.pattern_video import Pattern, write_pattern_video
from support.viewer_pages import open_match, until, until_equal, until_ready

pytestmark = [pytest.mark.browser, pytest.mark.timeout(400)]

Page = Any
Serve = Callable[..., AbstractContextManager[str]]

LOUD_SHARES = """() => {
  const canvas = document.querySelector('#lanes canvas');
  const ratio = canvas.width / document.getElementById('lanes').clientWidth;
  const height = Math.round(34 * ratio);
  const top = canvas.height - Math.round(26 * ratio) - height;
  const { data } = canvas.getContext('2d').getImageData(0, top, canvas.width, height);
  const near = (value, wanted) => Math.abs(value - wanted) < 12;  // the colour of curves
  const painted = (x, y) => [125, 143, 163].every(
    (wanted, i) => near(data[4 * (y * canvas.width + x) + i], wanted));
  const loud = [];
  for (let x = 0; x < canvas.width; x++) {
    let count = 0;
    for (let y = 0; y < height; y++) if (painted(x, y)) count++;
    if (count > height / 2) loud.push(x / canvas.width);
  }
  return loud;
}"""


def test_sound_is_drawn_below_the_curves_at_its_time(
    page: Page, tmp_path: Path, serve: Serve
) -> None:
    write_results(tmp_path, [MatchActions("game", (Action("Goal", 1, 5000, 0.9),))])
    write_pattern_video(tmp_path / "game" / "1_a.mkv", Pattern(200, beeps_s=(2.0,), start_ticks=50))
    write_pattern_video(tmp_path / "game" / "2_a.mp4", Pattern(200))
    library = Library([tmp_path])
    with serve(library) as address:
        open_match(page, address, library, "game")
        silent = "There is no sound in 2_a.mp4."
        until(page, f"document.getElementById('wave-note').textContent === '{silent}'")
        until(page, f"({LOUD_SHARES})().length > 0")
        loud = page.evaluate(LOUD_SHARES)
        assert min(loud) == pytest.approx(2.0 / 16, abs=0.006)
        assert max(loud) == pytest.approx(2.1 / 16, abs=0.006)
        until_equal(page, page.locator(".track-sound").inner_text, "Sound")

        # The strip goes and comes back, and the browser remembers which.
        page.click("#wave-button")
        until(page, "document.querySelector('.track-sound') === null")
        page.reload()
        until_ready(page)
        page.wait_for_selector("#wave-note", state="hidden")
        page.click("#wave-button")
        until(page, f"({LOUD_SHARES})().length > 0")


def test_match_without_sound_says_so(page: Page, tmp_path: Path, serve: Serve) -> None:
    write_results(tmp_path, [MatchActions("game", (Action("Goal", 1, 500, 0.9),))])
    write_pattern_video(tmp_path / "game" / "match.mp4", Pattern(50))
    library = Library([tmp_path])
    with serve(library) as address:
        open_match(page, address, library, "game")
        note = page.locator("#wave-note")
        until(page, "!document.getElementById('wave-note').hidden")
        until_equal(page, note.inner_text, "This video has no sound.")
