"""The number of ours that the other side saw: by which a message went out, or to which it came."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter.messaging.conversations.rows import IN
from callcenter.messaging.outbox.attempts import ATTEMPT, MESSAGE
from storage.bulk import Keyed
from storage.models import SmsGateway
from storage.models.base import table_of

_GATEWAY = table_of(SmsGateway).c
_KEPT = Keyed(
    lambda among: select(ATTEMPT.c.message_id, ATTEMPT.c.attempt, ATTEMPT.c.sender).where(among(ATTEMPT.c.message_id))
)


def left_by(session: Session, row: Any) -> str:
    """Of one message, a row of it; empty where it is not known."""
    if row.direction == IN or not row.attempts:
        return str(row.sender or "")
    return kept_numbers(session, [row.id]).get(row.id) or _guessed(session, row)


def kept_numbers(session: Session, ids: Sequence[int]) -> dict[int, str]:
    """Outgoing message → the number by which it was sent last, of those with which one was written down."""
    found: dict[int, tuple[int, str]] = {}
    for message, attempt, number in _KEPT.rows(session, ids):
        if number and attempt >= found.get(message, (0, ""))[0]:
            found[message] = attempt, number
    return {message: number for message, (_, number) in found.items()}


def _guessed(session: Session, row: Any) -> str:
    """Of a message that was sent before it was written down: a conversation's left by the number that was written to
    last before, at its gateway, and others by the gateway's own.
    """
    if row.sender:
        return str(row.sender)
    first = select(ATTEMPT.c.sent_at).where(ATTEMPT.c.message_id == row.id).order_by(ATTEMPT.c.sent_at).limit(1)
    wrote = (
        select(MESSAGE.c.gateway_id, MESSAGE.c.sender)
        .where(
            MESSAGE.c.conversation_id == row.conversation_id,
            MESSAGE.c.direction == IN,
            MESSAGE.c.created_at <= session.scalar(first),
        )
        .order_by(MESSAGE.c.id.desc())
        .limit(1)
    )
    if row.conversation_id is not None:
        last = session.execute(wrote).one_or_none()
        if last is not None and last.gateway_id == row.gateway_id and last.sender:
            return str(last.sender)
    return session.scalar(select(_GATEWAY.number).where(_GATEWAY.id == row.gateway_id)) or ""
