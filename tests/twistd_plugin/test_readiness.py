"""What /readyz says, on a real database."""

from __future__ import annotations

from typing import Any

import pytest
import pytest_twisted
from sqlalchemy import text
from sqlalchemy.orm import Session
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from storage.database import Database
from tests.conftest import LostFailures
from twistd_plugin.readiness import DATABASE_SECONDS, Readiness


@pytest_twisted.ensureDeferred
async def test_ready_when_accepting_and_the_database_is_current(sqlite_database: Database) -> None:
    readiness = Readiness(sqlite_database, Clock())
    assert await readiness.problems() == ["starting or stopping"]
    readiness.accepting = True
    assert await readiness.problems() == []


@pytest_twisted.ensureDeferred
async def test_an_old_schema_is_not_ready(sqlite_database: Database) -> None:
    def age(session: Session) -> None:
        session.execute(text("update alembic_version set version_num = '0000'"))

    await sqlite_database.run(age)
    readiness = Readiness(sqlite_database, Clock())
    readiness.accepting = True
    assert await readiness.problems() == ["the database is not at this program's schema"]


@pytest_twisted.ensureDeferred
async def test_a_database_that_has_gone_is_not_ready(sqlite_database: Database, lost_failures: LostFailures) -> None:
    readiness = Readiness(sqlite_database, Clock())
    readiness.accepting = True
    await sqlite_database.stop()
    assert await readiness.problems() == ["the database does not answer"]
    assert "DatabaseStoppedError" in lost_failures.take()[0]


@pytest_twisted.ensureDeferred
async def test_a_database_that_is_slow_is_not_ready_and_no_fault(
    sqlite_database: Database, monkeypatch: pytest.MonkeyPatch, lost_failures: LostFailures
) -> None:
    async def read(*_: Any) -> None:
        await Deferred()

    monkeypatch.setattr(sqlite_database, "read", read)
    clock = Clock()
    readiness = Readiness(sqlite_database, clock)
    readiness.accepting = True
    problems = Deferred.fromCoroutine(readiness.problems())
    clock.advance(DATABASE_SECONDS)
    assert await problems == ["the database does not answer"]
    assert lost_failures.take() == []
