"""How long tests wait for what must come: no test fails because the machine is busy."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from inspect import isawaitable
from typing import Any

import pytest
from twisted.internet import reactor
from twisted.internet.task import deferLater

PATIENCE = 120.0
"""Seconds."""
What = str | Callable[[], str]
"""What is waited for, or what gives the words for it when it has not come."""


def wait_for(condition: Callable[[], Any], what: What = "the condition", seconds: float = PATIENCE) -> Any:
    """The first true value of ``condition()``. Blocks: for tests that run no reactor."""
    end = time.monotonic() + seconds
    while True:
        # Looked at once more after the end: it may have come while this process was kept from looking.
        is_last = time.monotonic() > end
        if found := condition():
            return found
        if is_last:
            _fail(what, seconds)
        time.sleep(0.05)


async def until(
    condition: Callable[[], Any | Awaitable[Any]], what: What = "the condition", seconds: float = PATIENCE
) -> Any:
    """The first true value of ``condition()``, or of what that gives to be awaited, while the reactor runs."""
    end = time.monotonic() + seconds
    while True:
        is_last = time.monotonic() > end
        found = condition()
        if isawaitable(found):
            found = await found
        if found:
            return found
        if is_last:
            _fail(what, seconds)
        await deferLater(reactor, 0.01)


def _fail(what: What, seconds: float) -> None:
    words = what if isinstance(what, str) else what()
    pytest.fail(f"waited in vain, {seconds:.0f} s, for {words}")
