"""Conversations as JSON data, and the event that tells of one: one builder for API, page and socket."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, cast

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from callcenter.clock import iso
from callcenter.crm.heads import head_of
from callcenter.events import ConversationUpdated
from callcenter.messaging.conversation_scope import audience_of
from callcenter.numbers import format_number, region_of
from callcenter.telephony.announce import announce
from storage.models import Conversation, Department, Patient, PatientPhone, SmsOptOut, UserAccount
from storage.models.base import NO

ConversationView = dict[str, Any]

LAST_WORDS = 120
"""Characters of the last text that a list shows."""


def conversations_statement() -> Select[Any]:
    """Conversations with all that a view shows; add conditions and order, run it with ``load_conversations``."""
    found = (
        select(Conversation, Patient, UserAccount.display_name, Department.name)
        .outerjoin(Patient, Patient.id == Conversation.patient_id)
        .outerjoin(UserAccount, UserAccount.id == Conversation.assigned_to)
        .outerjoin(Department, Department.id == Conversation.department_id)
    )
    return cast("Select[Any]", found)


def load_conversations(session: Session, statement: Select[Any]) -> list[tuple[ConversationView, Conversation]]:
    """The views of the conversations that ``statement`` finds, in its order, each with its record."""
    rows = session.execute(statement, execution_options={"populate_existing": True}).all()
    numbers = [row[0].number for row in rows]
    stopped, sharing = opt_outs_of(session, numbers), _sharing(session, numbers)
    return [(_view(row, stopped.get(row[0].number, []), sharing.get(row[0].number, 0)), row[0]) for row in rows]


def load_conversation(session: Session, conversation_id: int) -> ConversationView:
    """The view of a conversation, which must exist."""
    session.flush()
    return load_conversations(session, conversations_statement().where(Conversation.id == conversation_id))[0][0]


def tell_conversation(session: Session, conversation: Conversation, *also: int | None) -> ConversationView:
    """Count the change and tell the present state; ``also`` are told too, who have it no longer."""
    conversation.version += 1
    view = load_conversation(session, conversation.id)
    patient = None if conversation.patient_id is None else session.get(Patient, conversation.patient_id)
    announce(session, ConversationUpdated(str(conversation.id), view, audience_of(conversation, patient, *also)))
    return view


def opt_outs_of(session: Session, numbers: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
    """Number → what it wants no messages of, oldest first; numbers that take everything are missing."""
    found: dict[str, list[dict[str, Any]]] = {}
    if numbers:
        statement = select(SmsOptOut).where(SmsOptOut.number.in_(sorted(set(numbers))), SmsOptOut.ended_at.is_(None))
        for one in session.scalars(statement.order_by(SmsOptOut.id)):
            found.setdefault(one.number, []).append(
                {"id": one.id, "kind": one.kind, "signature": one.signature, "began_at": iso(one.began_at),
                 "by_text": one.message_id is not None, "note": one.note}
            )  # fmt: skip
    return found


def _sharing(session: Session, numbers: Iterable[str]) -> dict[str, int]:
    """Number → how many enabled patients have it."""
    wanted = sorted(set(numbers))
    if not wanted:
        return {}
    statement = (
        select(PatientPhone.number, func.count())
        .join(Patient, Patient.id == PatientPhone.patient_id)
        .where(PatientPhone.number.in_(wanted), Patient.disabled == NO)
        .group_by(PatientPhone.number)
    )
    return {number: count for number, count in session.execute(statement)}  # noqa: C416 - rows are no pairs to mypy


def _view(row: Any, stopped: list[dict[str, Any]], sharing: int) -> ConversationView:
    conversation, patient, assigned, department = row
    return {
        "id": conversation.id,
        "number": conversation.number,
        "number_formatted": format_number(conversation.number),
        "region": region_of(conversation.number, "zh"),
        "region_en": region_of(conversation.number, "en"),
        "patient": None if patient is None else head_of(patient) | {"doctor_id": patient.doctor_id},
        "candidates": sharing,
        "assigned_to": _named(conversation.assigned_to, assigned),
        "department": _named(conversation.department_id, department),
        "our_number": conversation.our_number,
        "state": conversation.state,
        "snoozed_until": iso(conversation.snoozed_until),
        "unread": conversation.unread,
        "waiting_since": iso(conversation.waiting_since),
        "last_at": iso(conversation.last_at),
        "last_text": conversation.last_text[:LAST_WORDS],
        "last_direction": conversation.last_direction,
        "opt_outs": stopped,
        "version": conversation.version,
    }


def _named(key: int | None, name: str | None) -> dict[str, Any] | None:
    return None if key is None else {"id": key, "name": name or ""}
