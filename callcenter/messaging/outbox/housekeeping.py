"""Repairs of the queue: after a start, after a claim that was lost, and of doubts that last too long."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from callcenter.messaging.outbox.attempts import ATTEMPT, MESSAGE, move_messages, part_key
from callcenter.messaging.outbox.concluding import conclude
from callcenter.messaging.outbox.parked import unpark
from callcenter.messaging.outbox.receipts import settle_receipts
from callcenter.messaging.outbox.settling import doubtful, hold_gateways
from callcenter.messaging.vocabulary import MessageState, PartState, Reason
from protocols.sayings import Saying
from storage.chunks import chunks
from storage.models import SmsGateway
from storage.models.base import table_of

_GATEWAY = table_of(SmsGateway)


def release_orphans(session: Session, in_flight: Collection[str], now: datetime) -> int:
    """Queue again what is written down as being sent and was handed to nobody: its claim was committed, and whoever
    claimed it was told that it was not. ``in_flight`` has the keys of all parts that gateways have. How many messages.
    """
    orphans = [
        row for row in _being_sent(session) if part_key(row.message_id, row.attempt, row.position) not in in_flight
    ]
    for chunk in chunks([row.id for row in orphans]):
        # Asked again: whatever was told of one meanwhile says more.
        still = ATTEMPT.c.id.in_(chunk), ATTEMPT.c.state == PartState.SENDING.value
        session.execute(update(ATTEMPT).where(*still).values(state=PartState.UNSENT.value))
    ids = sorted({row.message_id for row in orphans})
    conclude(session, ids, now)
    return len(ids)


def _being_sent(session: Session, limit: int | None = None) -> list[Any]:
    """Parts that are written down as being sent, wherever their messages stand: one that was sent again may have been
    settled by a receipt for the attempt before. What is being sent has no name.
    """
    columns = ATTEMPT.c
    each = select(columns.id, columns.message_id, columns.attempt, columns.position)
    found: list[Any] = []
    for gateway in session.scalars(select(_GATEWAY.c.id).order_by(_GATEWAY.c.id)).all():
        statement = each.where(columns.gateway_id == gateway, columns.nameless == PartState.SENDING.value)
        found += session.execute(statement if limit is None else statement.limit(limit - len(found)))
        if limit is not None and len(found) >= limit:
            break
    return found


def resend_unknown(session: Session, now: datetime, limit: int = 500) -> int:
    """Queue those again whose fate stayed unknown for so long and whose purpose wants it; how many it were.

    One that is unknown for another reason than that nobody answered stays so, and is not looked at again.
    """
    columns = MESSAGE.c
    due = select(columns.id).where(columns.stage == MessageState.UNKNOWN.value, columns.next_at <= now)
    count = 0
    for chunk in chunks(list(session.scalars(due.order_by(columns.id).limit(limit)))):
        doubtful_parts = ATTEMPT.c.message_id.in_(chunk), ATTEMPT.c.state == PartState.UNKNOWN.value
        hold_gateways(session, set(session.scalars(select(ATTEMPT.c.gateway_id).where(*doubtful_parts))))
        # Asked again: somebody may have settled the doubt before they were ours.
        held = due.where(columns.id.in_(chunk)).order_by(columns.id).with_for_update()
        ids = list(session.scalars(held))
        again = ATTEMPT.c.message_id.in_(ids), ATTEMPT.c.state == PartState.UNKNOWN.value
        session.execute(update(ATTEMPT).where(*again).values(state=PartState.GIVEN_UP.value))
        conclude(session, ids, now)
        move_messages(session, ids, MessageState.UNKNOWN.value, {"next_at": None})
        count += len(ids)
    return count


def recover(session: Session, now: datetime, limit: int = 500) -> int:
    """After a start: what was being sent when the last process ended may have gone out or not. How many messages.

    A message that was settled while a later attempt was being sent is among them: that attempt is a doubt all the same,
    and as long as it seems to be under way, no receipt can be told by its number.

    To be called until it gives 0, before anything is handed to a gateway.
    """
    ids = sorted({row.message_id for row in _being_sent(session, limit)})
    for chunk in chunks(ids):
        session.execute(
            update(ATTEMPT)
            .where(ATTEMPT.c.message_id.in_(chunk), ATTEMPT.c.state == PartState.SENDING.value)
            .values(state=PartState.UNKNOWN.value, words=Saying.INTERRUPTED.value, answered_at=now)
        )
    # A receipt may have come when the part was still being sent, and have waited for the answer that was lost.
    told = settle_receipts(session, (), unpark(session, {}, doubtful(session, ids)), now)
    conclude(session, sorted({*ids, *told}), now, dict.fromkeys(ids, Reason.INTERRUPTED))
    return len(ids)
