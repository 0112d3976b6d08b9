"""What answers a patient. Who waits follows from it, see ``waiting``; what did not arrive answers nothing, see
``unheard``.

What a person writes to one number answers the texts that stand in its conversation, whatever it is for, if that person
may read and answer them there. Whoever may not has not answered them, and what is written by itself or to many answers
nobody. Each answer says up to which text it goes: a copy of it that is sent later answers the same.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Row, select
from sqlalchemy.orm import Session

from callcenter.administration.principal import Principal
from callcenter.messaging.conversations.rows import IN
from callcenter.messaging.conversations.scope import may_answer
from storage.models import SmsMessage
from storage.models.base import table_of

_MESSAGE = table_of(SmsMessage).c


def asked_of(session: Session, principal: Principal, conversation_id: int) -> int | None:
    """The last text that ``principal`` answers by writing into the conversation now; None if that answers nothing."""
    return last_asked(session, conversation_id) if may_answer(session, principal, conversation_id) else None


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
