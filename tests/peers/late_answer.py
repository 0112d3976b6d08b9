"""Answers of the server that come later than a page would like, as on a slow network."""

from __future__ import annotations

from playwright.sync_api import APIResponse, Page, Route

from tests.peers.browser import PATIENCE, wait_beside


class LateAnswer:
    """The next answer to ``address`` is made at once and kept back until it is let go."""

    def __init__(self, page: Page, address: str) -> None:
        self._page = page
        self._kept: list[tuple[Route, APIResponse]] = []
        page.route(address, lambda route: self._kept.append((route, route.fetch(timeout=PATIENCE))), times=1)

    def wait(self) -> None:
        """Until it is made."""
        wait_beside(self._page, lambda: self._kept, "an answer that is kept back")

    def let_go(self) -> None:
        """It comes now; whatever the page makes of it is made."""
        route, answer = self._kept.pop()
        route.fulfill(response=answer)
        self._page.wait_for_timeout(300)
