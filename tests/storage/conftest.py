"""A database that can be cut off at any moment."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_twisted
from twisted.internet import reactor

from storage.database import Database
from tests.peers.database_proxy import DatabaseProxy


@pytest.fixture
def proxy(postgresql_url: str) -> Iterator[DatabaseProxy]:
    proxy = DatabaseProxy(postgresql_url)
    yield proxy
    proxy.close()


@pytest_twisted.async_yield_fixture
async def behind(proxy: DatabaseProxy) -> AsyncIterator[Database]:
    """A Database that reaches PostgreSQL through the proxy."""
    database = Database(proxy.url, reactor)
    await database.start()
    yield database
    await database.stop()
