"""The whole review by keyboard alone and by touch alone, in Chromium and in Firefox."""

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from typing import Any, NoReturn

import pytest

from spotkick.viewer.edits import EditJournal, SpotState
from spotkick.viewer.match_store import Library
from support.hands import (
    FIREFOX,
    Hands,
    chromium_hands,
    find_program,
    firefox_hands,
    place_on,
    tab_to,
    tap,
    type_text,
    until,
)

pytestmark = [
    pytest.mark.browser,
    pytest.mark.timeout(400),
]

Season = Any
Serve = Callable[..., AbstractContextManager[str]]

READY = "document.body?.dataset.ready === 'true'"
SAVED = "document.getElementById('save-state').dataset.state === 'saved'"
REEL = "document.getElementById('reel-total').textContent"
SMALL_TARGETS = """
const small = [];
const targets = "button, select, input, summary, a, [role=option], [role=tab]";
for (const element of document.querySelectorAll(targets)) {
  if (!element.checkVisibility() || element.type === "range") continue;
  const box = (element.type === "checkbox" ? element.closest("label") ?? element : element)
    .getBoundingClientRect();
  const inTable = element.type === "checkbox" && element.closest("tr, li") !== null;
  if (inTable ? element.closest("tr, li").offsetHeight < 44 : box.height < 43.5 || box.width < 43.5)
    small.push(`${element.id || element.className || element.tagName} ${box.width}x${box.height}`);
}
return small;
"""


@pytest.fixture(scope="module", params=["chromium", "firefox"])
def hands(
    request: pytest.FixtureRequest,
    missing: Callable[[str], NoReturn],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Hands]:
    """Hands on a browser, one after the other."""
    with ExitStack() as stack:
        if request.param == "chromium":
            yield stack.enter_context(chromium_hands(request.getfixturevalue("browser")))
            return
        program = find_program(FIREFOX)
        if program is None:
            missing("firefox is not installed: apt-get install firefox-esr")
        folder = tmp_path_factory.mktemp("firefox")
        yield stack.enter_context(firefox_hands(program, folder))


@pytest.fixture
def address(library: Library, serve: Serve) -> Iterator[str]:
    with serve(library) as address:
        yield address


def states(season: Season) -> list[SpotState]:
    path: Path = season.edits / season.first / "review.jsonl"
    return list(EditJournal(path).states().values())


def until_written(
    season: Season, wanted: tuple[str, str, str, str | None], *, timeout_s: float = 60.0
) -> None:
    """Wait until the journal has a spot of this source, class, status and team."""
    end = time.monotonic() + timeout_s
    while wanted not in {(s.source, s.label, s.status.value, s.team) for s in states(season)}:
        assert time.monotonic() < end, f"{wanted} is not among {states(season)}"
        time.sleep(0.05)


def until_targets_are_large(hands: Hands, *, timeout_s: float = 20.0) -> None:
    end = time.monotonic() + timeout_s
    while (small := hands.run(SMALL_TARGETS)) != []:
        assert time.monotonic() < end, small
        time.sleep(0.05)


def selection_has(hands: Hands, text: str) -> None:
    until(hands, f"document.getElementById('selection').textContent.includes('{text}')")


def progress_is(hands: Hands, text: str) -> None:
    until(hands, f"document.getElementById('review-progress').textContent === '{text}'")


def test_whole_review_by_keyboard_alone(hands: Hands, address: str, season: Season) -> None:
    hands.shape(1280, 900)
    hands.open(address)
    until(hands, READY)

    # From the table into the first match; the first-use strip goes away.
    hands.press("/")
    type_text(hands, "north")
    tab_to(hands, "#match-rows a")
    hands.press("Enter")
    until(hands, "location.pathname === '/match'")
    until(hands, READY)
    tab_to(hands, "#welcome-close")
    hands.press("Enter")
    until(hands, "document.getElementById('welcome').hidden")

    # In motion: the surest spot is played until it is decided, and the next one follows.
    hands.press("r")
    selection_has(hands, "0.95")
    until(hands, "document.getElementById('play').getAttribute('aria-label') === 'Pause'")
    hands.press("a")
    progress_is(hands, "1 of 5 decided")
    selection_has(hands, "0.80")
    hands.press("r")

    # A spot is moved to the frame that is shown, another gets a class and a team.
    hands.press("ArrowRight")
    hands.press("Shift+ArrowRight")
    hands.press("m")
    progress_is(hands, "2 of 5 decided")
    hands.press("u")
    selection_has(hands, "0.55")
    hands.press("x")
    progress_is(hands, "3 of 5 decided")
    hands.press("Control+z")
    progress_is(hands, "2 of 5 decided")
    hands.press("c")
    type_text(hands, "goal")
    hands.press("Enter")
    progress_is(hands, "3 of 5 decided")
    tab_to(hands, "#detail-team")
    type_text(hands, "home")
    hands.press("Enter")

    # A spot that was missed is added.
    hands.press("Escape")
    hands.press("n")
    type_text(hands, "foul")
    hands.press("Enter")
    until_written(season, ("prediction", "Goal", "accepted", "home"))
    until_written(season, ("added", "Foul", "accepted", None))

    # Thresholds, then a reel, then the labels.
    tab_to(hands, "[role=tab][aria-selected=true]", back=True)
    hands.press("ArrowRight")
    tab_to(hands, "[aria-label='Threshold of all classes']")
    hands.press("ArrowRight")
    until(hands, "document.querySelector('.total-row .threshold-value').textContent === '0.51'")
    tab_to(hands, "[role=tab][aria-selected=true]", back=True)
    hands.press("ArrowRight")
    until(hands, "document.querySelectorAll('#clip-list li').length > 2")
    tab_to(hands, "#reel-budget")
    hands.press("Home")
    until(hands, f"/ 0:(0.|10)$/.test({REEL})")
    before = hands.evaluate(REEL)
    tab_to(hands, "#clip-list input:checked")
    hands.press(" ")
    until(hands, f"{REEL} !== '{before}'")
    tab_to(hands, "#reel-render")
    hands.press("Enter")
    until(hands, "document.querySelectorAll('#reel-files a').length === 3")
    tab_to(hands, "#export-button", back=True)
    hands.press("Enter")
    tab_to(hands, "#export-save")
    hands.press("Enter")
    until(hands, "document.getElementById('export-message').textContent.startsWith('Saved')")
    hands.press("Escape")
    hands.press("Shift+PageDown")
    until(hands, "document.querySelector('h1')?.textContent.includes('Westmoor')")


def test_whole_review_by_touch_alone(hands: Hands, address: str, season: Season) -> None:
    hands.shape(390, 844, touch=True)
    hands.open(address)
    until(hands, READY)
    until_targets_are_large(hands)
    tap(hands, "#match-rows a")
    until(hands, "location.pathname === '/match'")
    until(hands, READY)
    tap(hands, "#welcome-close")
    until(hands, "document.documentElement.scrollWidth <= 390")

    # The video stays in sight above the list, and the buttons with it.
    tap(hands, ".spot-row")
    selection_has(hands, "0.95")
    until(hands, "document.getElementById('accept').getBoundingClientRect().top > 0")
    until_targets_are_large(hands)
    tap(hands, "#accept")
    progress_is(hands, "1 of 5 decided")
    tap(hands, "#reject")
    progress_is(hands, "2 of 5 decided")
    tap(hands, "#undo")
    progress_is(hands, "1 of 5 decided")

    # A tap plays the video, frames are stepped, the spot moves to the frame that is shown.
    tap(hands, ".spot-row:nth-child(3)")
    selection_has(hands, "0.70")
    tap(hands, "#picture")
    until(hands, "document.getElementById('play').getAttribute('aria-label') === 'Pause'")
    tap(hands, "#play")
    tap(hands, "#frame-forward")
    tap(hands, "#move-here")
    progress_is(hands, "2 of 5 decided")
    tap(hands, "#relabel")
    tap(hands, "#class-options li")
    tap(hands, "#add")
    tap(hands, "#class-options li:last-child")
    until_written(season, ("added", "Foul", "accepted", None))
    until(hands, SAVED)
    assert [state.source for state in states(season)].count("added") == 1

    # Two fingers zoom, one moves the window, the playhead is dragged.
    whole = hands.evaluate("document.getElementById('overview').getAttribute('aria-valuetext')")
    middle, y = place_on(hands, "#lanes")
    hands.touch(
        [(middle - 20 * n, y) for n in range(1, 6)], [(middle + 20 * n, y) for n in range(1, 6)]
    )
    window = "document.getElementById('overview').getAttribute('aria-valuetext')"
    until(hands, f"{window} !== '{whole}'")
    pinched = hands.evaluate(window)
    hands.touch([(middle - 25 * n, y) for n in range(5)])
    until(hands, f"{window} !== '{pinched}'")
    tap(hands, "#zoom-all")

    # A reel and the labels.
    tap(hands, "#tab-reel")
    until(hands, "document.querySelectorAll('#clip-list li').length > 2")
    tap(hands, "#reel-budget", 0.04)
    until(hands, f"/ 0:(0.|10)$/.test({REEL})")
    before = hands.evaluate(REEL)
    tap(hands, "#clip-list input:checked")
    until(hands, f"{REEL} !== '{before}'")
    until_targets_are_large(hands)
    tap(hands, "#reel-render")
    until(hands, "document.querySelectorAll('#reel-files a').length === 3")
    tap(hands, "#export-button")
    tap(hands, "#export-save")
    until(hands, "document.getElementById('export-message').textContent.startsWith('Saved')")
    tap(hands, "#export-dialog [data-close]")
    tap(hands, "#match-menu summary")
    tap(hands, "#next-match")
    until(hands, "document.querySelector('h1')?.textContent.includes('Westmoor')")


@pytest.mark.parametrize(
    ("size", "dark"), [((390, 844), False), ((1920, 1080), True)], ids=["phone-light", "desk-dark"]
)
def test_axe_finds_no_violation(
    hands: Hands, address: str, library: Library, axe: str, size: tuple[int, int], dark: bool
) -> None:
    hands.shape(*size, touch=size[0] < 500, dark=dark)
    hands.open(f"{address}/match?id={library.keys[0]}")
    until(hands, READY)
    theme = hands.evaluate("document.documentElement.dataset.theme")
    assert theme == ("dark" if dark else "light")
    found = hands.run(
        f"{axe}; const {{ violations }} = await axe.run(document);"
        "return violations.map(({ id, nodes }) => [id, String(nodes[0].html)]);"
    )
    assert found == []
