"""What people do with a conversation, beside writing: read, give to others, put off, end, say whose it is."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from callcenter.administration.audit import record_audit
from callcenter.administration.principal import SYSTEM, Principal
from callcenter.clock import iso
from callcenter.errors import InvalidError
from callcenter.messaging.conversations.rows import DONE, IN, OPEN, SNOOZED
from callcenter.messaging.conversations.scope import REPLY, VIEW, find_conversation
from callcenter.messaging.conversations.threads import route
from callcenter.messaging.conversations.unheard import wait_as_before
from callcenter.messaging.conversations.views import ConversationView, load_conversation, tell_conversation
from callcenter.telephony.scope import reachable_patient
from callcenter.text import N_
from storage.models import Conversation, Department, Patient, SmsMessage, UserAccount
from storage.models.base import NO
from storage.queries.patients import match_number, remember_choice

LONGEST_SNOOZE = timedelta(days=90)
_SUBJECT = "conversation"
_AT_ONCE = 100
_QUIETLY = {"synchronize_session": False}


def mark_read(
    session: Session, principal: Principal, conversation_id: int, last_message: int | None, at: datetime
) -> ConversationView:
    """Somebody has read it, up to the message that they saw last; what came after that stays unread."""
    conversation = find_conversation(session, principal, VIEW, conversation_id)
    if not conversation.unread:
        return load_conversation(session, conversation_id)
    unseen = [
        SmsMessage.conversation_id == conversation_id, SmsMessage.direction == IN, SmsMessage.seen_at.is_(None),
    ]  # fmt: skip
    if last_message is not None:
        unseen.append(SmsMessage.id <= last_message)
    session.execute(update(SmsMessage).where(*unseen).values(seen_at=at), execution_options=_QUIETLY)
    conversation.unread = _unseen(session, conversation_id)
    return tell_conversation(session, conversation)


def _unseen(session: Session, conversation_id: int) -> int:
    left = select(SmsMessage.id).where(
        SmsMessage.conversation_id == conversation_id, SmsMessage.direction == IN, SmsMessage.seen_at.is_(None)
    )
    return len(session.execute(left.limit(_AT_ONCE)).all())


def assign(
    session: Session,
    principal: Principal,
    conversation_id: int,
    user_id: int | None,
    department_id: int | None,
    at: datetime,
) -> ConversationView:
    """Give it to a person, else to a department, else to the SMS desk. Whoever answers may take it for themselves."""
    permission = REPLY if user_id is not None and user_id == principal.user_id else "conversations.assign"
    conversation = find_conversation(session, principal, permission, conversation_id)
    _require_owner(session, user_id, department_id)
    before = _owner(conversation)
    had_it = conversation.assigned_to
    conversation.assigned_to = user_id
    if user_id is None or department_id is not None:
        conversation.department_id = department_id
    if _owner(conversation) != before:
        record_audit(session, principal, "assign", _SUBJECT, conversation_id, before, _owner(conversation), at)
    return tell_conversation(session, conversation, had_it)


def _require_owner(session: Session, user_id: int | None, department_id: int | None) -> None:
    here = select(UserAccount.id).where(UserAccount.id == user_id, UserAccount.disabled == NO)
    if user_id is not None and session.scalar(here) is None:
        message = N_("There is no such person.")
        raise InvalidError(message, {"user_id": message})
    there = select(Department.id).where(Department.id == department_id, Department.disabled == NO)
    if department_id is not None and session.scalar(there) is None:
        message = N_("There is no such department.")
        raise InvalidError(message, {"department_id": message})


def _owner(conversation: Conversation) -> dict[str, Any]:
    return {"assigned_to": conversation.assigned_to, "department_id": conversation.department_id}


def snooze(
    session: Session, principal: Principal, conversation_id: int, until: datetime, at: datetime
) -> ConversationView:
    """Put it off; it comes back then, or with the next text, whatever is first."""
    find_conversation(session, principal, REPLY, conversation_id)
    if not at < until <= at + LONGEST_SNOOZE:
        message = N_("Choose a time that is to come, at most 90 days from now.")
        raise InvalidError(message, {"until": message})
    return _become(session, principal, conversation_id, SNOOZED, until, at)


def finish(session: Session, principal: Principal, conversation_id: int, at: datetime) -> ConversationView:
    """Nothing is left to do; the next text opens it again."""
    return _become(session, principal, conversation_id, DONE, None, at)


def reopen(session: Session, principal: Principal, conversation_id: int, at: datetime) -> ConversationView:
    """It is to be dealt with after all: who waited when it was said to be done waits again, and since then."""
    return _become(session, principal, conversation_id, OPEN, None, at)


def _become(
    session: Session, principal: Principal, conversation_id: int, state: str, until: datetime | None, at: datetime
) -> ConversationView:
    conversation = find_conversation(session, principal, REPLY, conversation_id)
    before = {"state": conversation.state, "snoozed_until": iso(conversation.snoozed_until)}
    conversation.state, conversation.snoozed_until = state, until
    if state == DONE:
        conversation.waiting_since, conversation.lost_answer = None, ""
        see_all(session, conversation, at)
    after = {"state": state, "snoozed_until": iso(until)}
    if after != before:
        record_audit(session, principal, "set-state", _SUBJECT, conversation_id, before, after, at)
    if before["state"] == DONE and state != DONE:
        wait_as_before(session, conversation)
    return tell_conversation(session, conversation)


def see_all(session: Session, conversation: Conversation, at: datetime) -> None:
    """Everything in it has been read."""
    unseen = (
        SmsMessage.conversation_id == conversation.id, SmsMessage.direction == IN, SmsMessage.seen_at.is_(None),
    )  # fmt: skip
    session.execute(update(SmsMessage).where(*unseen).values(seen_at=at), execution_options=_QUIETLY)
    conversation.unread = 0


def choose_patient(
    session: Session, principal: Principal, conversation_id: int, patient_id: int | None, remember: bool, at: datetime
) -> ConversationView:
    """Say whose conversation it is, None for nobody's; ``remember`` it for a number that several share.

    A conversation that nobody has goes to the patient's doctor. Raises ``InvalidError`` for a patient out of reach.
    """
    conversation = find_conversation(session, principal, REPLY, conversation_id)
    if patient_id is not None and session.scalar(reachable_patient(principal, patient_id)) is None:
        message = N_("There is no such patient.")
        raise InvalidError(message, {"patient_id": message})
    before = conversation.patient_id
    conversation.patient_id = patient_id
    if remember and patient_id is not None and patient_id in match_number(session, conversation.number).patient_ids:
        remember_choice(session, conversation.number, patient_id, principal.user_id, at)
    if before != patient_id:
        record_audit(
            session, principal, "attach-patient", _SUBJECT, conversation_id,
            {"patient_id": before}, {"patient_id": patient_id, "remember": remember}, at,
        )  # fmt: skip
        route(session, conversation, None if patient_id is None else session.get(Patient, patient_id))
    return tell_conversation(session, conversation)


def wake_snoozed(session: Session, at: datetime) -> int:
    """Open what was put off until now, a few at a time; how many were looked at."""
    due = Conversation.state == SNOOZED, Conversation.snoozed_until <= at
    first = select(Conversation.id).where(*due).order_by(Conversation.snoozed_until, Conversation.id).limit(_AT_ONCE)
    # Read first and locked then: Oracle locks nothing that is limited.
    ids = session.scalars(first).all()
    # Asked again: somebody may have put one off once more before they were ours.
    held = select(Conversation).where(Conversation.id.in_(ids), *due).order_by(Conversation.id)
    for conversation in session.scalars(held.with_for_update(key_share=True)).all():
        conversation.state, conversation.snoozed_until = OPEN, None
        record_audit(session, SYSTEM, "set-state", _SUBJECT, conversation.id, {"state": SNOOZED}, {"state": OPEN}, at)
        tell_conversation(session, conversation)
    return len(ids)
