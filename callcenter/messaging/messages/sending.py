"""Sending to one person: an answer in a conversation, or the first words of one. Each once, however often clicked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter.administration.audit import record_audit
from callcenter.administration.permissions import Scope
from callcenter.administration.principal import Principal
from callcenter.crm.scope import patient_scope_clause
from callcenter.errors import ConflictError, InvalidError, NotAllowedError
from callcenter.messaging.conversations.answering import asked_of, last_asked
from callcenter.messaging.conversations.handling import see_all
from callcenter.messaging.conversations.rows import IN, OPEN, OUT
from callcenter.messaging.conversations.scope import REPLY, find_conversation
from callcenter.messaging.conversations.threads import note_words, route, thread_of
from callcenter.messaging.conversations.views import tell_conversation
from callcenter.messaging.messages.composing import House, fill_for, read_key, read_text, read_time, require_filled
from callcenter.messaging.messages.views import MessageView, load_messages, message_view
from callcenter.messaging.mobiles import first_mobiles, takes_texts
from callcenter.messaging.outbox.queueing import MessageDraft, queue_message
from callcenter.messaging.texts.kept_templates import keep_template
from callcenter.messaging.texts.segments import message_text
from callcenter.messaging.vocabulary import MessageState, Purpose
from callcenter.numbers import normalise
from callcenter.text import N_, Text
from storage.models import Conversation, Patient, PatientPhone, SmsMessage
from storage.models.base import NO

ANSWER_WITHIN = timedelta(days=30)
"""Whoever wrote to us so lately is answered; what comes later is a message that nobody asked for."""

_SUBJECT = "message"


@dataclass(frozen=True)
class Typed:
    """What a person typed. ``key`` is the form's own: sent again it sends nothing. ``at`` None is now. ``template_id``:
    what it was written from.
    """

    text: str
    key: str
    at: datetime | None = None
    template_id: int | None = None


def source_of(principal: Principal, key: str) -> str:
    """The source of a message that a person wrote: theirs, and of this one form."""
    return f"by:{principal.user_id or 0}:{read_key(key)}"


def purpose_in(session: Session, conversation_id: int | None, now: datetime) -> Purpose:
    """An answer to somebody who wrote lately, else care: then hours, caps and opt-outs are heeded."""
    wrote = select(SmsMessage.id).where(
        SmsMessage.conversation_id == conversation_id,
        SmsMessage.direction == IN,
        SmsMessage.created_at > now - ANSWER_WITHIN,
    )
    return Purpose.CARE if session.scalar(wrote.limit(1)) is None else Purpose.REPLY


def require_asked(session: Session, purpose: Purpose, number: str, now: datetime) -> None:
    """Raise ``InvalidError`` where ``purpose`` is a reply, and nobody wrote from the canonical ``number`` lately: no
    opt-out, hour or cap holds a reply back.
    """
    if purpose is not Purpose.REPLY:
        return
    conversation_id = session.scalar(select(Conversation.id).where(Conversation.number == number))
    if purpose_in(session, conversation_id, now) is not Purpose.REPLY:
        message = Text(
            N_("Nobody wrote from this number within {days} days: choose another purpose than a reply."),
            days=ANSWER_WITHIN.days,
        )
        raise InvalidError(message, {"purpose": message})


def send_reply(
    session: Session, principal: Principal, conversation_id: int, typed: Typed, house: House, now: datetime
) -> MessageView:
    """Write back. Raises ``NotFoundError`` out of reach, ``InvalidError`` for a text that cannot be sent,
    ``ConflictError`` when the form sent something else before.
    """
    conversation = find_conversation(session, principal, REPLY, conversation_id)
    if (sent := _sent_before(session, principal, typed, conversation, house)) is not None:
        return sent
    purpose, asked = purpose_in(session, conversation.id, now), last_asked(session, conversation.id)
    view = _send(session, principal, conversation, typed, purpose, asked, house, now)
    if _goes(view):
        # Whoever writes back has read it.
        conversation.state, conversation.snoozed_until = OPEN, None
        see_all(session, conversation, now)
        _answered(principal, conversation, view["text"], now)
    tell_conversation(session, conversation)
    return view


def _goes(view: MessageView) -> bool:
    return bool(view["state"] != MessageState.SUPPRESSED.value)


def send_first(
    session: Session,
    principal: Principal,
    patient_id: int | None,
    number: str,
    typed: Typed,
    purpose: Purpose,
    house: House,
    now: datetime,
) -> MessageView:
    """Write to a patient, at ``number`` or the first one that takes texts; or to a number of which no patient is known.

    An unknown number is written to by those only who may write to everybody. Raises ``InvalidError`` for nobody,
    and for a reply to who asked nothing; ``ConflictError`` when the form sent something else before.
    """
    patient = None if patient_id is None else _patient(session, principal, patient_id)
    to = _number_for(session, principal, patient, number, house)
    conversation = thread_of(session, to, now)
    if (sent := _sent_before(session, principal, typed, conversation, house, patient, purpose)) is not None:
        return sent
    require_asked(session, purpose, to, now)
    session.flush()
    if _is_empty(session, conversation):
        # One in which something was said belongs to whom it belongs: writing to a number gives no sight of it.
        conversation.patient_id = None if patient is None else patient.id
        route(session, conversation, patient)
        conversation.assigned_to = conversation.assigned_to or principal.user_id
    asked = asked_of(session, principal, conversation.id, purpose)
    view = _send(session, principal, conversation, typed, purpose, asked, house, now, patient)
    if _goes(view) and conversation.waiting_since is None:
        note_words(conversation, view["text"], OUT, now)
    elif _goes(view) and asked is not None:
        # Whether it was read is not known: it stays marked as it is.
        _answered(principal, conversation, view["text"], now)
    # Else what the patient asked is what is shown: it waits on.
    tell_conversation(session, conversation)
    return view


def _send(
    session: Session,
    principal: Principal,
    conversation: Conversation,
    typed: Typed,
    purpose: Purpose,
    answers_to: int | None,
    house: House,
    now: datetime,
    patient: Patient | None = None,
) -> MessageView:
    patient_id = conversation.patient_id if patient is None else patient.id
    text = require_filled(fill_for(session, principal, read_text(typed.text), patient_id, house, now))
    session.flush()
    draft = MessageDraft(
        conversation.number, text, purpose, conversation_id=conversation.id, patient_id=patient_id,
        source=source_of(principal, typed.key), not_before=read_time(typed.at, now), created_by=principal.user_id,
        answers_to=answers_to, template=keep_template(session, principal, typed.template_id),
    )  # fmt: skip
    message_id = queue_message(session, draft, now)
    view = message_view(load_messages(session, [message_id])[0])
    record_audit(
        session, principal, "send-message", _SUBJECT, message_id, None,
        {"conversation_id": conversation.id, "patient_id": patient_id, "purpose": purpose.value}, now,
    )  # fmt: skip
    return view


def _answered(principal: Principal, conversation: Conversation, text: str, now: datetime) -> None:
    """Nobody waits there any more; whoever answers has the conversation if nobody had."""
    conversation.waiting_since, conversation.lost_answer = None, ""
    conversation.assigned_to = conversation.assigned_to or principal.user_id
    note_words(conversation, text, OUT, now)


def _is_empty(session: Session, conversation: Conversation) -> bool:
    said = select(SmsMessage.id).where(SmsMessage.conversation_id == conversation.id)
    return session.scalar(said.limit(1)) is None


def _sent_before(
    session: Session,
    principal: Principal,
    typed: Typed,
    conversation: Conversation,
    house: House,
    patient: Patient | None = None,
    purpose: Purpose | None = None,
) -> MessageView | None:
    """What the same form made already. Raises ``ConflictError`` with its ``message_id`` if that was something else.

    ``patient`` and ``purpose`` None: whoever and whatever the conversation makes of it.
    """
    found = select(SmsMessage).where(SmsMessage.source == source_of(principal, typed.key))
    if (sent := session.scalar(found)) is None:
        return None
    asked = conversation.id, patient and patient.id, purpose
    made = sent.conversation_id, patient and sent.patient_id, purpose and Purpose(sent.purpose)
    # As it was filled then: a form of yesterday is no other one because it says {date}.
    filled = fill_for(session, principal, read_text(typed.text), sent.patient_id, house, sent.created_at)
    if asked != made or message_text(filled.text) != sent.text:
        message = N_(
            "Something else was sent from this form already. Look at that message before you send this one as well."
        )
        raise ConflictError(message, message_id=sent.id)
    return message_view(load_messages(session, [sent.id])[0])


def _patient(session: Session, principal: Principal, patient_id: int) -> Patient:
    found = select(Patient).where(Patient.id == patient_id, Patient.disabled == NO, patient_scope_clause(principal))
    patient = session.scalar(found.where(patient_scope_clause(principal, "messages.send")))
    if patient is None:
        message = N_("There is no such patient.")
        raise InvalidError(message, {"patient_id": message})
    return patient


def _number_for(session: Session, principal: Principal, patient: Patient | None, number: str, house: House) -> str:
    if patient is not None and not number:
        found = first_mobiles(session, [patient.id]).get(patient.id)
        if found is None:
            message = N_("This patient has no number that takes texts.")
            raise InvalidError(message, {"number": message})
        return found
    canonical = normalise(number, house.area_code).number
    if not takes_texts(canonical):
        message = N_("This number does not take texts.")
        raise InvalidError(message, {"number": message})
    if patient is not None and canonical not in _numbers_of(session, patient.id):
        message = N_("This is none of the patient's numbers.")
        raise InvalidError(message, {"number": message})
    if patient is None and principal.require("messages.send") is not Scope.ALL:
        raise NotAllowedError(N_("Your roles allow this for your own department only."), permission="messages.send")
    return canonical


def _numbers_of(session: Session, patient_id: int) -> set[str]:
    return set(session.scalars(select(PatientPhone.number).where(PatientPhone.patient_id == patient_id)))
