"""What was committed goes from SQLite's log into its file by itself, and the log does not grow for ever."""

from __future__ import annotations

from pathlib import Path

import pytest_twisted
from sqlalchemy.orm import Session
from twisted.internet import reactor
from twisted.internet.task import deferLater

from storage import checkpoints, schema
from storage.database import Database
from storage.models import Department

PAGE = 4096


def add(session: Session, name: str) -> None:
    session.add(Department(name=name))
    session.flush()


@pytest_twisted.ensureDeferred
async def test_the_log_begins_anew_while_writing_goes_on(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(checkpoints, "PAUSE", 0.01)
    path = tmp_path / "a.db"
    database = Database(f"sqlite:///{path}", reactor)
    schema.upgrade(database.url)
    await database.start()
    written = 0
    # The log is one page or more for each commit: that it begins anew shows by its staying shorter.
    while written < 100 or path.with_name("a.db-wal").stat().st_size >= written * PAGE:
        await database.run(add, f"department {written}")
        written += 1
        await deferLater(reactor, 0.002)
        assert written < 10_000
    await database.stop()
    assert not path.with_name("a.db-wal").exists()


@pytest_twisted.ensureDeferred
async def test_a_database_without_news_stops_at_once(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    database = Database(f"sqlite:///{path}", reactor)
    schema.upgrade(database.url)
    await database.start()
    await database.stop()
