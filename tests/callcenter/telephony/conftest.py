"""A call center with two lines, started: line 1 for the follow-up centre, line 2 for everybody."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_twisted

from storage.database import Database
from tests.peers.call_center import NOW, CallCenter, clock_at, fill


@pytest_twisted.async_yield_fixture
async def hospital(database: Database) -> AsyncIterator[CallCenter]:
    await database.run(fill)
    hospital = CallCenter(database, clock_at(NOW))
    await hospital.telephony.start()
    await hospital.settle()
    yield hospital
    await hospital.telephony.stop()
