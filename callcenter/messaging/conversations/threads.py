"""The conversation with a number: found or begun, given to whoever answers it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from callcenter.messaging.conversations.rows import OPEN
from callcenter.messaging.conversations.talks import Talk
from storage.models import Conversation, Patient, UserAccount
from storage.models.base import NO

LAST_TEXT = 200
"""Characters of the last text that are kept with its conversation."""


def thread_of(session: Session, number: str, at: datetime, *, state: str = OPEN) -> Conversation:
    """The conversation with the canonical ``number``, locked; begun now, in ``state``, if there was none."""
    found = known_thread(session, number)
    if found is not None:
        return found
    begun = Conversation(number=number, state=state, last_at=at, last_direction="out")
    try:
        with session.begin_nested():
            session.add(begun)
    except IntegrityError:
        # Another transaction began it at the same moment.
        begun = known_thread(session, number) or begun
    return begun


def route(session: Session, conversation: Conversation, patient: Patient | None) -> None:
    """``give`` it by what the database says of people now."""
    give(conversation, patient, lambda user_id: _is_here(session, user_id))


def give(conversation: Conversation | Talk, patient: Patient | Row[Any] | None, is_here: Callable[[int], bool]) -> None:
    """Give a conversation that nobody has to the patient's doctor, and to the patient's department.

    Without a doctor the department's people answer, without a patient the SMS desk: whoever sees every conversation.
    Somebody who has left has it no longer.
    """
    if conversation.assigned_to is not None and is_here(conversation.assigned_to):
        return
    conversation.assigned_to = None
    if patient is None:
        return
    conversation.department_id = patient.department_id
    if patient.doctor_id is not None and is_here(patient.doctor_id):
        conversation.assigned_to = patient.doctor_id


def note_words(conversation: Conversation | Talk, text: str, direction: str, at: datetime) -> None:
    """The last words of a conversation, as lists show them."""
    conversation.last_text = " ".join(text.split())[:LAST_TEXT]
    conversation.last_direction = direction
    conversation.last_at = max(conversation.last_at, at)


def known_thread(session: Session, number: str) -> Conversation | None:
    """The conversation with the canonical ``number``, locked, if there is one."""
    return session.scalar(select(Conversation).where(Conversation.number == number).with_for_update(key_share=True))


def _is_here(session: Session, user_id: int) -> bool:
    return (
        session.scalar(select(UserAccount.id).where(UserAccount.id == user_id, UserAccount.disabled == NO)) is not None
    )
