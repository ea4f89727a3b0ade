"""Keyboard and fingers on a page: Chromium by Playwright, Firefox by Marionette.

Both send what the browser takes for a person's input. Playwright cannot touch in Firefox.
"""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

from support.marionette import Marionette, run_firefox
from support.viewer_pages import slow_down

Point = tuple[float, float]

CHROMIUM = ("/usr/bin/chromium", "/usr/bin/chromium-browser")
FIREFOX = ("/usr/bin/firefox-esr", "/usr/bin/firefox")

_WEBDRIVER_KEYS = {
    "Backspace": "\ue003",
    "Tab": "\ue004",
    "Enter": "\ue007",
    "Shift": "\ue008",
    "Control": "\ue009",
    "Alt": "\ue00a",
    "Escape": "\ue00c",
    "PageUp": "\ue00e",
    "PageDown": "\ue00f",
    "Home": "\ue011",
    "ArrowLeft": "\ue012",
    "ArrowUp": "\ue013",
    "ArrowRight": "\ue014",
    "ArrowDown": "\ue015",
}
_FIREFOX_PREFERENCES: dict[str, str | int | bool] = {
    "browser.download.folderList": 2,  # a folder of its own
    "browser.download.start_downloads_in_tmp_dir": False,
    "dom.w3c_touch_events.enabled": 1,
    "media.autoplay.default": 0,
}
_FIREFOX_SHAPE = """
const [width, height, coarse, dark] = arguments;
const browser = gBrowser.selectedBrowser;
window.resizeTo(width, height + 120);
browser.style.minWidth = browser.style.maxWidth = width + "px";
browser.style.minHeight = browser.style.maxHeight = height + "px";
// 1 is a coarse pointer, 6 a mouse that can hover.
for (const name of ["ui.primaryPointerCapabilities", "ui.allPointerCapabilities"])
  Services.prefs.setIntPref(name, coarse ? 1 : 6);
Services.prefs.setIntPref("layout.css.prefers-color-scheme.content-override", dark ? 0 : 1);
"""


def find_program(places: Sequence[str]) -> Path | None:
    """The first of these files that exists."""
    return next((path for path in map(Path, places) if path.exists()), None)


class Hands(Protocol):
    """What a person does with a browser, and what the page answers."""

    def shape(self, width: int, height: int, *, touch: bool = False, dark: bool = False) -> None:
        """Begin with an empty page of this size."""

    def open(self, address: str) -> None:
        """Go to an address."""

    def evaluate(self, expression: str) -> Any:
        """Value of an expression of the page."""

    def run(self, script: str) -> Any:
        """Value that a script returns; a promise is waited for."""

    def press(self, key: str) -> None:
        """Press a key, as in ``"Shift+ArrowLeft"``."""

    def touch(self, *paths: Sequence[Point]) -> None:
        """Put fingers down at the first points, move them along, lift them."""


class ChromiumHands:
    """Chromium, driven by Playwright."""

    def __init__(self, browser: Any) -> None:
        self._browser = browser
        self._page: Any = None

    def shape(self, width: int, height: int, *, touch: bool = False, dark: bool = False) -> None:
        self.close()
        context = self._browser.new_context(
            viewport={"width": width, "height": height},
            has_touch=touch,
            is_mobile=touch,
            color_scheme="dark" if dark else "light",
        )
        self._page = context.new_page()
        self._page.set_default_timeout(60_000)
        slow_down(self._page)

    def close(self) -> None:
        if self._page is not None:
            self._page.context.close()

    def open(self, address: str) -> None:
        self._page.goto(address)

    def evaluate(self, expression: str) -> Any:
        return self._page.evaluate(expression)

    def run(self, script: str) -> Any:
        return self._page.evaluate(f"async () => {{ {script} }}")

    def press(self, key: str) -> None:
        self._page.keyboard.press(key)

    def touch(self, *paths: Sequence[Point]) -> None:
        if [len(path) for path in paths] == [1]:
            # Both ends are sent at once: a slow page takes a wait between them for a long press.
            self._page.touchscreen.tap(*paths[0][0])
            return
        session = self._page.context.new_cdp_session(self._page)

        def send(kind: str, step: int | None) -> None:
            points = [] if step is None else [path[step] for path in paths]
            fingers = [{"x": x, "y": y, "id": n} for n, (x, y) in enumerate(points)]
            session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": fingers})

        send("touchStart", 0)
        for step in range(1, len(paths[0])):
            send("touchMove", step)
        send("touchEnd", None)
        session.detach()


class FirefoxHands:
    """Firefox, driven by Marionette."""

    def __init__(self, marionette: Marionette) -> None:
        self._marionette = marionette

    def shape(self, width: int, height: int, *, touch: bool = False, dark: bool = False) -> None:
        self.open("about:blank")
        self._marionette.send("Marionette:SetContext", {"value": "chrome"})
        self._run(_FIREFOX_SHAPE, width, height, touch, dark)
        self._marionette.send("Marionette:SetContext", {"value": "content"})

    def open(self, address: str) -> None:
        self._marionette.send("WebDriver:Navigate", {"url": address})

    def evaluate(self, expression: str) -> Any:
        return self._run(f"return ({expression});")

    def run(self, script: str) -> Any:
        return self._run(f"return (async () => {{ {script} }})();")

    def _run(self, script: str, *arguments: Any) -> Any:
        parameters = {"script": script, "args": arguments, "sandbox": None}
        return self._marionette.send("WebDriver:ExecuteScript", parameters)

    def press(self, key: str) -> None:
        *held, last = key.split("+") if len(key) > 1 else [key]
        keys = [_WEBDRIVER_KEYS.get(name, name) for name in (*held, last)]
        actions = [{"type": "keyDown", "value": value} for value in keys]
        actions += [{"type": "keyUp", "value": value} for value in reversed(keys)]
        self._perform({"type": "key", "id": "keys", "actions": actions})

    def touch(self, *paths: Sequence[Point]) -> None:
        self._perform(*(_finger(number, path) for number, path in enumerate(paths)))

    def _perform(self, *sequences: dict[str, Any]) -> None:
        self._marionette.send("WebDriver:PerformActions", {"actions": sequences})


def _finger(number: int, path: Sequence[Point]) -> dict[str, Any]:
    moves = [{"type": "pointerMove", "x": round(x), "y": round(y), "duration": 30} for x, y in path]
    actions = [moves[0] | {"duration": 0}, {"type": "pointerDown", "button": 0}]
    actions += [*moves[1:], {"type": "pointerUp", "button": 0}]
    return {
        "type": "pointer",
        "id": f"finger{number}",
        "parameters": {"pointerType": "touch"},
        "actions": actions,
    }


@contextmanager
def chromium_hands(browser: Any) -> Iterator[ChromiumHands]:
    """Hands on a Chromium that runs; their page is closed with the block."""
    hands = ChromiumHands(browser)
    try:
        yield hands
    finally:
        hands.close()


@contextmanager
def firefox_hands(program: Path, profile: Path) -> Iterator[FirefoxHands]:
    """Start Firefox without a window; it ends with the block, downloads lie in its profile."""
    preferences = _FIREFOX_PREFERENCES | {"browser.download.dir": str(profile)}
    with run_firefox(program, profile, preferences) as marionette:
        yield FirefoxHands(marionette)


def until(hands: Hands, condition: str, *, timeout_s: float = 40.0) -> None:
    """Wait until an expression of the page is true."""
    end = time.monotonic() + timeout_s
    while not _holds(hands, condition):
        assert time.monotonic() < end, f"never became true: {condition}; {_describe(hands)}"
        time.sleep(0.02)


def _describe(hands: Hands) -> Any:
    return hands.evaluate(
        "[...document.querySelectorAll('[role=status], #notice, #reel-total')]"
        ".map((element) => element.textContent)"
    )


def _holds(hands: Hands, condition: str) -> bool:
    try:
        return bool(hands.evaluate(condition))
    except Exception as error:
        # between two pages there is nothing that could answer
        if any(word in str(error).lower() for word in ("navigation", "unload", "discarded")):
            return False
        raise


def type_text(hands: Hands, text: str) -> None:
    """Press a key for each letter."""
    for letter in text:
        hands.press(letter)


def tab_to(hands: Hands, selector: str, *, back: bool = False, limit: int = 90) -> None:
    """Press Tab until the focus is on an element, as somebody without a mouse does."""
    for _ in range(limit):
        hands.press("Shift+Tab" if back else "Tab")
        if hands.evaluate(f"document.activeElement.matches({selector!r})"):
            assert hands.evaluate("document.activeElement.matches(':focus-visible')")
            return
    raise AssertionError(f"{selector} was not reached in {limit} steps")


def place_on(hands: Hands, selector: str, across: float = 0.5) -> Point:
    """Where a finger goes for an element: scrolled into view, and nothing over it."""
    found = hands.run(
        f"const element = document.querySelector({selector!r});"
        "element.scrollIntoView({ block: 'center', behavior: 'instant' });"
        "await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));"
        "const box = element.getBoundingClientRect();"
        f"const at = [box.left + box.width * {across}, box.top + box.height / 2];"
        "const top = document.elementFromPoint(...at);"
        "const hit = top !== null && (element.contains(top) || top.contains(element));"
        "return [...at, hit ? '' : String(top?.outerHTML).slice(0, 200)];"
    )
    x, y, cover = found
    assert cover == "", f"{selector} is covered by {cover}"
    return x, y


def tap(hands: Hands, selector: str, across: float = 0.5) -> None:
    """Tap an element, once it is there."""
    until(hands, f"document.querySelector({selector!r}) !== null")
    hands.touch([place_on(hands, selector, across)])
