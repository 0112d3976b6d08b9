"""Open pages that look at tests of lines: each is told what is new, as fast as it reads and no faster.

These are no events: they are kept nowhere, have no numbers of the event log, and end with the test.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any, Protocol

from callcenter.administration.principal import Principal
from callcenter.errors import ServiceError
from callcenter.telephony.line_tests import LineTests


class Page(Protocol):
    """What is needed of a socket."""

    principal: Principal

    @property
    def behind(self) -> bool:
        """Whether the page does not take more at the moment."""
        ...

    def say(self, message: dict[str, Any]) -> None:
        """Send a message."""
        ...


class TrialWatch:
    """One page looking at one line. ``tell`` is what ``LineTests.watch`` takes."""

    def __init__(self, page: Page, tests: LineTests, line_id: int) -> None:
        self._page = page
        self._tests = tests
        self._line_id = line_id
        self._after = 0

    def begin(self) -> Callable[[], None]:
        """Look from now on, until the returned function is called. Raises ServiceError when that is not allowed."""
        leave = self._tests.watch(self._page.principal, self._line_id, self.tell)
        self.tell()
        return leave

    def tell(self) -> bool:
        """Tell the page what is new; False when it has to be told later."""
        if self._page.behind:
            return False
        try:
            view = self._tests.view(self._page.principal, self._line_id, self._after)
        except ServiceError as error:
            self._page.say({"op": "error", "code": error.code, "detail": error.message})
            return True
        self._after = view["last"]
        self._page.say({"op": "test", "line_id": self._line_id, "data": view})
        return True


class TrialWatches:
    """All pages that look at tests."""

    def __init__(self, tests: LineTests) -> None:
        self._tests = tests
        self._leaving: dict[Page, list[Callable[[], None]]] = defaultdict(list)

    def watch(self, page: Page, line_ids: Iterable[int]) -> None:
        """Let ``page`` look at the tests of these lines, or at none of them. Raises ServiceError."""
        try:
            for line_id in line_ids:
                self._leaving[page].append(TrialWatch(page, self._tests, line_id).begin())
        except ServiceError:
            self.leave(page)
            raise

    def leave(self, page: Page) -> None:
        """The page looks no more."""
        for leave in self._leaving.pop(page, ()):
            leave()
