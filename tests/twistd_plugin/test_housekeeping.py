"""What the hourly cleaning takes away and what it leaves, on a real database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest_twisted
from sqlalchemy import select
from sqlalchemy.orm import Session
from twisted.internet.task import Clock

from storage.database import Database
from storage.models import EventRecord, UserAccount, WebSession
from twistd_plugin.housekeeping import EVENTS_KEPT, INTERVAL_SECONDS, SESSIONS_KEPT, Housekeeping

NOW = datetime(2026, 3, 10, tzinfo=UTC)


def fill(session: Session) -> None:
    session.add(UserAccount(id=1, username="a", display_name="A", password_hash="-", created_at=NOW))
    session.flush()
    for token, expires in (("old", NOW - SESSIONS_KEPT - timedelta(seconds=1)), ("young", NOW - timedelta(days=1))):
        session.add(
            WebSession(
                token_hash=token, user_id=1, csrf_token="-", created_at=NOW, last_seen_at=NOW, expires_at=expires
            )
        )
    for seq, age in ((1, EVENTS_KEPT + timedelta(hours=1)), (2, timedelta(hours=1))):
        session.add(
            EventRecord(seq=seq, at=NOW - age, topic="calls", type="call.ended", subject="1", audience={}, data={})
        )


def left(session: Session) -> tuple[list[str], list[int]]:
    sessions = select(WebSession.token_hash).order_by(WebSession.token_hash)
    return list(session.scalars(sessions)), list(session.scalars(select(EventRecord.seq).order_by(EventRecord.seq)))


@pytest_twisted.ensureDeferred
async def test_old_events_and_sessions_go(sqlite_database: Database) -> None:
    clock = Clock()
    clock.rightNow = NOW.timestamp()
    await sqlite_database.run(fill)
    cleaned: list[None] = []

    class Recordings:
        async def clean(self) -> int:
            cleaned.append(None)
            return 0

    housekeeping = Housekeeping(sqlite_database, clock, Recordings())  # type: ignore[arg-type]
    await housekeeping.start()
    clock.advance(INTERVAL_SECONDS - 1)
    assert await sqlite_database.read(left) == (["old", "young"], [1, 2])
    clock.advance(1)
    await housekeeping.stop()
    assert await sqlite_database.read(left) == (["young"], [2])
    assert len(cleaned) == 1
