"""What is due to be sent, as rows: found by the index, urgent first, and locked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from operator import itemgetter
from typing import Any, NamedTuple

from sqlalchemy import Integer, and_, bindparam, or_, select
from sqlalchemy.orm import Session

from callcenter.messaging.outbox.attempts import MESSAGE, unindexed
from callcenter.messaging.vocabulary import LOWEST_PRIORITY, MessageState
from storage.bulk import Keyed, Whole

PAGES = 8
"""Looked at in one transaction at most, so that what waits for one gateway does not hold up what another can take."""
_QUEUED = MessageState.QUEUED.value
_COLUMNS = MESSAGE.c
_DUE = and_(_COLUMNS.stage == _QUEUED, _COLUMNS.priority == bindparam("level"), _COLUMNS.next_at <= bindparam("latest"))
_AFTER = and_(
    # What the index is entered by: of the alternatives alone no database sees where to begin.
    _COLUMNS.next_at >= bindparam("moment"),
    or_(_COLUMNS.next_at > bindparam("moment"), _COLUMNS.id > bindparam("key")),
)
_PAGE = (
    select(_COLUMNS.next_at, _COLUMNS.id)
    .order_by(_COLUMNS.next_at, _COLUMNS.id)
    .limit(bindparam("most", type_=Integer))
)
_in_order = itemgetter(0, 1)
_FIRST = Whole(_PAGE.where(_DUE))
_FOLLOWING = Whole(_PAGE.where(_DUE, _AFTER))
_LOCKED = Keyed(
    lambda among: (
        select(
            _COLUMNS.id,
            _COLUMNS.number,
            _COLUMNS.text,
            _COLUMNS.purpose,
            _COLUMNS.patient_id,
            _COLUMNS.conversation_id,
            _COLUMNS.batch_id,
            _COLUMNS.gateway_id,
            _COLUMNS.sender,
            _COLUMNS.cost,
            _COLUMNS.attempts,
            _COLUMNS.expires_at,
        )
        .where(among(_COLUMNS.id), unindexed(_COLUMNS.state) == _QUEUED, _COLUMNS.next_at <= bindparam("latest"))
        .order_by(_COLUMNS.id)
        .with_for_update()
    )
)


class DueRow(NamedTuple):
    """A message that is due, as it stands. ``gateway_id`` is the one by which it left last, if it was tried."""

    id: int
    number: str
    text: str
    purpose: str
    patient_id: int | None
    conversation_id: int | None
    batch_id: int | None
    gateway_id: int | None
    sender: str
    cost: int
    attempts: int
    expires_at: datetime


class Place(NamedTuple):
    """Where in the queue one has looked up to: priority, when it was due, and the message's id."""

    priority: int
    moment: datetime
    key: int


class DuePages:
    """Pages of ids of what is due: urgent first, then by when it was due, from behind ``after`` on.

    ``reached`` is the place of the last one given, None once all that is due has been. Each priority has its own
    stretch of the index.
    """

    def __init__(self, session: Session, now: datetime, limit: int, after: Place | None = None) -> None:
        self.reached = after
        self._session = session
        self._now = now
        self._limit = limit

    def __iter__(self) -> Iterator[list[int]]:
        left = PAGES
        for priority in range(1 if self.reached is None else self.reached.priority, LOWEST_PRIORITY + 1):
            full = True
            while full:
                if not left:
                    return
                rows = self._rows(priority)
                full = len(rows) == self._limit
                if rows:
                    left -= 1
                    self.reached = Place(priority, *rows[-1])
                    yield [key for _, key in rows]
        self.reached = None

    def _rows(self, priority: int) -> list[tuple[datetime, int]]:
        """The next page of this priority, which may be its first, in order."""
        values: dict[str, Any] = {"level": priority, "latest": self._now, "most": self._limit}
        after = self.reached
        if after is None or after.priority != priority:
            rows = _FIRST.rows(self._session, values)
        else:
            rows = _FOLLOWING.rows(self._session, {**values, "moment": after.moment, "key": after.key})
        return sorted(((moment, key) for moment, key in rows), key=_in_order)


def lock_due(session: Session, ids: Sequence[int], now: datetime) -> list[DueRow]:
    """The messages that are queued and due still and now ours until the commit, in the order of ``ids``.

    Both are asked again: whoever held the lock before may have sent it, or put it off.
    """
    rows = _LOCKED.rows(session, ids, {"latest": now})
    found = {row[0]: DueRow._make(row) for row in rows}
    return [found[key] for key in ids if key in found]


def anything_due(session: Session, now: datetime) -> bool:
    """Whether something waits that could be sent: one look into an index."""
    statement = select(_COLUMNS.id).where(
        _COLUMNS.stage == _QUEUED, _COLUMNS.priority.in_(range(1, LOWEST_PRIORITY + 1)), _COLUMNS.next_at <= now
    )
    return session.scalar(statement.limit(1)) is not None
