"""A real Chromium for tests that see what people see. Everything here blocks."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Playwright, expect, sync_playwright

from tests.peers import patience
from tests.peers.daemon import DemoDaemon

# Debian's. The one without a window takes a quarter less of the processor for the same tests.
CHROMIUMS = [Path("/usr/bin/chromium-headless-shell"), Path("/usr/bin/chromium")]
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
_PERSONAL = "cookies,local_storage,indexeddb,cache_storage,service_workers"
PATIENCE = 1000 * patience.PATIENCE
"""Milliseconds to wait for what must appear."""

expect.set_options(timeout=PATIENCE)

# A click waits until the page is loaded and its modules have run: before, what it is to set going may have no script.
# They await the words of the language, for which the browser's "load" does not wait; importing a module once more does.
_NOT_YET = """
{
  const still = new CSSStyleSheet();
  still.replaceSync("* { pointer-events: none !important }");
  document.adoptedStyleSheets = [still];
  addEventListener("load", async () => {
    const modules = [...document.querySelectorAll("script[type=module][src]")];
    await Promise.allSettled(modules.map((one) => import(one.src)));
    window.allHaveRun = true;
    document.adoptedStyleSheets = document.adoptedStyleSheets.filter((one) => one !== still);
  });
}
"""

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
        page.on("pageerror", lambda error: self.problems.append(str(error)))
        page.on("console", self._heard)
        return page

    def tab(self, path: str, script: str = "") -> Page:
        """Another tab of the same window, in which ``script`` runs before those of the page."""
        page = self.watch(self.context.new_page())
        if script:
            page.add_init_script(script)
        page.goto(path)
        wait_until_run(page)
        return page

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not _EXPECTED.search(message.text):
            self.problems.append(message.text)


@dataclass(frozen=True)
class Place:
    """Whose pages are looked at, in which language, on how large a screen."""

    base_url: str
    locale: str
    size: tuple[int, int]


class Profile:
    """A browser's memory, which one person has after the other."""

    def __init__(self, browser: Browser, place: Place) -> None:
        width, height = place.size
        self.place = place
        self.context = browser.new_context(
            base_url=place.base_url, locale=place.locale, viewport={"width": width, "height": height}
        )
        self.context.set_default_timeout(PATIENCE)
        self.context.add_init_script(_NOT_YET)
        # A blank page: what is kept for the pages of a daemon can be forgotten when none of them is open.
        self._blank = self.context.new_page()
        self._commands = self.context.new_cdp_session(self._blank)

    def forget(self) -> None:
        """Close the pages and forget the person, but not the files that are the same for everybody."""
        for page in self.context.pages:
            if page is not self._blank:
                page.close()
        self.context.clear_cookies()
        self.context.clear_permissions()
        origin = {"origin": self.place.base_url.rstrip("/"), "storageTypes": _PERSONAL}
        self._commands.send("Storage.clearDataForOrigin", origin)


class Chromium:
    """A running browser. A profile that was at a place before has its scripts and styles: to fetch and compile them is
    most of the work of opening a page.
    """

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._free: dict[Place, list[Profile]] = {}

    def take(self, place: Place) -> Profile:
        """One that nobody uses."""
        free = self._free.get(place)
        return free.pop() if free else Profile(self._browser, place)

    def give_back(self, profile: Profile) -> None:
        """For the next person."""
        profile.forget()
        self._free.setdefault(profile.place, []).append(profile)


class Browsers:
    """Opens windows and, at the end, fails the test when a page had a script error or broke its own policy."""

    def __init__(self, chromium: Chromium) -> None:
        self._chromium = chromium
        self._profiles: list[Profile] = []
        self._windows: list[Window] = []

    def window(
        self, daemon: DemoDaemon, role: str, path: str, locale: str = "zh-CN", size: tuple[int, int] = (1366, 768)
    ) -> Window:
        """A window in which ``role`` is signed in, by the sign-in page, at ``path`` and live."""
        profile = self._chromium.take(Place(daemon.base_url, locale, size))
        self._profiles.append(profile)
        window = Window(profile.context, profile.context.new_page())
        self._windows.append(window)
        page = window.watch(window.page)
        page.goto(f"/sign-in?next={path}")
        page.fill("input[name=username]", daemon.users[role]["username"])
        page.fill("input[name=password]", daemon.users[role]["password"])
        page.keyboard.press("Enter")
        # Not by the path: that of the sign-in page ends with it, too.
        arrive(page, re.compile(r"^\w+://[^/]+/(?!sign-in)"))
        wait_until_live(page)
        return window

    def close(self) -> None:
        """Close every window; what went wrong in them."""
        problems = [problem for window in self._windows for problem in window.problems]
        for profile in self._profiles:
            self._chromium.give_back(profile)
        assert not problems, problems


def arrive(page: Page, address: str | re.Pattern[str]) -> None:
    """Until ``page`` is loaded at ``address``, which is the end of it or a pattern. Playwright's own wait fails when
    another way there cuts the first one short.
    """
    expect(page).to_have_url(re.compile(f"{re.escape(address)}$") if isinstance(address, str) else address)
    wait_until_run(page)


def wait_beside(page: Page, condition: Callable[[], Any], what: str) -> None:
    """Until ``condition()`` is true; routes are handled meanwhile, which Playwright does only when it is called."""

    def holds() -> bool:
        page.wait_for_timeout(20)
        return bool(condition())

    patience.wait_for(holds, what)


def wait_until_run(page: Page) -> None:
    """Until ``page`` is loaded and its scripts have run: whatever key is pressed before is lost."""
    page.wait_for_load_state()
    page.wait_for_function("() => window.allHaveRun")


def wait_until_live(page: Page) -> None:
    """Until the page's own lamp says that it hears the server, and all its scripts have come: those behind the one that
    has the lamp may not be there yet.
    """
    page.wait_for_selector("#live[data-state=live]", state="attached")
    wait_until_run(page)


def let_toasts_stay(page: Page) -> None:
    """From now on they do for longer than the six to twelve seconds in which a busy machine may not come to see them or
    to press their buttons; and so long waits what gives up a call that does not end within ten.
    """
    page.evaluate("""() => {
        const later = window.setTimeout;
        window.setTimeout = (run, time, ...rest) => later(run, time >= 6000 && time <= 12000 ? 600000 : time, ...rest);
    }""")


def remember(page: Page, selector: str) -> Callable[[], str]:
    """What gives all words that ``selector`` shows from now on, be it for some seconds only."""
    page.evaluate(
        """(selector) => {
            window.remembered = "";
            const look = () => {
                for (const one of document.querySelectorAll(selector)) window.remembered += one.textContent;
            };
            new MutationObserver(look).observe(document.body, { subtree: true, childList: true, characterData: true });
        }""",
        selector,
    )
    return lambda: str(page.evaluate("window.remembered"))


def _launched(playwright: Playwright) -> Browser:
    found = next(filter(Path.exists, CHROMIUMS), None)
    if found is None:
        pytest.fail("browser tests need Debian's Chromium: apt-get install chromium-headless-shell fonts-noto-cjk")
    return playwright.chromium.launch(executable_path=found, args=ARGUMENTS)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Chromium]:
    """A Chromium for all tests of a module."""
    with sync_playwright() as playwright:
        browser = _launched(playwright)
        try:
            yield Chromium(browser)
        finally:
            browser.close()


@pytest.fixture
def browsers(chromium: Chromium) -> Iterator[Browsers]:
    """Windows of the test's own; whoever had them before has left nothing in them."""
    windows = Browsers(chromium)
    yield windows
    windows.close()
