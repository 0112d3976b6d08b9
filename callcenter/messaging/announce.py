"""Puts the events of messages into the transaction that makes them true."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter.events import Audience, BatchUpdated, MessageUpdated
from callcenter.messaging.conversations.unheard import look_at_answers
from callcenter.messaging.messages.views import batch_view, load_batches, load_messages, message_view
from callcenter.telephony.announce import announce
from storage.chunks import chunks
from storage.models import SmsMessage
from storage.models.base import table_of


def announce_messages(session: Session, ids: Sequence[int]) -> None:
    """Tell the present state of these messages.

    Those of a batch are not told one by one, which would drown everybody: the batch is, once.
    """
    columns = table_of(SmsMessage).c
    moved: list[tuple[int, int | None]] = []
    for chunk in chunks(ids):
        chosen = select(columns.id, columns.batch_id).where(columns.id.in_(chunk))
        moved += [(key, batch) for key, batch in session.execute(chosen.order_by(columns.id))]
    announce_moved(session, moved)


def announce_moved(session: Session, moved: Sequence[tuple[int, int | None]]) -> None:
    """``announce_messages`` for who knows the batch of each already: (message, batch)."""
    told = Moved()
    for message, batch in moved:
        told.add(message, batch)
    told.announce(session)


class Moved:
    """Messages that moved in one transaction: those of no batch, and the batches of the others."""

    def __init__(self) -> None:
        self._singles: list[int] = []
        self._batches: set[int] = set()
        self._after_all: set[int] = set()

    def add(self, message_id: int, batch_id: int | None) -> None:
        """One that moved."""
        if batch_id is None:
            self._singles.append(message_id)
        else:
            self._batches.add(batch_id)

    def add_all(self, message_ids: Sequence[int], batch_id: int | None) -> None:
        """Several of one batch, or of none."""
        if batch_id is None:
            self._singles += message_ids
        else:
            self._batches.add(batch_id)

    def arrive_after_all(self, message_ids: Sequence[int]) -> None:
        """Those among them that were given up and have arrived."""
        self._after_all.update(message_ids)

    def announce(self, session: Session) -> None:
        """Tell of them as ``announce_messages`` does, and of the conversations that wait again, or no more, because of
        them.
        """
        rows = load_messages(session, self._singles)
        for row in rows:
            announce(session, MessageUpdated(str(row.id), message_view(row), message_audience(row)))
        look_at_answers(session, rows, self._after_all)
        announce_batches(session, self._batches)


def announce_batches(session: Session, ids: set[int]) -> None:
    """Something moved in these batches."""
    if not ids:
        return
    for row in load_batches(session, sorted(ids)):
        announce(session, BatchUpdated(str(row.id), batch_view(row), _batch_audience(row)))


def _batch_audience(row: Any) -> Audience:
    """Those to whom ``batch_scope`` shows it: whoever sent it, and the department of whoever did."""
    return Audience.of("messages.view", [row.creator_department], [row.created_by])


def message_audience(row: Any) -> Audience:
    """Who wrote it, the patient's doctor, whom its conversation waits for, and their departments."""
    departments = [row.patient_department, row.talk_department]
    return Audience.of("messages.view", departments, [row.created_by, row.patient_doctor, row.talk_assigned])
