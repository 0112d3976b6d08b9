"""One daemon at a time works with a database: it has the lease, and says that it lives by counting up its beat.

No clocks are compared, for those of two machines differ: whoever wants the lease of another looks whether its beat
moves. It is taken from one that seems dead by an UPDATE that names the last beat seen, so that of two who try one has
it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, select, update
from sqlalchemy.engine import CursorResult
from sqlalchemy.orm import Session

from storage.errors import StorageError
from storage.models.base import table_of
from storage.models.leases import Lease

DAEMON = "daemon"

_LEASE = table_of(Lease)


@dataclass(frozen=True)
class Process:
    """A process, as it is known again: ``pid`` on ``host``, at ``place`` there, begun at ``began`` (ticks of that
    machine). ``place`` is empty, and pid and began are None, where the system does not tell them.
    """

    host: str
    place: str
    pid: int | None
    began: int | None


@dataclass(frozen=True)
class Held:
    """Who has the lease: ``process`` since ``since``, known by ``token``, and its last ``beat``."""

    token: str
    process: Process
    since: datetime
    beat: int


def take_lease(session: Session, token: str, process: Process, at: datetime, dead: Held | None = None) -> Held | None:
    """Have the lease from now on if nobody has it, or ``dead`` still does and has not beaten since. None if it is
    ``token``'s now, else who has it.

    Raises ``StorageError`` when the row of the lease is missing.
    """
    columns = _LEASE.c
    # Our own: the answer to the commit before may have been lost.
    free = columns.token.is_(None) | (columns.token == token)
    if dead is not None:
        free |= and_(columns.token == dead.token, columns.beat == dead.beat)
    taken = session.execute(
        update(_LEASE)
        .where(columns.name == DAEMON, free)
        .values(
            token=token, host=process.host, place=process.place, pid=process.pid, began=process.began, since=at, beat=0
        )
    )
    if isinstance(taken, CursorResult) and taken.rowcount == 1:
        return None
    row = session.execute(select(_LEASE).where(columns.name == DAEMON)).one_or_none()
    if row is None:
        raise StorageError("the row of the lease is missing")
    return Held(row.token, Process(row.host, row.place, row.pid, row.began), row.since, row.beat)


def beat_lease(session: Session, token: str) -> bool:
    """Say that ``token`` lives. False when the lease is somebody else's by now."""
    beaten = session.execute(
        update(_LEASE).where(_LEASE.c.name == DAEMON, _LEASE.c.token == token).values(beat=_LEASE.c.beat + 1)
    )
    return isinstance(beaten, CursorResult) and beaten.rowcount == 1


def release_lease(session: Session, token: str) -> None:
    """``token`` is done; whoever comes next need not wait."""
    session.execute(update(_LEASE).where(_LEASE.c.name == DAEMON, _LEASE.c.token == token).values(token=""))
