"""What goes wrong underneath: lost connections, lost answers, deadlocks, a full disk, a busy file, a slow reader."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Sequence

import pytest
import pytest_twisted
from sqlalchemy import Row, make_url, select, text, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session
from twisted.internet import reactor
from twisted.internet.defer import Deferred, gatherResults
from twisted.internet.task import deferLater

from storage.database import Database
from storage.errors import CommitUnknownError, DatabaseUnavailableError
from storage.event_log import NewEvent, StoredEvent, last_seq, record_event
from storage.models import Department
from tests.peers.database_proxy import Break, DatabaseProxy, started
from tests.peers.patience import PATIENCE, until


def add(session: Session, name: str, events: int = 1) -> int:
    department = Department(name=name)
    session.add(department)
    session.flush()
    for _ in range(events):
        record_event(session, NewEvent("calls", "call.updated", name, {"name": name, "a": (1, 2)}, {}))
    return department.id


def names(session: Session) -> list[str]:
    return list(session.scalars(select(Department.name).order_by(Department.id)))


async def result_of(job: Deferred[object]) -> object:
    try:
        return await job
    except Exception as error:  # noqa: BLE001
        return error


@pytest.mark.parametrize("moment", [Break.BEFORE_COMMIT, Break.AFTER_COMMIT])
@pytest_twisted.ensureDeferred
async def test_a_commit_whose_answer_is_lost_is_done_once(
    behind: Database, proxy: DatabaseProxy, moment: Break
) -> None:
    heard: list[StoredEvent] = []
    behind.on_commit = heard.extend
    proxy.breaking = moment
    await behind.run(add, "once", 2)
    await behind.run(add, "after")
    assert proxy.breaking is Break.NEVER
    assert await behind.read(names) == ["once", "after"]
    assert [event.seq for event in heard] == [1, 2, 3]
    assert [event.subject for event in heard] == ["once", "once", "after"]


@pytest.mark.parametrize("moment", [Break.BEFORE_COMMIT, Break.AFTER_COMMIT])
@pytest_twisted.ensureDeferred
async def test_without_an_event_to_look_for_the_caller_is_told_that_nobody_knows(
    behind: Database, proxy: DatabaseProxy, moment: Break
) -> None:
    proxy.breaking = moment
    with pytest.raises(CommitUnknownError):
        await behind.run(add, "perhaps", 0)
    await behind.run(add, "after", 0)
    assert await behind.read(names) == (["after"] if moment is Break.BEFORE_COMMIT else ["perhaps", "after"])


@pytest_twisted.ensureDeferred
async def test_a_database_that_is_gone_fails_the_callers_and_is_used_again_when_it_is_back(
    behind: Database, proxy: DatabaseProxy
) -> None:
    heard: list[int] = []
    behind.on_commit = lambda events: heard.extend(event.seq for event in events)
    await behind.run(add, "before")
    proxy.down()
    results = [await result_of(started(behind, add, f"gone {n}")) for n in range(3)]
    assert all(isinstance(result, OperationalError) for result in results)
    with pytest.raises(OperationalError):
        await behind.read(names)
    proxy.up()
    await gatherResults([started(behind, add, f"back {n}") for n in range(10)])
    assert len(await behind.read(names)) == 11
    assert heard == list(range(1, 12))


@pytest_twisted.ensureDeferred
async def test_a_broken_connection_is_replaced_and_the_function_run_again(postgresql_url: str) -> None:
    database = Database(postgresql_url, reactor)
    await database.start()
    attempts: list[int] = []

    def cut_off_once(session: Session) -> int:
        attempts.append(1)
        if len(attempts) == 1:
            session.execute(text("select pg_terminate_backend(pg_backend_pid())"))
        return add(session, "survivor")

    await database.run(cut_off_once)
    assert len(attempts) == 2
    assert await database.read(names) == ["survivor"]
    await database.stop()


@pytest_twisted.ensureDeferred
async def test_two_that_wait_for_each_other_both_succeed_in_the_end(postgresql_url: str) -> None:
    database = Database(postgresql_url, reactor)
    await database.start()
    first, second = await database.run(add, "a"), await database.run(add, "b")
    meeting = threading.Barrier(2, timeout=PATIENCE)
    attempts: list[str] = []

    def rename(session: Session, one: int, other: int, mark: str) -> None:
        attempts.append(mark)
        session.execute(update(Department).where(Department.id == one).values(name=f"{mark}1"))
        if len(attempts) <= 2:
            meeting.wait()
        session.execute(update(Department).where(Department.id == other).values(name=f"{mark}2"))

    await gatherResults([started(database, rename, first, second, "x"), started(database, rename, second, first, "y")])
    assert len(attempts) == 3
    assert sorted(await database.read(names)) in (["x1", "x2"], ["y1", "y2"])
    await database.stop()


@pytest_twisted.ensureDeferred
async def test_a_full_disk_fails_what_did_not_fit_and_nothing_else_for_long(sqlite_database: Database) -> None:
    database = sqlite_database
    heard: list[int] = []

    def listen(events: Sequence[StoredEvent]) -> None:
        heard.extend(event.seq for event in events)

    database.on_commit = listen

    def limit(session: Session, pages: int) -> int:
        used = session.scalar(text("pragma page_count"))
        return int(session.scalar(text(f"pragma max_page_count = {used + pages}")) or 0)

    def too_much(session: Session) -> None:
        add(session, "much")
        for number in range(3000):
            session.execute(
                text("insert into department (name, clinical, disabled, version) values (:n, 0, 0, 1)"),
                {"n": f"{number:070d}"},
            )

    await database.run(limit, 2)
    jobs = [started(database, add, "small 1"), started(database, too_much), started(database, add, "small 2")]
    results = [await result_of(job) for job in jobs]
    assert isinstance(results[1], OperationalError)
    assert "full" in str(results[1])
    there = await database.read(names)
    for name, result in (("small 1", results[0]), ("small 2", results[2])):
        assert (name in there) == isinstance(result, int)
    assert "much" not in there
    await database.run(limit, 100_000)
    await database.run(add, "room again")
    assert "room again" in await database.read(names)
    assert heard == list(range(1, await database.read(last_seq) + 1))


@pytest_twisted.ensureDeferred
async def test_a_writer_waits_for_another_process(sqlite_url: str) -> None:
    database = Database(sqlite_url, reactor)
    await database.start()
    other = sqlite3.connect(make_url(sqlite_url).database or "", isolation_level=None)
    other.execute("begin immediate")
    job = started(database, add, "patient")
    await deferLater(reactor, 0.2)
    assert not job.called
    assert await database.read(names) == []
    other.execute("rollback")
    other.close()
    await job
    await database.stop()


@pytest_twisted.ensureDeferred
async def test_stopping_waits_for_a_slow_reader_without_holding_the_reactor(database_url: str) -> None:
    database = Database(database_url, reactor)
    await database.start()

    gate = threading.Event()

    def slow(session: Session) -> bool:
        names(session)
        return gate.wait(PATIENCE)

    reading = Deferred.fromCoroutine(database.read(slow))
    stopping = Deferred.fromCoroutine(database.stop())
    # The reactor turns while it is waited for the reader: else nobody would let it go on.
    await until(lambda: database._readers.joined, "the end of the readers")
    assert not stopping.called
    gate.set()
    await stopping
    assert reading.called
    assert await reading


@pytest_twisted.ensureDeferred
async def test_functions_never_run_on_the_reactor_thread(database: Database) -> None:
    here = threading.get_ident()
    assert await database.run(lambda session: threading.get_ident()) != here
    assert await database.read(lambda session: threading.get_ident()) != here


@pytest_twisted.ensureDeferred
async def test_a_function_cannot_end_its_transaction_itself(database: Database) -> None:
    for ending in ("commit", "rollback"):

        def end(session: Session, ending: str = ending) -> None:
            add(session, "half")
            getattr(session, ending)()

        with pytest.raises(TypeError, match="must not"):
            await database.run(end)
    assert await database.read(names) == []


@pytest_twisted.ensureDeferred
async def test_rows_are_plain_but_nothing_lazy_is(database: Database) -> None:
    await database.run(add, "x")
    rows = await database.read(lambda session: session.execute(select(Department.name)).all())
    assert isinstance(rows[0], Row)
    for lazy in (lambda session: (one for one in [1]), lambda session: {"deep": [session]}):
        with pytest.raises(Exception, match="bound to its session"):
            await database.read(lazy)


@pytest.mark.parametrize("url", ["mysql://localhost/x", "sqlite://", "nonsense", "sqlite:////no/such/folder/x.db"])
@pytest_twisted.ensureDeferred
async def test_an_address_that_cannot_be_used_is_named(url: str) -> None:
    with pytest.raises(DatabaseUnavailableError):
        await Database(url, reactor).start()


@pytest_twisted.ensureDeferred
async def test_a_file_that_is_no_database_is_named(tmp_path) -> None:
    (tmp_path / "x.db").write_bytes(b"not a database, whatever its name says" * 100)
    with pytest.raises(DatabaseUnavailableError, match=r"x\.db"):
        await Database(f"sqlite:///{tmp_path}/x.db", reactor).start()
