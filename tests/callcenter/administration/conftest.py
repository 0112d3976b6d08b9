"""A clock, quick hashing on real threads, and a hospital with a few people."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_twisted
from argon2 import PasswordHasher
from twisted.internet import reactor

from callcenter.administration.passwords import Passwords
from storage.database import Database
from tests.peers.hospital import NOW, Hospital, open_hospital
from tests.peers.set_clock import SetClock


@pytest.fixture
def clock() -> SetClock:
    return SetClock(NOW)


@pytest.fixture
def hasher() -> PasswordHasher:
    """argon2id all the same, but with little memory: tests sign in often."""
    return PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)


@pytest.fixture
def passwords(hasher: PasswordHasher) -> Passwords:
    return Passwords(reactor, hasher)


@pytest_twisted.async_yield_fixture
async def hospital(database: Database) -> AsyncIterator[Hospital]:
    """On SQLite and on PostgreSQL."""
    yield await open_hospital(database)


@pytest_twisted.async_yield_fixture
async def sqlite_hospital(sqlite_database: Database) -> AsyncIterator[Hospital]:
    """Where the kind of database does not matter."""
    yield await open_hospital(sqlite_database)
