"""Repairs of the queue while it runs."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from callcenter.messaging.attempts import ATTEMPT, MESSAGE, chunks, part_key
from callcenter.messaging.settling import conclude
from callcenter.messaging.vocabulary import MessageState, PartState


def release_orphans(session: Session, in_flight: Collection[str], now: datetime) -> int:
    """Queue again what is written down as being sent and was handed to nobody: its claim was committed, and whoever
    claimed it was told that it was not. ``in_flight`` has the keys of all parts that gateways have. How many messages.
    """
    columns = ATTEMPT.c
    sending = (
        select(columns.id, columns.message_id, columns.attempt, columns.position)
        .join(MESSAGE, MESSAGE.c.id == columns.message_id)
        .where(MESSAGE.c.state == MessageState.SENDING.value, columns.state == PartState.SENDING.value)
    )
    orphans = [
        row for row in session.execute(sending) if part_key(row.message_id, row.attempt, row.position) not in in_flight
    ]
    for chunk in chunks([row.id for row in orphans]):
        session.execute(update(ATTEMPT).where(columns.id.in_(chunk)).values(state=PartState.UNSENT.value))
    ids = sorted({row.message_id for row in orphans})
    conclude(session, ids, now)
    return len(ids)
