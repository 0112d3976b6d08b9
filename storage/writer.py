"""The writing threads of a database: a queue of functions, committed in groups (SQLite) or each by itself."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError
from twisted.python.threadpool import ThreadPool

from storage.errors import CommitUnknownError, StorageError
from storage.event_delivery import Announced, EventDelivery
from storage.event_log import StoredEvent, holds
from storage.retry import again_if_worthwhile, connection_broken
from storage.work import Job, Outcome, TransactionLostError, UnitOfWork, carry_out, failure_of

GROUP_LIMIT = 64
"""Functions in one commit on SQLite, at most."""
GROUP_SECONDS = 0.02
"""After so many seconds a group takes no more functions, so that the first does not wait long for its answer."""
COMMITS = 4
"""Nor after so many times the seconds that a commit takes: where the disk is quick there is little to share, and the
first would wait for the others in vain."""

Report = Callable[[Sequence[Outcome]], None]


class Writer:
    """Owns ``threads`` threads that take up to ``group`` functions for one commit.

    Above one, each function of a group but the first has its own savepoint: one that fails rolls back only itself, and
    when the commit fails all of them fail with it. Outcomes go to ``report`` on the writing thread, after the commit
    only.
    """

    def __init__(
        self,
        engine: Engine,
        delivery: EventDelivery,
        report: Report,
        *,
        threads: int,
        group: int,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._engine = engine
        self._dialect = engine.dialect.name
        self._delivery = delivery
        self._report = report
        self._group = group
        self._now = now
        self._waiting: deque[Job] = deque()
        # Seconds of a commit, the last ones counting most.
        self._commit_seconds = GROUP_SECONDS / COMMITS
        self._pool = ThreadPool(1, threads, name="database-writers")

    @property
    def waiting(self) -> int:
        """Jobs that no thread has taken yet."""
        return len(self._waiting)

    def start(self) -> None:
        """Start the threads."""
        self._pool.start()

    def stop(self) -> None:
        """Finish what is queued and end the threads. Blocks."""
        self._pool.stop()

    def add(self, job: Job) -> None:
        """Queue a job. A turn of a thread follows for each job, so none is left even if a group leaves some over."""
        self._waiting.append(job)
        self._pool.callInThread(self._turn)

    def _turn(self) -> None:
        # An earlier group may have taken it.
        if (first := self._next()) is not None:
            self._report(self._together(first) if self._group > 1 else [self._alone(first)])

    def _next(self) -> Job | None:
        try:
            return self._waiting.popleft()
        except IndexError:
            return None

    def _alone(self, job: Job) -> Outcome:
        """One function, one transaction, run again as long as it certainly did nothing and may yet succeed."""
        try:
            return again_if_worthwhile(self._dialect, lambda: self._once(job))
        except BaseException:  # noqa: BLE001 - told to the caller
            return failure_of(job)

    def _once(self, job: Job) -> Outcome:
        with self._begin() as connection:
            value, events = carry_out(connection, job, self._now, savepoint=False)
            announced = self._commit(connection, events)
        return Outcome(job, value, announced)

    def _together(self, first: Job) -> list[Outcome]:
        """A group: the first job and what waits behind it, in one commit."""
        jobs, outcomes = [first], list[Outcome]()
        try:
            with again_if_worthwhile(self._dialect, self._begin) as connection:
                events = self._collect(connection, jobs, outcomes)
                self._commit(connection, events)
        except BaseException:  # noqa: BLE001 - told to every caller of the group
            # What failed by itself keeps its own failure; to all others the group's failure is theirs.
            own = {id(outcome.job): outcome for outcome in outcomes if outcome.failed}
            return [own.get(id(job)) or failure_of(job) for job in jobs]
        return outcomes

    def _begin(self) -> Connection:
        """A connection whose transaction is open; on SQLite it holds the write lock."""
        connection = self._engine.connect()
        try:
            connection.begin()
        except BaseException:
            connection.close()
            raise
        return connection

    def _collect(self, connection: Connection, jobs: list[Job], outcomes: list[Outcome]) -> list[StoredEvent]:
        """Run the first of ``jobs`` and more from the queue, adding to both lists; give all their events.

        The first needs no savepoint, which most groups are then spared: when it fails there is nothing else to keep.
        """
        value, events = carry_out(connection, jobs[0], self._now, savepoint=False)
        outcomes.append(Outcome(jobs[0], value))
        until = time.monotonic() + min(GROUP_SECONDS, COMMITS * self._commit_seconds)
        while len(jobs) < self._group and time.monotonic() <= until:
            if (following := self._next()) is None:
                break
            jobs.append(following)
            try:
                value, recorded = carry_out(connection, following, self._now, savepoint=True)
            except TransactionLostError as lost:
                # Going on would commit each further statement by itself.
                raise (lost.__cause__ or lost) from None
            except BaseException:  # noqa: BLE001 - told to its caller
                outcomes.append(failure_of(following))
            else:
                outcomes.append(Outcome(following, value))
                events.extend(recorded)
        return events

    def _commit(self, connection: Connection, events: list[StoredEvent]) -> Announced | None:
        announced = self._delivery.announce(events)
        began = time.monotonic()
        try:
            connection.commit()
            self._commit_seconds += (time.monotonic() - began - self._commit_seconds) / 8
        except BaseException as error:
            done = False
            try:
                done = connection_broken(self._dialect, error) and self._was_committed(connection, events, error)
            finally:
                if not done and announced is not None:
                    self._delivery.abandoned(announced)
                    # What has waited for these is told now: they may be tried again for long.
                    self._report([])
            if not done:
                raise
        if announced is not None:
            self._delivery.committed(announced)
        return announced

    def _was_committed(self, connection: Connection, events: list[StoredEvent], error: BaseException) -> bool:
        """Find out what became of a commit whose answer was lost. Raises CommitUnknownError when nobody can tell.

        The lost transaction still holds the counter row, if the server has not finished it: who gets the row sees the
        truth. A transaction without events left no trace to look for.
        """
        unknown = "the connection broke during the commit, which may have been carried out"
        if not events:
            raise CommitUnknownError(unknown) from error
        connection.invalidate()

        def look() -> bool:
            with self._begin() as another, UnitOfWork(another, join_transaction_mode="rollback_only") as session:
                return holds(session, events)

        try:
            return again_if_worthwhile(self._dialect, look)
        except (SQLAlchemyError, StorageError) as failure:
            raise CommitUnknownError(f"{unknown}; asking about it failed: {failure}") from error
