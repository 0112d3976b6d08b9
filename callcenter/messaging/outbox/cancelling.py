"""Taking messages back that have not left: as long as they wait, and no longer."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session

from callcenter.administration.audit import record_audit
from callcenter.administration.principal import Principal
from callcenter.errors import ConflictError, NotFoundError
from callcenter.messaging.announce import announce_messages
from callcenter.messaging.conversations.scope import REPLY, find_conversation
from callcenter.messaging.messages.views import MessageView, load_messages, message_view
from callcenter.messaging.vocabulary import MessageState, Reason
from callcenter.text import N_
from storage.models import SmsMessage
from storage.prepared import counted

_QUIETLY = {"synchronize_session": False}


def cancel_queued(
    session: Session, now: datetime, *which: ColumnElement[bool], reason: Reason = Reason.BY_PERSON
) -> int:
    """End those of ``which`` that wait; how many they were. One that a gateway has by now is not among them."""
    return counted(
        session.execute(
            update(SmsMessage)
            .where(SmsMessage.direction == "out", SmsMessage.state == MessageState.QUEUED.value, *which)
            .values(
                state=MessageState.CANCELLED.value,
                reason=reason.value,
                next_at=None,
                state_at=now,
                version=SmsMessage.version + 1,
            ),
            execution_options=_QUIETLY,
        )
    )


def cancel_reply(
    session: Session, principal: Principal, conversation_id: int, message_id: int, now: datetime
) -> MessageView:
    """Take back what one wrote oneself and what waits still. ``ConflictError`` when it has left."""
    mine = (
        SmsMessage.id == message_id,
        SmsMessage.conversation_id == conversation_id,
        SmsMessage.created_by == principal.user_id,
    )
    # The message before its conversation, as whoever sends or settles holds them: else the two would deadlock.
    held = session.scalar(select(SmsMessage.id).where(*mine).with_for_update())
    find_conversation(session, principal, REPLY, conversation_id)
    if held is None:
        raise NotFoundError(N_("There is no such message, or you may not see it."), message_id=message_id)
    if not cancel_queued(session, now, *mine):
        raise ConflictError(N_("Only a message that waits can be cancelled; this one does not any more."))
    record_audit(session, principal, "cancel", "message", message_id, None, None, now)
    announce_messages(session, [message_id])
    return message_view(load_messages(session, [message_id])[0])
