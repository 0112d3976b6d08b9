"""Repairs of the queue: after a start, after a claim that was lost, and of doubts that last too long."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from callcenter.messaging.attempts import ATTEMPT, MESSAGE, chunks, load_tried, move_messages, part_key, update_messages
from callcenter.messaging.concluding import conclude
from callcenter.messaging.parked import unpark
from callcenter.messaging.receipts import settle_receipts
from callcenter.messaging.settling import doubtful, hold_gateways
from callcenter.messaging.vocabulary import MessageState, PartState, Reason
from callcenter.text import N_


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


def resend_unknown(session: Session, now: datetime, limit: int = 500) -> int:
    """Queue those again whose fate stayed unknown for so long and whose purpose wants it; how many it were.

    One that is unknown for another reason than that nobody answered stays so, and is not looked at again.
    """
    columns = MESSAGE.c
    due = select(columns.id).where(columns.state == MessageState.UNKNOWN.value, columns.next_at <= now)
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

    To be called until it gives 0, before anything is handed to a gateway.
    """
    columns = MESSAGE.c
    lost = select(columns.id).where(columns.state == MessageState.SENDING.value).order_by(columns.id).limit(limit)
    ids = list(session.scalars(lost))
    for chunk in chunks(ids):
        session.execute(
            update(ATTEMPT)
            .where(ATTEMPT.c.message_id.in_(chunk), ATTEMPT.c.state == PartState.SENDING.value)
            .values(state=PartState.UNKNOWN.value, words=_INTERRUPTED, answered_at=now)
        )
    # A receipt may have come when the part was still being sent, and have waited for the answer that was lost.
    told = settle_receipts(session, (), unpark(session, {}, doubtful(session, ids)), now)
    tried = load_tried(session, ids)
    untried = [{"id": key, "was": MessageState.SENDING.value, **_as_queued(now)} for key in ids if not tried.get(key)]
    update_messages(session, untried, ("state", "reason", "next_at", "state_at"))
    tried_ids = sorted({key for key in ids if tried.get(key)} | told)
    conclude(session, tried_ids, now, dict.fromkeys(ids, Reason.INTERRUPTED))
    return len(ids)


_INTERRUPTED = N_("The daemon ended before the answer came.")


def _as_queued(now: datetime) -> dict[str, Any]:
    return {"state": MessageState.QUEUED.value, "reason": "", "next_at": now, "state_at": now}
