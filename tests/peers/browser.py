"""A real Chromium for tests that see what people see. Everything here blocks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Playwright, sync_playwright

from tests.peers.daemon import DemoDaemon

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PATIENCE = 20_000
"""Milliseconds to wait for what must appear."""

# What the browser itself says of refused requests and lost connections, which some tests bring about.
_EXPECTED = re.compile(r"Failed to load resource|WebSocket connection to|net::ERR_")


@dataclass
class Window:
    """One person's browser window: cookies of its own; ``problems`` are script errors and refused content."""

    context: BrowserContext
    page: Page
    problems: list[str] = field(default_factory=list)

    def watch(self, page: Page) -> Page:
        """Collect what goes wrong on ``page``."""
        page.set_default_timeout(PATIENCE)
        page.on("pageerror", lambda error: self.problems.append(str(error)))
        page.on("console", self._heard)
        return page

    def tab(self, path: str) -> Page:
        """Another tab of the same window."""
        page = self.watch(self.context.new_page())
        page.goto(path)
        return page

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not _EXPECTED.search(message.text):
            self.problems.append(message.text)


class Browsers:
    """Opens windows and, at the end, fails the test when a page had a script error or broke its own policy."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._windows: list[Window] = []

    def window(
        self, daemon: DemoDaemon, role: str, path: str, locale: str = "zh-CN", size: tuple[int, int] = (1366, 768)
    ) -> Window:
        """A window in which ``role`` is signed in, by the sign-in page, at ``path`` and live."""
        context = self._browser.new_context(
            base_url=daemon.base_url, locale=locale, viewport={"width": size[0], "height": size[1]}
        )
        window = Window(context, context.new_page())
        self._windows.append(window)
        page = window.watch(window.page)
        page.goto(f"/sign-in?next={path}")
        page.fill("input[name=username]", daemon.users[role]["username"])
        page.fill("input[name=password]", daemon.users[role]["password"])
        page.keyboard.press("Enter")
        page.wait_for_url(re.compile(re.escape(path) + "$"))
        wait_until_live(page)
        return window

    def close(self) -> None:
        """Close every window; what went wrong in them."""
        problems = [problem for window in self._windows for problem in window.problems]
        for window in self._windows:
            window.context.close()
        assert not problems, problems


def wait_until_live(page: Page) -> None:
    """Until the page's own lamp says that it hears the server."""
    page.wait_for_selector("#live[data-state=live]", state="attached", timeout=60_000)


def _launched(playwright: Playwright) -> Browser:
    if not CHROMIUM.exists():
        pytest.fail("browser tests need Debian's Chromium: apt-get install chromium fonts-noto-cjk")
    return playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)


@pytest.fixture
def browsers() -> Iterator[Browsers]:
    """Windows of a Chromium of the test's own."""
    with sync_playwright() as playwright:
        browser = _launched(playwright)
        windows = Browsers(browser)
        try:
            yield windows
            windows.close()
        finally:
            browser.close()
