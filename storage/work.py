"""One function in one transaction: the session it gets, and what must be true of its result."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NoReturn

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session
from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from storage.errors import StorageError
from storage.event_delivery import Announced
from storage.event_log import StoredEvent, number_events
from storage.plain import ensure_plain


@dataclass(frozen=True)
class Job:
    """A function with its arguments bound, and the Deferred that waits for its result."""

    work: Callable[[Session], Any]
    deferred: Deferred[Any]


@dataclass(frozen=True)
class Outcome:
    """A job that is over: its transaction was committed, or ``value`` is a Failure. ``announced`` are its events, which
    are delivered before it is told; None where there are none, and in a group: nobody else writes beside one.
    """

    job: Job
    value: Any
    announced: Announced | None = None

    @property
    def failed(self) -> bool:
        """Whether nothing of the job has happened (or, after CommitUnknownError, perhaps nothing)."""
        return isinstance(self.value, Failure)

    @property
    def may_be_told(self) -> bool:
        """Whether its events have been delivered; on the reactor thread."""
        return self.announced is None or self.announced.taken

    def tell(self) -> None:
        """Fire the Deferred; on the reactor thread."""
        self.job.deferred.callback(self.value)


def failure_of(job: Job) -> Outcome:
    """The outcome of a job inside an ``except``: the exception being handled."""
    return Outcome(job, Failure())  # type: ignore[no-untyped-call]


class TransactionLostError(StorageError):
    """A function failed and took its whole group with it; the cause is its own failure."""


class UnitOfWork(Session):
    """The session of one function. Its transaction belongs to the database, so it can neither commit nor roll back.

    A function that fails raises; part of its work can be tried inside ``session.begin_nested()``.
    """

    def commit(self) -> NoReturn:
        """Refused."""
        raise TypeError("the database commits when the function returns; a function must not commit itself")

    def rollback(self) -> NoReturn:
        """Refused."""
        raise TypeError("the database rolls back when the function raises; a function must not roll back itself")

    def complete(self) -> None:
        """Commit as far as the session's own join mode goes."""
        super().commit()


def carry_out(
    connection: Connection, job: Job, now: Callable[[], float], *, savepoint: bool
) -> tuple[Any, list[StoredEvent]]:
    """Run a writing function on a connection whose transaction is open; give its result and its numbered events.

    With ``savepoint`` whatever it raises undoes only its own work, else the whole transaction must be rolled back by
    the caller. ``now`` gives seconds since the epoch for the events. Raises what the function raises, and
    TransactionLostError, caused by that, when the work cannot be undone by itself.
    """
    session = UnitOfWork(connection, join_transaction_mode="create_savepoint" if savepoint else "rollback_only")
    try:
        value = job.work(session)
        session.flush()
        ensure_plain(value)
        events = number_events(session, now())
        session.complete()
    except BaseException as error:
        _undo(session, error, savepoint=savepoint)
        raise
    session.close()
    return value, events


def _undo(session: Session, error: BaseException, *, savepoint: bool) -> None:
    """SQLite rolls back everything by itself when the disk is full: then there is no savepoint to go back to."""
    try:
        session.close()
    except SQLAlchemyError:
        if savepoint:
            raise TransactionLostError("the whole transaction was lost with this function") from error
