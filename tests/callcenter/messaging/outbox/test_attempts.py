"""Many messages changed at once, by few statements that find them by their keys."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from pytest_twisted import ensureDeferred
from sqlalchemy import insert, select, text
from sqlalchemy.dialects import sqlite
from sqlalchemy.orm import Session

from callcenter.messaging.outbox.attempts import MESSAGE, unindexed, update_messages
from storage.database import Database
from tests.peers.call_center import NOW

_NAMES = ("state", "reason", "next_at")


def _queued(session: Session) -> list[int]:
    row = {"direction": "out", "state": "queued", "number": "+8613800138000", "created_at": NOW, "state_at": NOW}
    session.execute(insert(MESSAGE), [row] * 9)
    return list(session.scalars(select(MESSAGE.c.id).order_by(MESSAGE.c.id)))


def _change(key: int, state: str, was: str = "queued", **values: Any) -> dict[str, Any]:
    return {"id": key, "was": was, "state": state, "reason": "", "next_at": None, **values}


def _states(session: Session) -> Sequence[tuple[Any, ...]]:
    columns = MESSAGE.c
    rows = session.execute(select(columns.state, columns.reason, columns.next_at, columns.version).order_by(columns.id))
    return [tuple(row) for row in rows]


@ensureDeferred
async def test_alike_and_different_changes_are_all_made_and_counted(database: Database) -> None:
    keys = await database.run(_queued)
    later = NOW + timedelta(minutes=5)
    rows = [_change(key, "sending") for key in keys[:6]]
    rows += [_change(keys[6], "queued", reason="no_gateway", next_at=later), _change(keys[7], "expired")]
    rows.append(_change(keys[8], "sending", was="cancelled"))
    assert await database.run(update_messages, rows, _NAMES) == 8
    assert await database.read(_states) == [
        *[("sending", "", None, 2)] * 6,
        ("queued", "no_gateway", later, 2),
        ("expired", "", None, 2),
        ("queued", "", None, 1),
    ]


@ensureDeferred
async def test_one_of_many_alike_that_moved_meanwhile_stays_and_is_not_counted(database: Database) -> None:
    keys = await database.run(_queued)
    await database.run(update_messages, [_change(keys[0], "cancelled")], _NAMES)
    assert await database.run(update_messages, [_change(key, "sending") for key in keys], _NAMES) == 8
    assert [state for state, *_ in await database.read(_states)] == ["cancelled", *["sending"] * 8]


@ensureDeferred
async def test_messages_are_found_by_their_keys_however_many_are_in_the_state(sqlite_database: Database) -> None:
    chosen = select(MESSAGE.c.text).where(MESSAGE.c.id.in_([1, 2, 3]), unindexed(MESSAGE.c.state) == "queued")
    words = str(chosen.compile(dialect=sqlite.dialect(), compile_kwargs={"literal_binds": True}))

    def plan(session: Session) -> str:
        return " ".join(row[3] for row in session.execute(text(f"explain query plan {words}")))

    assert "PRIMARY KEY" in await sqlite_database.read(plan)
