"""An answer that did not arrive is none: whoever it was for waits for one again."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, cast

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from callcenter.messaging.conversation_views import tell_conversation
from callcenter.messaging.rows import DONE, IN, OUT
from callcenter.messaging.vocabulary import NOT_ARRIVED, Purpose
from callcenter.messaging.words import is_opt_out
from storage.models import AuditEntry, Conversation, SmsMessage
from storage.models.base import table_of

_LOOKED_AT = 50
"""Texts after the last answer among which the first is looked for that wants one; changes of a conversation's state
among which the last is looked for that said that it is done.
"""
_MESSAGE = table_of(SmsMessage).c
_AUDIT = table_of(AuditEntry).c


def wait_again(session: Session, moved: Iterable[Any]) -> None:
    """Conversations wait again in which one of ``moved``, rows of messages, was an answer and did not arrive: one that
    is put off when it comes back, and none that somebody has said to be done.

    What the hospital wrote by itself or to many was no answer. What was refused before it began to wait was none
    either: then nothing is changed.
    """
    for key in sorted({row.conversation_id for row in moved if _is_lost(row)}):
        conversation = _held(session, key)
        waits = conversation.state == DONE or conversation.waiting_since is not None
        if not waits and (since := unanswered_since(session, key)):
            conversation.waiting_since = since
            tell_conversation(session, conversation)


def heard_after_all(session: Session, moved: Iterable[Any]) -> None:
    """Answers among ``moved``, rows of messages, were given up and have arrived: what they answered waits no more."""
    for key in sorted({row.conversation_id for row in moved if _is_answer(row)}):
        _wait_less(session, key, 0, None)


def answered_again(session: Session, lost: Any, copy_id: int) -> None:
    """``lost``, a row of a message, was sent once more as ``copy_id``: if it was an answer, what came before it has
    one; what was written since waits on.
    """
    copied = session.scalar(select(_MESSAGE.state).where(_MESSAGE.id == copy_id))
    if _is_answer(lost) and copied not in NOT_ARRIVED:
        _wait_less(session, lost.conversation_id, lost.id, copy_id)


def _is_lost(row: Any) -> bool:
    return _is_by_person(row) and row.state in NOT_ARRIVED


def _is_answer(row: Any) -> bool:
    """Whoever wrote first, as of an appointment, has answered nothing that stands in the conversation."""
    return _is_by_person(row) and row.purpose == Purpose.REPLY


def _is_by_person(row: Any) -> bool:
    by_person = row.created_by is not None and row.batch_id is None and row.conversation_id is not None
    return by_person and row.direction == OUT


def _wait_less(session: Session, conversation_id: int, answered: int, copy_id: int | None) -> None:
    conversation = _held(session, conversation_id)
    since = unanswered_since(session, conversation_id, answered, copy_id)
    if conversation.waiting_since is not None and since != conversation.waiting_since:
        conversation.waiting_since = since
        tell_conversation(session, conversation)


def _held(session: Session, conversation_id: int) -> Conversation:
    found = select(Conversation).where(Conversation.id == conversation_id).with_for_update(key_share=True)
    return session.scalars(found, execution_options={"populate_existing": True}).one()


def unanswered_since(
    session: Session, conversation_id: int, answered: int = 0, copy_id: int | None = None
) -> datetime | None:
    """When the first text came that wants an answer, of those after the last answer and after ``answered``, a message,
    that nobody has said to be done. ``copy_id`` is an answer to what was before ``answered`` only.
    """
    here = _MESSAGE.conversation_id == conversation_id
    answers = select(func.max(_MESSAGE.id)).where(
        here,
        _MESSAGE.id != (copy_id or 0),
        _MESSAGE.direction == OUT,
        _MESSAGE.purpose == Purpose.REPLY.value,
        _MESSAGE.created_by.is_not(None),
        _MESSAGE.batch_id.is_(None),
        _MESSAGE.state.not_in(sorted(state.value for state in NOT_ARRIVED)),
    )
    after = max(session.scalar(answers) or 0, answered)
    texts = select(_MESSAGE.created_at, _MESSAGE.text).where(here, _MESSAGE.direction == IN, _MESSAGE.id > after)
    if (done := _done_at(session, conversation_id)) is not None:
        texts = texts.where(_MESSAGE.created_at > done)
    written = session.execute(texts.order_by(_MESSAGE.id).limit(_LOOKED_AT))
    return next((at for at, text in written if not is_opt_out(text)), None)


def _done_at(session: Session, conversation_id: int) -> datetime | None:
    """When somebody last said that nothing is left to do, and nobody that there is after all."""
    changes = select(_AUDIT.at, _AUDIT.before, _AUDIT.after).where(
        _AUDIT.subject_type == "conversation",
        _AUDIT.subject_id == str(conversation_id),
        _AUDIT.action == "set-state",
    )
    taken_back = False
    for at, before, after in session.execute(changes.order_by(_AUDIT.id.desc()).limit(_LOOKED_AT)):
        if (after or {}).get("state") == DONE:
            if not taken_back:
                return cast("datetime", at)
            taken_back = False
        elif (before or {}).get("state") == DONE:
            taken_back = True
    return None
