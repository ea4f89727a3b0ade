"""One Chromium, and one window of it, for all tests of the pages.

A window of its own for each test took longer than most of the tests.
"""

from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import urlsplit

import pytest

from support.hands import CHROMIUM, find_program
from support.viewer_pages import slow_down

AXE = Path(__file__).parents[3] / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
SIZE = {"width": 1280, "height": 900}
TIMEOUT_MS = 60_000


class Window:
    """A page that tests use one after the other, each time as if it were new."""

    def __init__(self, browser: Any) -> None:
        """Open it."""
        self._context = browser.new_context(viewport=SIZE, accept_downloads=True)
        self.faults: list[str] = []
        self._origins: set[str] = set()
        self.page = self._context.new_page()
        self._context.on("page", self._watch)
        self._watch(self.page)
        slow_down(self.page)

    def _watch(self, page: Any) -> None:
        page.set_default_timeout(TIMEOUT_MS)
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.on("console", self._read_console)
        page.on("framenavigated", lambda frame: self._origins.add(frame.url))

    def _read_console(self, message: Any) -> None:
        if "Content Security Policy" in message.text:
            self.faults.append(message.text)

    def clear(self) -> None:
        """Leave no page, storage, route or pointer behind."""
        for other in self._context.pages:
            if other != self.page:
                other.close()
        self.page.unroute_all(behavior="ignoreErrors")
        self.page.goto("about:blank")  # leaves a page with unsaved changes, too

        # Servers of later tests may get the same port.
        session = self._context.new_cdp_session(self.page)
        for scheme, host, *_ in map(urlsplit, self._origins):
            if scheme == "http":
                origin = {"origin": f"http://{host}", "storageTypes": "all"}
                session.send("Storage.clearDataForOrigin", origin)
        session.detach()
        self._origins.clear()
        self._context.clear_cookies()

        # the usual shape, and the mouse away from everything
        if self.page.viewport_size != SIZE:
            self.page.set_viewport_size(SIZE)
        self.page.emulate_media(color_scheme="light")
        self.page.mouse.move(0, 0)

    def close(self) -> None:
        """Close it."""
        self._context.close()


@pytest.fixture(scope="package")
def browser(missing: Callable[[str], NoReturn]) -> Iterator[Any]:
    """Debian's Chromium; while Playwright drives it no event loop can run in this thread."""
    try:
        from playwright.sync_api import expect, sync_playwright
    except ImportError:
        missing("playwright is not installed: pip install playwright")
    program = find_program(CHROMIUM)
    if program is None:
        missing("Chromium is not installed: apt-get install chromium")
    expect.set_options(timeout=TIMEOUT_MS)
    with sync_playwright() as playwright:
        # Chromium's own sandbox needs rights that containers lack; the pages are ours.
        browser = playwright.chromium.launch(executable_path=str(program), args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def windows(browser: Any) -> Iterator[list[Window]]:
    """The window that is open."""
    windows = [Window(browser)]
    yield windows
    for window in windows:
        window.close()


@pytest.fixture
def page(browser: Any, windows: list[Window]) -> Iterator[Any]:
    """An empty page; afterwards no script on it must have failed."""
    from playwright.sync_api import Error

    window = windows[0]
    yield window.page
    faults = list(window.faults)
    window.faults.clear()
    try:
        window.clear()
    except Error:  # the test has closed it
        with suppress(Error):
            window.close()
        windows[0] = Window(browser)
    assert faults == []


@pytest.fixture
def own_page(browser: Any) -> Iterator[Any]:
    """An empty page that a test may change for good."""
    window = Window(browser)
    yield window.page
    window.close()
    assert window.faults == []


@pytest.fixture(scope="session")
def axe(missing: Callable[[str], NoReturn]) -> str:
    """The script of axe-core."""
    if not AXE.exists():
        missing("axe-core is not installed: npm ci in frontend/")
    return AXE.read_text()
