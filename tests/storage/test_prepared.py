"""Statements given to the driver directly do what SQLAlchemy makes of them, and fail as it does."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
import pytest_twisted
from sqlalchemy import bindparam, func, insert, select, update
from sqlalchemy.exc import IntegrityError, PendingRollbackError
from sqlalchemy.orm import Session
from twisted.internet.defer import Deferred, gatherResults

from storage.database import Database
from storage.models import Department, EventRecord, PhoneLine
from storage.models.base import NO, YES, table_of
from storage.prepared import Prepared

NOW = datetime(2026, 3, 2, 1, 2, 3, 456789, tzinfo=UTC)
LINE, DEPARTMENT, EVENT = table_of(PhoneLine), table_of(Department), table_of(EventRecord)
VALUES: dict[str, Any] = {
    "name": "前台",
    "driver": "hayes",
    "group_name": "",
    "department_id": None,
    "state": "idle",
    "since": NOW,
    "reason": "",
    "reason_said": {"code": "停", "values": [1, None]},
    "out_of_service": True,
    "removed": False,
    "file_name": "a",
    "settings": None,
    "version": 3,
    "heard_source": "",
}
ADD = Prepared(insert(LINE).returning(LINE.c.id))
LOAD = Prepared(select(*(LINE.c[name] for name in VALUES)).where(LINE.c.name == bindparam("called")))
CHANGE = Prepared(update(LINE).where(LINE.c.name == bindparam("called")))
COUNT = Prepared(select(func.count()).select_from(LINE).where(LINE.c.removed == NO, LINE.c.out_of_service == YES))


@pytest_twisted.ensureDeferred
async def test_every_kind_of_column_comes_back_as_the_orm_would_have_it(database: Database) -> None:
    def write(session: Session) -> tuple[Any, ...]:
        first, second = ADD.scalar(session, VALUES), ADD.scalar(session, {**VALUES, "name": "b"})
        record = session.get_one(PhoneLine, first)
        same = {name: getattr(record, name) for name in VALUES} == VALUES
        row = LOAD.first(session, {"called": "前台"})
        return same, second > first, row == tuple(VALUES.values()), LOAD.names == tuple(VALUES)

    assert await database.run(write) == (True, True, True, True)


@pytest_twisted.ensureDeferred
async def test_only_the_named_columns_change_and_constants_are_converted(database: Database) -> None:
    def write(session: Session) -> tuple[Any, ...]:
        ADD.run(session, VALUES)
        CHANGE.run(session, {"called": "前台", "state": "lost", "since": NOW.replace(year=2027)})
        row = dict(zip(LOAD.names, LOAD.first(session, {"called": "前台"}) or (), strict=True))
        CHANGE.run(session, {"called": "nobody", "state": "idle"})
        return (
            row,
            COUNT.scalar(session, {}),
            LOAD.first(session, {"called": "nobody"}),
            LOAD.all(session, {"called": ""}),
        )

    row, count, nobody, none = await database.run(write)
    assert row == {**VALUES, "state": "lost", "since": NOW.replace(year=2027)}
    assert (count, nobody, none) == (1, None, [])


@pytest_twisted.ensureDeferred
async def test_many_rows_and_none(database: Database) -> None:
    event = {"at": NOW, "topic": "calls", "type": "x", "subject": "1", "data": {}, "audience": {}}
    add = Prepared(insert(EVENT))

    def write(session: Session) -> list[Any]:
        add.run_each(session, [{"seq": seq, **event} for seq in (2, 1)])
        add.run_each(session, [])
        return list(session.scalars(select(EventRecord.seq).order_by(EventRecord.seq)))

    assert await database.run(write) == [1, 2]


@pytest_twisted.ensureDeferred
async def test_a_failure_is_told_as_sqlalchemy_tells_it_and_undoes_only_its_function(database: Database) -> None:
    def add(session: Session, name: str) -> None:
        ADD.run(session, {**VALUES, "name": name})

    def twice(session: Session) -> None:
        add(session, "twice")
        add(session, "twice")

    functions: list[Callable[[Session], None]] = [lambda session: add(session, "a"), twice, lambda s: add(s, "b")]
    jobs: list[Deferred[Any]] = [Deferred.fromCoroutine(database.run(function)) for function in functions]
    told = await gatherResults([job.addErrback(lambda failure: failure.type) for job in jobs])
    assert told == [None, IntegrityError, None]
    assert await database.read(lambda session: sorted(session.scalars(select(PhoneLine.name)))) == ["a", "b"]


@pytest_twisted.ensureDeferred
async def test_a_savepoint_of_the_function_undoes_it_too(database: Database) -> None:
    def write(session: Session) -> None:
        ADD.run(session, {**VALUES, "name": "before"})
        with suppress(IntegrityError), session.begin_nested():
            ADD.run(session, {**VALUES, "name": "inside"})
            ADD.run(session, {**VALUES, "name": "before"})
        ADD.run(session, {**VALUES, "name": "after"})

    await gatherResults([Deferred.fromCoroutine(database.run(write))])
    assert await database.read(lambda session: sorted(session.scalars(select(PhoneLine.name)))) == ["after", "before"]


@pytest_twisted.ensureDeferred
async def test_a_session_whose_flush_failed_runs_nothing_more(database: Database) -> None:
    def write(session: Session) -> None:
        ADD.run(session, VALUES)
        session.add(PhoneLine(name=VALUES["name"], driver="x", state="idle", since=NOW))
        with suppress(IntegrityError):
            session.flush()
        ADD.run(session, {**VALUES, "name": "after"})

    with pytest.raises(PendingRollbackError):
        await database.run(write)
    assert await database.read(lambda session: list(session.scalars(select(PhoneLine.name)))) == []


@pytest_twisted.ensureDeferred
async def test_what_cannot_be_prepared_is_refused(database: Database) -> None:
    async def asked(statement: Prepared, values: dict[str, Any]) -> Any:
        return await database.run(lambda session: statement.all(session, values))

    with pytest.raises(TypeError, match="depends on its values"):
        await asked(Prepared(select(LINE.c.id).where(LINE.c.id.in_([1, 2]))), {})
    with pytest.raises(TypeError, match="defaults"):
        await asked(
            Prepared(insert(LINE).returning(LINE.c.id)), {"name": "a", "driver": "hayes", "state": "x", "since": NOW}
        )
    with pytest.raises(KeyError, match="called"):
        await asked(Prepared(select(LINE.c.id).where(LINE.c.name == bindparam("called"))), {"name": "a"})
    with pytest.raises(ValueError, match="without zone"):
        await asked(ADD, {**VALUES, "since": NOW.replace(tzinfo=None)})
