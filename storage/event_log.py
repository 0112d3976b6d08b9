"""The event log: events are numbered without gaps in the transaction that made them true.

A function calls ``record_event`` while it works. Just before its commit the buffered events get their numbers from the
one row of ``event_counter`` and are inserted. The row stays locked until the commit, for a moment only because it is
taken last; so events become visible in the order of their numbers, and a number that was rolled back is given again.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import bindparam, delete, func, insert, select, update
from sqlalchemy.engine import CursorResult
from sqlalchemy.orm import Session

from storage.errors import StorageError
from storage.models.base import Key, table_of
from storage.models.events import EventCounter, EventRecord
from storage.prepared import Prepared

COUNTER_ID = 1
_WAITING = "events_waiting"

_COUNTER = table_of(EventCounter)
_TAKE = Prepared(
    update(_COUNTER)
    .where(_COUNTER.c.id == COUNTER_ID)
    .values(last_seq=_COUNTER.c.last_seq + bindparam("count", type_=Key))
    .returning(_COUNTER.c.last_seq)
)
_INSERT = Prepared(insert(table_of(EventRecord)))


@dataclass(frozen=True)
class NewEvent:
    """Something that became true. ``data`` is the full present state of ``subject`` as plain JSON data.

    ``audience`` says who may be told: ``{"permission": str, "departments": [int], "users": [int]}``.
    """

    topic: str
    type: str
    subject: str
    data: Mapping[str, Any]
    audience: Mapping[str, Any]


@dataclass(frozen=True)
class StoredEvent:
    """An event with its number and its time (aware, UTC)."""

    seq: int
    at: datetime
    topic: str
    type: str
    subject: str
    data: Mapping[str, Any]
    audience: Mapping[str, Any]


def record_event(session: Session, event: NewEvent) -> None:
    """Add an event to this transaction; it is numbered and written just before the commit, or never.

    Inside ``session.begin_nested()`` it does not follow that savepoint: record after the savepoint is released.
    """
    session.info.setdefault(_WAITING, []).append(event)


def number_events(session: Session, now: float) -> list[StoredEvent]:
    """Give the buffered events their numbers and insert them. ``now`` is in seconds since the epoch.

    Called by the database at the end of each function, in its transaction. Raises StorageError when the counter row
    is missing.
    """
    waiting: list[NewEvent] = session.info.pop(_WAITING, [])
    if not waiting:
        return []
    first = _take_numbers(session, len(waiting))
    at = datetime.fromtimestamp(now, UTC)
    stored = [
        StoredEvent(first + index, at, event.topic, event.type, event.subject, event.data, event.audience)
        for index, event in enumerate(waiting)
    ]
    _INSERT.run_each(session, [_row(event) for event in stored])
    return stored


def _take_numbers(session: Session, count: int) -> int:
    """Take ``count`` numbers and give the first. The update locks the row until the commit."""
    last: int | None = _TAKE.scalar(session, {"count": count})
    if last is None:
        raise StorageError("the row of event_counter is missing: the schema was not made by its migrations")
    return last - count + 1


def holds(session: Session, events: Sequence[StoredEvent]) -> bool:
    """Whether these very events are in the log, with certainty: waits for whoever holds the counter row."""
    session.execute(select(EventCounter.last_seq).where(EventCounter.id == COUNTER_ID).with_for_update())
    first = events[0]
    found = events_after(session, first.seq - 1, 1, [first.topic])
    # Numbers are given again after a roll-back: another transaction may have taken these meanwhile.
    return [_identity(event) for event in found] == [_identity(first)]


def _identity(event: StoredEvent) -> tuple[object, ...]:
    return (event.seq, event.at, event.type, event.subject, json.dumps(dict(event.data), sort_keys=True))


def _row(event: StoredEvent) -> dict[str, Any]:
    return {
        "seq": event.seq,
        "at": event.at,
        "topic": event.topic,
        "type": event.type,
        "subject": event.subject,
        "data": dict(event.data),
        "audience": dict(event.audience),
    }


def events_after(session: Session, seq: int, limit: int, topics: Collection[str]) -> list[StoredEvent]:
    """At most ``limit`` events with a number above ``seq`` of these topics, in order."""
    columns = (
        EventRecord.seq,
        EventRecord.at,
        EventRecord.topic,
        EventRecord.type,
        EventRecord.subject,
        EventRecord.data,
        EventRecord.audience,
    )
    statement = (
        select(*columns)
        .where(EventRecord.seq > seq, EventRecord.topic.in_(sorted(topics)))
        .order_by(EventRecord.seq)
        .limit(limit)
    )
    return [StoredEvent(*row) for row in session.execute(statement)]


def last_seq(session: Session) -> int:
    """The last number given out; 0 when there was no event yet."""
    return session.scalar(select(EventCounter.last_seq).where(EventCounter.id == COUNTER_ID)) or 0


def oldest_seq(session: Session) -> int:
    """The lowest number still kept, or the next one to come when none is kept.

    A reader that has seen everything up to N can resume when ``N >= oldest_seq - 1``.
    """
    oldest = session.scalar(select(func.min(EventRecord.seq)))
    return last_seq(session) + 1 if oldest is None else oldest


def trim_events(session: Session, before: datetime) -> int:
    """Forget the events older than ``before`` and give their number. What remains is without gaps.

    The clock may have been set back, so the highest number that is old enough counts, not each event's own time.
    """
    highest = session.scalar(select(func.max(EventRecord.seq)).where(EventRecord.at < before))
    if highest is None:
        return 0
    result = session.execute(
        delete(EventRecord).where(EventRecord.seq <= highest), execution_options={"synchronize_session": False}
    )
    return result.rowcount if isinstance(result, CursorResult) else 0
