"""An answer that did not arrive is none: whoever it was for waits for one again."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from callcenter.messaging.conversation_views import tell_conversation
from callcenter.messaging.rows import IN, OPEN, OUT
from callcenter.messaging.vocabulary import MessageState
from callcenter.messaging.words import is_opt_out
from storage.models import Conversation, SmsMessage
from storage.models.base import table_of

NOT_ARRIVED = (MessageState.FAILED, MessageState.EXPIRED, MessageState.SUPPRESSED, MessageState.CANCELLED)
_LOOKED_AT = 50
"""Texts after the last answer among which the first is looked for that wants one."""
_MESSAGE = table_of(SmsMessage).c


def wait_again(session: Session, moved: Iterable[Any]) -> None:
    """Open conversations wait again in which one of ``moved``, rows of messages, was an answer and did not arrive.

    What the hospital wrote by itself or to many was no answer. What was refused before it began to wait was none
    either: then nothing is changed.
    """
    talks = {row.conversation_id for row in moved if _is_lost_answer(row)}
    for key in sorted(talks):
        conversation = _held(session, key)
        waits = conversation.state != OPEN or conversation.waiting_since is not None
        if not waits and (since := _unanswered_since(session, key)):
            conversation.waiting_since = since
            tell_conversation(session, conversation)


def answered_again(session: Session, conversation_id: int | None) -> None:
    """A lost answer was sent once more: nobody waits any more, if nothing was written since."""
    if conversation_id is None:
        return
    conversation = _held(session, conversation_id)
    if conversation.waiting_since is not None and _unanswered_since(session, conversation_id) is None:
        conversation.waiting_since = None
        tell_conversation(session, conversation)


def _is_lost_answer(row: Any) -> bool:
    by_person = row.created_by is not None and row.batch_id is None and row.conversation_id is not None
    return by_person and row.direction == OUT and row.state in NOT_ARRIVED


def _held(session: Session, conversation_id: int) -> Conversation:
    found = select(Conversation).where(Conversation.id == conversation_id).with_for_update(key_share=True)
    return session.scalars(found, execution_options={"populate_existing": True}).one()


def _unanswered_since(session: Session, conversation_id: int) -> datetime | None:
    """When the first text came that is after the last answer and wants one."""
    here = _MESSAGE.conversation_id == conversation_id
    answers = select(func.max(_MESSAGE.id)).where(
        here,
        _MESSAGE.direction == OUT,
        _MESSAGE.created_by.is_not(None),
        _MESSAGE.batch_id.is_(None),
        _MESSAGE.state.not_in([state.value for state in NOT_ARRIVED]),
    )
    texts = select(_MESSAGE.created_at, _MESSAGE.text).where(
        here, _MESSAGE.direction == IN, _MESSAGE.id > (session.scalar(answers) or 0)
    )
    written = session.execute(texts.order_by(_MESSAGE.id).limit(_LOOKED_AT))
    return next((at for at, text in written if not is_opt_out(text)), None)
