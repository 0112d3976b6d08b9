"""The small hospital, on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_twisted

from storage.database import Database
from tests.peers.hospital import Hospital, open_hospital


@pytest_twisted.async_yield_fixture
async def hospital(database: Database) -> AsyncIterator[Hospital]:
    """Everybody, five patients, no calls."""
    yield await open_hospital(database)
