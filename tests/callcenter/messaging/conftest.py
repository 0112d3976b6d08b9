"""The SMS desk of the small call center at four in the afternoon of a Monday, and its messages to and from gateways."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_twisted

from storage.database import Database
from tests.peers.call_center import fill
from tests.peers.message_centre import Centre
from tests.peers.messaging import SmsCentre
from tests.peers.sms_desk import Desk, fill_desk


@pytest_twisted.async_yield_fixture
async def desk(database: Database) -> AsyncIterator[Desk]:
    await database.run(fill_desk)
    yield Desk(database)


@pytest_twisted.async_yield_fixture
async def centre(database: Database) -> AsyncIterator[Centre]:
    await database.run(fill)
    centre = Centre(database)
    await centre.dispatcher.start()
    yield centre
    await centre.dispatcher.stop()


@pytest_twisted.async_yield_fixture
async def sms_centre(database: Database, tmp_path: Path) -> AsyncIterator[SmsCentre]:
    await database.run(fill)
    centre = SmsCentre(database, tmp_path)
    await centre.messaging.start()
    yield centre
    await centre.messaging.stop()
