"""The SMS desk of the small call center, at four in the afternoon of a Monday."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_twisted

from storage.database import Database
from tests.peers.sms_desk import Desk, fill_desk


@pytest_twisted.async_yield_fixture
async def desk(database: Database) -> AsyncIterator[Desk]:
    await database.run(fill_desk)
    yield Desk(database)
