"""A hospital with two lines, started: line 1 for the follow-up centre, line 2 for everybody."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_twisted
from twisted.internet.task import Clock

from storage.database import Database
from tests.peers.hospital import NOW, Hospital, LineEntry, fill


@pytest_twisted.async_yield_fixture
async def hospital(database: Database) -> AsyncIterator[Hospital]:
    clock = Clock()
    clock.advance(NOW.timestamp())
    await database.run(fill)
    hospital = Hospital(database, clock, (LineEntry("line 1", group="随访中心"), LineEntry("line 2")))
    await hospital.telephony.start()
    await hospital.settle()
    yield hospital
    await hospital.telephony.stop()
