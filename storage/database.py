"""The database, off the reactor: one function, one transaction, plain data back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Concatenate, ParamSpec, TypeVar

from sqlalchemy import URL, Engine, make_url, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorFromThreads
from twisted.internet.threads import deferToThreadPool
from twisted.logger import Logger
from twisted.python.threadpool import ThreadPool

from storage.engines import dialect_of, reading_engine, writing_engine
from storage.errors import DatabaseStoppedError, DatabaseUnavailableError
from storage.event_delivery import EventDelivery
from storage.event_log import StoredEvent
from storage.plain import ensure_plain
from storage.retry import again_if_worthwhile
from storage.work import Job, Outcome, UnitOfWork
from storage.writer import GROUP_LIMIT, Writer

P = ParamSpec("P")
T = TypeVar("T")

CommitListener = Callable[[Sequence[StoredEvent]], None]

READING_THREADS = 4
WRITING_THREADS = 8


class Database:
    """Runs functions in transactions on its own threads. All methods are called on the reactor thread.

    SQLite: one writing thread commits what is waiting in groups, each function in a savepoint of its own; reading
    threads see a snapshot. PostgreSQL and Oracle: every function has a transaction of its own on one of several
    threads. Failures that certainly did nothing are retried a few times with the whole function.

    ``on_commit`` is called on the reactor thread with the events of committed transactions, in the order of their
    numbers, before the Deferreds of these transactions fire.

    Raises DatabaseUnavailableError for an address that cannot be read or a kind of database that we do not know.
    """

    def __init__(
        self, url: str | URL, reactor: IReactorFromThreads, *, on_commit: CommitListener | None = None
    ) -> None:
        self.dialect = dialect_of(url)
        self.url = make_url(url)
        self.on_commit = on_commit
        self._reactor = reactor
        self._delivery = EventDelivery()
        self._untold: list[Outcome] = []
        self._engines: list[Engine] = []
        self._running = False
        self._log = Logger()

    @property
    def waiting(self) -> int:
        """Functions queued for writing that no thread has taken yet."""
        return self._writer.waiting if self._running else 0

    async def start(self) -> None:
        """Open the connections; raises DatabaseUnavailableError when the database cannot be reached."""
        single = self.dialect == "sqlite"
        threads = 1 if single else WRITING_THREADS
        self._readers = ThreadPool(1, READING_THREADS, name="database-readers")
        self._readers.start()
        try:
            await deferToThreadPool(self._reactor, self._readers, self._open, threads)
        except BaseException:
            await self._off_the_reactor(self._close)
            raise
        self._writer = Writer(
            self._writing, self._delivery, self._report, threads=threads, group=GROUP_LIMIT if single else 1
        )
        self._writer.start()
        self._running = True

    async def stop(self) -> None:
        """Refuse new work, finish what is queued, close. Stopping twice is harmless."""
        if not self._running:
            return
        self._running = False
        await self._off_the_reactor(self._finish)

    async def run(self, function: Callable[Concatenate[Session, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """``function(session, *args, **kwargs)`` in one writing transaction; its result when it is committed.

        Raises what the function raises, DatabaseStoppedError, LeakedSessionError, CommitUnknownError and
        SQLAlchemy's errors; after any but CommitUnknownError nothing of it has happened.
        """
        self._ensure_running()
        deferred: Deferred[T] = Deferred()
        self._writer.add(Job(lambda session: function(session, *args, **kwargs), deferred))
        return await deferred

    async def read(self, function: Callable[Concatenate[Session, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """``function(session, *args, **kwargs)`` on one unchanging state of the data; it can write nothing."""
        self._ensure_running()
        return await deferToThreadPool(
            self._reactor, self._readers, self._read, lambda session: function(session, *args, **kwargs)
        )

    def _ensure_running(self) -> None:
        if not self._running:
            raise DatabaseStoppedError("the database is not running")

    def _open(self, threads: int) -> None:
        self._writing = self._opened(writing_engine(self.url, threads))
        self._reading = self._opened(reading_engine(self.url, READING_THREADS))

    def _opened(self, engine: Engine) -> Engine:
        self._engines.append(engine)
        try:
            with engine.connect() as connection:
                connection.execute(text("select 1 from dual" if self.dialect == "oracle" else "select 1"))
        except (SQLAlchemyError, OSError) as error:
            name = self.url.render_as_string(hide_password=True)
            raise DatabaseUnavailableError(f"cannot open the database {name}: {_cause(error)}") from error
        return engine

    def _finish(self) -> None:
        """End the threads when they have done what is queued; then close. The results are told before ``stop`` ends."""
        self._writer.stop()
        self._close()

    def _close(self) -> None:
        self._readers.stop()
        while self._engines:
            self._engines.pop().dispose()

    async def _off_the_reactor(self, action: Callable[[], None]) -> None:
        """Do what waits for threads on a thread that is none of them."""
        helper = ThreadPool(1, 1, name="database-stop")
        helper.start()
        try:
            await deferToThreadPool(self._reactor, helper, action)
        finally:
            helper.stop()

    def _read(self, work: Callable[[Session], Any]) -> Any:
        return again_if_worthwhile(self.dialect, lambda: self._read_once(work))

    def _read_once(self, work: Callable[[Session], Any]) -> Any:
        with UnitOfWork(self._reading) as session:
            result = work(session)
            ensure_plain(result)
            return result

    def _report(self, outcomes: Sequence[Outcome]) -> None:
        """On a writing thread: hand over to the reactor."""
        self._reactor.callFromThread(self._tell, outcomes)

    def _tell(self, outcomes: Sequence[Outcome]) -> None:
        events = self._delivery.take()
        if events and self.on_commit is not None:
            try:
                self.on_commit(events)
            except Exception:  # noqa: BLE001 - a listener's fault must not keep results from those who wait
                self._log.failure("a listener for committed events failed")
        outcomes, self._untold = [*self._untold, *outcomes], []
        for outcome in outcomes:
            if outcome.may_be_told:
                outcome.tell()
            else:
                # Others with lower numbers are committed too, and have not said so yet.
                self._untold.append(outcome)


def _cause(error: BaseException) -> str:
    return str(getattr(error, "orig", None) or error).strip().splitlines()[0]
