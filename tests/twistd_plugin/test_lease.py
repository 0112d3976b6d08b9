"""One daemon has the database, and knows when it has it no more."""

from __future__ import annotations

import os
import threading
from dataclasses import replace
from datetime import UTC, datetime

import pytest
import pytest_twisted
from sqlalchemy import update
from sqlalchemy.orm import Session
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.task import Clock

from storage.database import Database
from storage.leases import Process, beat_lease, take_lease
from storage.models import Lease
from tests.peers.patience import until
from twistd_plugin import lease as leases
from twistd_plugin.lease import BEAT_SECONDS, DEAD_AFTER_SECONDS, LOOK_SECONDS, DatabaseLease, LeaseHeldError
from twistd_plugin.processes import this_process

AT = datetime(2026, 3, 10, 8, tzinfo=UTC)
ELSEWHERE = Process("elsewhere", "another boot pid:[1]", 7, 700)


def take_it(session: Session) -> None:
    session.execute(update(Lease).values(token="other"))


def started(lease: DatabaseLease) -> Deferred[None]:
    return Deferred.fromCoroutine(lease.start())


async def look_again(clock: Clock) -> None:
    """It is about to look once more; it does."""
    await until(clock.getDelayedCalls, "a look at the beat")
    clock.advance(LOOK_SECONDS)


@pytest_twisted.ensureDeferred
async def test_a_second_daemon_on_this_machine_is_refused_at_once_and_not_after_the_first_has_ended(
    database: Database,
) -> None:
    first, second = DatabaseLease(database, Clock()), DatabaseLease(database, Clock())
    await first.start()
    with pytest.raises(LeaseHeldError, match=f"process {os.getpid()} on .* works with this database; end it first"):
        await second.start()
    await first.stop()
    await second.start()
    await second.stop()


@pytest_twisted.ensureDeferred
async def test_one_that_was_killed_on_this_machine_is_followed_at_once(database: Database) -> None:
    first, lease = DatabaseLease(database, Clock()), DatabaseLease(database, Clock())
    await first.start()

    def kill(session: Session) -> None:
        # Another process has its number by now: ours.
        session.execute(update(Lease).values(token="killed", began=1))

    await database.run(kill)
    await lease.start()
    assert not await database.run(beat_lease, "killed")
    await lease.stop()
    await first.stop()


@pytest_twisted.ensureDeferred
async def test_whose_it_is_is_the_process_that_starts_it_and_is_asked_off_the_reactor(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``twistd`` without --nodaemon makes the service, and only then goes on as another process."""
    lease = DatabaseLease(database, Clock())
    threads = []

    def another() -> Process:
        threads.append(threading.current_thread())
        return replace(this_process(), pid=4711)

    def runs(process: Process) -> bool:
        threads.append(threading.current_thread())
        return process.pid == 4711

    monkeypatch.setattr(leases, "this_process", another)
    monkeypatch.setattr(leases, "is_running", runs)
    await lease.start()
    with pytest.raises(LeaseHeldError, match="process 4711 on"):
        await DatabaseLease(database, Clock()).start()
    assert len(threads) == 3
    assert threading.current_thread() not in threads
    await lease.stop()


@pytest_twisted.ensureDeferred
async def test_who_works_with_the_original_is_not_in_the_way_of_a_copy(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Such as a backup that is tried beside the daemon: the copy names a process that runs."""
    original = DatabaseLease(database, Clock())
    await original.start()
    monkeypatch.setattr(database, "url", database.url.set(database="copy"))
    clock = Clock()
    lease = DatabaseLease(database, clock)
    starting = started(lease)
    while clock.seconds() < DEAD_AFTER_SECONDS:
        await look_again(clock)
    await starting
    await lease.stop()
    await original.stop()


@pytest_twisted.ensureDeferred
async def test_a_database_that_answers_late_is_no_silence_of_the_other(database: Database) -> None:
    await database.run(take_lease, "other", ELSEWHERE, AT)
    clock = Clock()
    starting = started(DatabaseLease(database, clock))
    clock.advance(DEAD_AFTER_SECONDS)
    await until(clock.getDelayedCalls, "the second look")
    assert await database.run(beat_lease, "other")
    await look_again(clock)
    with pytest.raises(LeaseHeldError):
        await starting


@pytest_twisted.ensureDeferred
async def test_one_elsewhere_that_gives_a_sign_of_life_keeps_it(database: Database) -> None:
    await database.run(take_lease, "other", ELSEWHERE, AT)
    clock = Clock()
    starting = started(DatabaseLease(database, clock))
    await look_again(clock)
    await until(clock.getDelayedCalls)
    assert not starting.called
    assert await database.run(beat_lease, "other")
    await look_again(clock)
    with pytest.raises(LeaseHeldError, match="process 7 on elsewhere, since 2026-03-10 08:00 UTC"):
        await starting
    assert await database.run(beat_lease, "other")


@pytest_twisted.ensureDeferred
async def test_one_elsewhere_that_is_silent_is_followed(database: Database) -> None:
    await database.run(take_lease, "other", ELSEWHERE, AT)
    clock = Clock()
    lease = DatabaseLease(database, clock)
    starting = started(lease)
    while clock.seconds() < DEAD_AFTER_SECONDS:
        assert await database.run(lambda session: session.get(Lease, "daemon").token) == "other"  # type: ignore[union-attr]
        await look_again(clock)
    await starting
    assert not await database.run(beat_lease, "other")
    await lease.stop()


@pytest_twisted.ensureDeferred
async def test_who_is_stopped_while_waiting_ends(database: Database) -> None:
    await database.run(take_lease, "other", ELSEWHERE, AT)
    clock = Clock()
    starting = started(DatabaseLease(database, clock))
    await until(clock.getDelayedCalls)
    starting.cancel()
    with pytest.raises(CancelledError):
        await starting
    assert not clock.getDelayedCalls()


@pytest_twisted.ensureDeferred
async def test_it_beats_and_says_when_another_has_it(database: Database) -> None:
    clock = Clock()
    lease = DatabaseLease(database, clock)
    await lease.start()
    beats = []
    for _ in range(2):
        clock.advance(BEAT_SECONDS)
        await until(clock.getDelayedCalls, "the next beat")
        beats.append(await database.run(lambda session: session.get(Lease, "daemon").beat))  # type: ignore[union-attr]
    assert beats == [1, 2]
    assert not lease.lost.called
    await database.run(take_it)
    clock.advance(BEAT_SECONDS)
    assert await lease.lost == "another daemon works with this database"
    # It is told once, and what is another's is not given back.
    await until(clock.getDelayedCalls)
    clock.advance(BEAT_SECONDS)
    await lease.stop()
    assert await database.run(beat_lease, "other")


@pytest_twisted.ensureDeferred
async def test_a_database_that_is_away_keeps_nobody_from_stopping(sqlite_url: str) -> None:
    from twisted.internet import reactor

    database = Database(sqlite_url, reactor)
    await database.start()
    lease = DatabaseLease(database, Clock())
    await lease.start()
    await database.stop()
    await lease.stop()
