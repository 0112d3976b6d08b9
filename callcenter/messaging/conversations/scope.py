"""Which conversations a person may see and answer: for list, commands, export and events alike."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Row, or_, select
from sqlalchemy.orm import Session

from callcenter.administration.permissions import Scope
from callcenter.administration.principal import Principal
from callcenter.administration.reach import reach_clause
from callcenter.errors import NotFoundError
from callcenter.events import Audience
from callcenter.messaging.conversations.talks import Talk
from callcenter.text import N_
from storage.models import Conversation, Patient

VIEW = "conversations.view"
REPLY = "conversations.reply"


def conversation_scope(principal: Principal, permission: str = VIEW) -> ColumnElement[bool]:
    """The condition on ``Conversation`` for what ``permission`` lets ``principal`` reach.

    - own: conversations given to one, and those of patients whose doctor one is;
    - department: also every conversation of one's department;
    - all: every one, those of unknown numbers too.

    Raises ``NotAllowedError`` without the permission.
    """
    reached = reach_clause(principal, permission, Conversation.assigned_to, Conversation.department_id)
    if principal.grants[permission] is Scope.ALL:
        return reached
    patients = select(Patient.id).where(Patient.doctor_id == principal.user_id)
    return or_(reached, Conversation.patient_id.in_(patients))


def audience_of(conversation: Conversation | Talk, patient: Patient | Row[Any] | None, *also: int | None) -> Audience:
    """Who may hear of a conversation: the same people. ``also`` had it until now and must learn that they have not."""
    users = (conversation.assigned_to, None if patient is None else patient.doctor_id, *also)
    return Audience.of(VIEW, [conversation.department_id], users)


def find_conversation(session: Session, principal: Principal, permission: str, conversation_id: int) -> Conversation:
    """The conversation, locked, if ``permission`` reaches it, and viewing too; else ``NotFoundError``."""
    found = select(Conversation).where(
        Conversation.id == conversation_id, conversation_scope(principal), conversation_scope(principal, permission)
    )
    conversation = session.scalar(found.with_for_update(key_share=True))
    if conversation is None:
        raise missing(conversation_id)
    return conversation


def may_answer(session: Session, principal: Principal, conversation_id: int) -> bool:
    """Whether the conversation is in reach of ``principal``, to be read and to be answered in."""
    if not (principal.may(VIEW) and principal.may(REPLY)):
        return False
    here = conversation_scope(principal), conversation_scope(principal, REPLY)
    return session.scalar(select(Conversation.id).where(Conversation.id == conversation_id, *here)) is not None


def missing(conversation_id: int) -> NotFoundError:
    """There is none, or none that this person may know of."""
    return NotFoundError(N_("There is no such conversation, or you may not see it."), conversation_id=conversation_id)
