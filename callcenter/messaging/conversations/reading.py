"""What is said in a conversation, and with a patient."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from callcenter.administration.principal import Principal
from callcenter.messaging.conversations.scope import conversation_scope, missing
from callcenter.messaging.messages.views import MessageView, message_view, messages_statement
from callcenter.paging import page_of
from storage.models import Conversation, SmsMessage
from storage.models.base import table_of
from storage.queries.paging import Page, Stretch

_MESSAGE = table_of(SmsMessage).c


def conversation_messages(
    session: Session, principal: Principal, conversation_id: int, limit: int, cursor: str | None
) -> Page[MessageView]:
    """A page of what was said, newest first. ``NotFoundError`` out of reach, ``InvalidError`` for a broken cursor."""
    reached = select(Conversation.id).where(Conversation.id == conversation_id, conversation_scope(principal))
    if session.scalar(reached) is None:
        raise missing(conversation_id)
    # As in ``answering.last_said``: so that they are looked for among its own.
    statement = messages_statement().where(_MESSAGE.conversation_id.between(conversation_id, conversation_id))
    newest = [Stretch([SmsMessage.conversation_id, SmsMessage.id], True)]
    page = page_of(lambda part: _rows(session, part), statement, newest, limit, cursor)
    return Page([message_view(row) for row in page.items], page.next)


def _rows(session: Session, statement: Select[Any]) -> list[Any]:
    return list(session.execute(statement))
