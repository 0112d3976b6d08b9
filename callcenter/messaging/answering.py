"""What answers a patient. Who waits follows from it, see ``waiting``; what did not arrive answers nothing, see
``unheard``.

What a person writes to one number answers the texts that stand in its conversation, whatever it is for, if that person
may read and answer them there. Whoever may not has not answered them, and what is written by itself or to many answers
nobody. Each answer says up to which text it goes: a copy of it that is sent later answers the same.
"""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from callcenter.administration.principal import Principal
from callcenter.messaging.conversation_scope import may_answer
from callcenter.messaging.rows import IN
from storage.models import SmsMessage


def asked_of(session: Session, principal: Principal, conversation_id: int) -> int | None:
    """The last text that ``principal`` answers by writing into the conversation now; None if that answers nothing."""
    return last_asked(session, conversation_id) if may_answer(session, principal, conversation_id) else None


def last_asked(session: Session, conversation_id: int) -> int | None:
    """The last text that came in there."""
    texts = select(func.max(SmsMessage.id)).where(
        SmsMessage.conversation_id == conversation_id, SmsMessage.direction == IN
    )
    return session.scalar(texts)
