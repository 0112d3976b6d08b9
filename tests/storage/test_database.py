"""One function, one transaction: results, failures, groups, events, stopping."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from threading import Event

import pytest
import pytest_twisted
from sqlalchemy import Connection, func, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from twisted.internet import reactor
from twisted.internet.defer import Deferred, gatherResults

from storage import writer
from storage.database import Database
from storage.errors import DatabaseStoppedError, DatabaseUnavailableError, LeakedSessionError
from storage.event_log import NewEvent, StoredEvent, events_after, last_seq, oldest_seq, record_event, trim_events
from storage.models import Department


def add(session: Session, name: str, *, events: int = 0, fail: bool = False) -> int:
    department = Department(name=name)
    session.add(department)
    session.flush()
    for index in range(events):
        record_event(session, NewEvent("calls", "call.updated", name, {"index": index}, {"permission": "calls.view"}))
    if fail:
        raise RuntimeError("on purpose")
    return department.id


def names(session: Session) -> list[str]:
    return list(session.scalars(select(Department.name).order_by(Department.id)))


def started(database: Database, function: object, *args: object, **kwargs: object) -> Deferred[object]:
    return Deferred.fromCoroutine(database.run(function, *args, **kwargs))  # type: ignore[arg-type]


@pytest_twisted.ensureDeferred
async def test_what_a_function_wrote_is_there_and_its_result_comes_back(database: Database) -> None:
    key = await database.run(add, "骨科")
    assert key == 1
    assert await database.read(names) == ["骨科"]


@pytest_twisted.ensureDeferred
async def test_a_failing_function_leaves_nothing_and_its_neighbours_are_not_touched(database: Database) -> None:
    jobs = [started(database, add, f"d{n}", events=1, fail=n % 3 == 0) for n in range(30)]
    results = [await settle(job) for job in jobs]
    kept = [f"d{n}" for n in range(30) if n % 3]
    assert sorted(await database.read(names)) == sorted(kept)
    assert [isinstance(result, RuntimeError) for result in results] == [n % 3 == 0 for n in range(30)]
    assert await database.read(last_seq) == len(kept)


async def settle(job: Deferred[object]) -> object:
    try:
        return await job
    except Exception as error:  # noqa: BLE001
        return error


@pytest_twisted.ensureDeferred
async def test_a_broken_constraint_fails_only_its_own_function(database: Database) -> None:
    await database.run(add, "once")
    jobs = [started(database, add, name) for name in ("a", "once", "b")]
    assert isinstance([await settle(job) for job in jobs][1], IntegrityError)
    assert sorted(await database.read(names)) == ["a", "b", "once"]


@pytest_twisted.ensureDeferred
async def test_events_are_heard_in_order_after_their_commit_and_without_gaps(database: Database) -> None:
    heard: list[int] = []

    def listen(events: Sequence[StoredEvent]) -> None:
        heard.extend(event.seq for event in events)

    database.on_commit = listen
    await gatherResults([started(database, add, f"d{n}", events=2) for n in range(60)])
    assert heard == list(range(1, 121))
    stored = await database.read(events_after, 100, 1000, ["calls"])
    assert [event.seq for event in stored] == list(range(101, 121))


@pytest.mark.parametrize(("commit_seconds", "together"), [(60.0, 6), (0.0, 1)])
@pytest_twisted.ensureDeferred
async def test_functions_share_a_commit_where_it_is_slow_and_wait_for_nobody_where_it_is_quick(
    sqlite_database: Database, monkeypatch: pytest.MonkeyPatch, commit_seconds: float, together: int
) -> None:
    database, gate, groups = sqlite_database, Event(), list[int]()
    commit = database._writer._commit

    def counted(connection: Connection, events: list[StoredEvent]) -> None:
        groups.append(len(events))
        commit(connection, events)

    monkeypatch.setattr(writer, "GROUP_SECONDS", 60.0)
    monkeypatch.setattr(database._writer, "_commit", counted)
    monkeypatch.setattr(database._writer, "_commit_seconds", commit_seconds)
    # The first keeps the thread until the others wait behind it.
    jobs = [started(database, lambda session: (gate.wait(), add(session, "0", events=1)))]
    jobs += [started(database, add, str(number), events=1) for number in range(1, 6)]
    gate.set()
    await gatherResults(jobs)
    assert groups[0] == together
    assert sum(groups) == 6


@pytest_twisted.ensureDeferred
async def test_a_listener_that_fails_keeps_no_result_back(database: Database, lost_failures) -> None:
    def fail(events: Sequence[StoredEvent]) -> None:
        raise RuntimeError("deaf")

    database.on_commit = fail
    assert await database.run(add, "x", events=1) == 1
    assert "deaf" in lost_failures.take()[0]


@pytest_twisted.ensureDeferred
async def test_a_reader_cannot_write(database: Database) -> None:
    with pytest.raises(Exception, match="read"):
        await database.read(lambda session: session.execute(insert(Department).values(name="no", clinical=False)))
    assert await database.read(names) == []


@pytest_twisted.ensureDeferred
async def test_nothing_bound_to_the_session_gets_out(database: Database) -> None:
    with pytest.raises(LeakedSessionError):
        await database.run(lambda session: session.merge(Department(name="leak")))
    with pytest.raises(LeakedSessionError):
        await database.read(lambda session: session.scalars(select(Department.name)))
    assert await database.read(names) == []


@pytest_twisted.ensureDeferred
async def test_stopping_finishes_what_is_queued_and_refuses_more(database_url: str) -> None:
    database = Database(database_url, reactor)
    await database.start()
    jobs = [started(database, add, f"d{n}") for n in range(50)]
    await database.stop()
    await gatherResults(jobs)
    with pytest.raises(DatabaseStoppedError):
        await database.run(add, "late")
    again = Database(database_url, reactor)
    await again.start()
    assert await again.read(lambda session: session.scalar(select(func.count(Department.id)))) == 50
    await again.stop()


@pytest_twisted.ensureDeferred
async def test_a_database_that_cannot_be_opened_is_named_without_its_password() -> None:
    database = Database("postgresql+psycopg://someone:secret@127.0.0.1:1/none", reactor)
    with pytest.raises(DatabaseUnavailableError) as caught:
        await database.start()
    assert "127.0.0.1:1/none" in str(caught.value)
    assert "secret" not in str(caught.value)


@pytest_twisted.ensureDeferred
async def test_trimmed_events_are_gone_from_the_front_only(database: Database) -> None:
    await database.run(add, "x", events=5)
    assert await database.run(trim_events, datetime(2000, 1, 1, tzinfo=UTC)) == 0
    assert await database.read(oldest_seq) == 1
    assert await database.run(trim_events, datetime(2100, 1, 1, tzinfo=UTC)) == 5
    assert await database.read(oldest_seq) == 6
    assert await database.read(last_seq) == 5
