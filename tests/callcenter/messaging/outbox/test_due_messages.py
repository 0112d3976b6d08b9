"""Pages of what is due, read from where the last one ended."""

from __future__ import annotations

from datetime import timedelta

import pytest_twisted
from sqlalchemy import insert
from sqlalchemy.orm import Session
from twisted.internet import reactor

from callcenter.messaging.outbox.attempts import MESSAGE
from callcenter.messaging.outbox.due_messages import DuePages, Place
from storage.database import Database
from tests.peers.call_center import NOW

PRIORITY, COUNT, PAGE = 4, 2000, 10


def due_at(key: int) -> timedelta:
    """Two at each moment, the last ones due now: how long ago."""
    return timedelta(seconds=(COUNT - key) // 2)


def fill_queue(session: Session) -> None:
    common = {"direction": "out", "state": "queued", "created_at": NOW, "state_at": NOW, "priority": PRIORITY}
    own = [{"id": key, "number": f"+86138{key:08}", "next_at": NOW - due_at(key)} for key in range(1, COUNT + 1)]
    session.execute(insert(MESSAGE), [common | row for row in own])


def page_behind(session: Session, key: int) -> list[int]:
    """The first page that follows a message."""
    return next(iter(DuePages(session, NOW, PAGE, Place(PRIORITY, NOW - due_at(key), key))))


@pytest_twisted.ensureDeferred
async def test_pages_go_on_in_the_middle_of_a_moment(database: Database) -> None:
    await database.run(fill_queue)
    pages = await database.read(lambda session: list(DuePages(session, NOW, PAGE)))
    assert [key for page in pages for key in page] == list(range(1, 8 * PAGE + 1))
    for key in (19, 20, 21, COUNT - 5):
        assert await database.read(page_behind, key) == list(range(key + 1, min(key + PAGE, COUNT) + 1))


def steps_to(session: Session, key: int) -> int:
    """How many instructions SQLite carries out for the page behind a message."""
    steps: list[None] = []
    connection = session.connection().connection.driver_connection
    assert connection is not None
    page_behind(session, key)
    connection.set_progress_handler(lambda: steps.append(None), 1)
    page_behind(session, key)
    connection.set_progress_handler(None, 1)
    return len(steps)


@pytest_twisted.ensureDeferred
async def test_a_page_far_behind_costs_sqlite_no_more_than_the_first(sqlite_url: str) -> None:
    database = Database(sqlite_url, reactor)
    await database.start()
    await database.run(fill_queue)
    near, far = [await database.read(steps_to, key) for key in (PAGE, COUNT - 2 * PAGE)]
    await database.stop()
    assert far <= near + PAGE
