"""What answers a patient. Who waits follows from it, see ``waiting``; what did not arrive answers nothing, see
``unheard``.

What a person writes into a conversation answers the texts that stand there; so does what is sent to its number as a
reply, if whoever sends it may read and answer them. A reminder that a program of the hospital's sends with the same
rights answers nobody, nor does what is written by itself or to many. Each answer says up to which text it goes: a copy
of it that is sent later answers the same.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Row, select
from sqlalchemy.orm import Session

from callcenter.administration.principal import Principal
from callcenter.messaging.conversations.rows import IN
from callcenter.messaging.conversations.scope import may_answer
from callcenter.messaging.vocabulary import Purpose
from storage.models import SmsMessage
from storage.models.base import table_of

_MESSAGE = table_of(SmsMessage).c


def asked_of(session: Session, principal: Principal, conversation_id: int, purpose: Purpose) -> int | None:
    """The last text that ``principal`` answers by sending a message for ``purpose`` to the number of the conversation
    now; None if that answers nothing.
    """
    answers = purpose is Purpose.REPLY and may_answer(session, principal, conversation_id)
    return last_asked(session, conversation_id) if answers else None


def last_asked(session: Session, conversation_id: int) -> int | None:
    """The last text that came in there."""
    found = last_said(session, conversation_id, _MESSAGE.direction == IN)
    return None if found is None else found.id


def last_said(session: Session, conversation_id: int, which: ColumnElement[bool]) -> Row[Any, Any, Any] | None:
    """Id, words and direction of the last message there of which ``which`` is true."""
    # Of one conversation only, in the order of ids, PostgreSQL may look for it among the newest of all messages.
    here = _MESSAGE.conversation_id.between(conversation_id, conversation_id)
    found = select(_MESSAGE.id, _MESSAGE.text, _MESSAGE.direction).where(here, which)
    newest = found.order_by(_MESSAGE.conversation_id.desc(), _MESSAGE.id.desc())
    return session.execute(newest.limit(1)).one_or_none()
