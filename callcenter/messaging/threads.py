"""The conversation with a number: found or begun, tied to a patient, given to whoever answers it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from callcenter.messaging.rows import OPEN
from storage.models import Conversation, Patient, PatientPhone, UserAccount
from storage.models.base import NO
from storage.queries.patients import match_number

LAST_TEXT = 200
"""Characters of the last text that are kept with its conversation."""


def thread_of(session: Session, number: str, at: datetime, *, state: str = OPEN) -> Conversation:
    """The conversation with the canonical ``number``, locked; begun now, in ``state``, if there was none."""
    found = _locked(session, number)
    if found is not None:
        return found
    begun = Conversation(number=number, state=state, last_at=at, last_direction="out")
    try:
        with session.begin_nested():
            session.add(begun)
    except IntegrityError:
        # Another transaction began it at the same moment.
        begun = _locked(session, number) or begun
    return begun


def settle_patient(session: Session, conversation: Conversation) -> Patient | None:
    """Tie the conversation to the patient whom its number means, if that is certain, and give the patient.

    Whoever was chosen stays while the number stays with them. Several who share it: the one who was said to remember,
    else nobody until somebody chooses.
    """
    chosen = None if conversation.patient_id is None else session.get(Patient, conversation.patient_id)
    if chosen is not None and not chosen.disabled and _has(session, chosen.id, conversation.number):
        return chosen
    found = match_number(session, conversation.number)
    certain = found.patient_ids[0] if len(found.patient_ids) == 1 else found.remembered
    if certain is None and chosen is not None and not chosen.disabled and not found.patient_ids:
        # Tied by hand to a number that is on no record: that was somebody's word, and nothing contradicts it.
        return chosen
    conversation.patient_id = certain
    return None if certain is None else session.get(Patient, certain)


def route(session: Session, conversation: Conversation, patient: Patient | None) -> None:
    """Give a conversation that nobody has to the patient's doctor, and to the patient's department.

    Without a doctor the department's people answer, without a patient the SMS desk: whoever sees every conversation.
    Somebody who has left has it no longer.
    """
    if conversation.assigned_to is not None and _is_here(session, conversation.assigned_to):
        return
    conversation.assigned_to = None
    if patient is None:
        return
    conversation.department_id = patient.department_id
    if patient.doctor_id is not None and _is_here(session, patient.doctor_id):
        conversation.assigned_to = patient.doctor_id


def note_words(conversation: Conversation, text: str, direction: str, at: datetime) -> None:
    """The last words of a conversation, as lists show them."""
    conversation.last_text = " ".join(text.split())[:LAST_TEXT]
    conversation.last_direction = direction
    conversation.last_at = max(conversation.last_at, at)


def _locked(session: Session, number: str) -> Conversation | None:
    return session.scalar(select(Conversation).where(Conversation.number == number).with_for_update())


def _has(session: Session, patient_id: int, number: str) -> bool:
    mine = select(PatientPhone.id).where(PatientPhone.patient_id == patient_id, PatientPhone.number == number)
    return session.scalar(mine) is not None


def _is_here(session: Session, user_id: int) -> bool:
    return (
        session.scalar(select(UserAccount.id).where(UserAccount.id == user_id, UserAccount.disabled == NO)) is not None
    )
