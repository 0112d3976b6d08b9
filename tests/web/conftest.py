"""A running site for each test."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_twisted

from tests.peers.site import RunningSite, start_site


@pytest_twisted.async_yield_fixture
async def site(sqlite_url: str) -> AsyncIterator[RunningSite]:
    running = await start_site(sqlite_url)
    yield running
    await running.stop()
