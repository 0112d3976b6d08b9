"""Conversations as JSON data, and the event that tells of one: one builder for API, page and socket."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, cast

from sqlalchemy import Row, Select, bindparam, func, select
from sqlalchemy.orm import Session

from callcenter.clock import iso
from callcenter.crm.heads import head_of
from callcenter.events import ConversationUpdated
from callcenter.messaging.conversations.scope import audience_of
from callcenter.messaging.conversations.talks import Talk
from callcenter.messaging.conversations.waiting import is_waiting
from callcenter.naming import named
from callcenter.numbers import format_number, region_of
from callcenter.telephony.announce import announce
from storage.chunks import chunks
from storage.models import Conversation, Department, Patient, PatientPhone, SmsOptOut, UserAccount
from storage.models.base import NO, table_of

ConversationView = dict[str, Any]

_OPT_OUT = table_of(SmsOptOut).c
_LIVE = (
    select(*(_OPT_OUT[name] for name in ("id", "number", "kind", "signature", "began_at", "message_id", "note")))
    .where(_OPT_OUT.number.in_(bindparam("numbers", expanding=True)), _OPT_OUT.ended_at.is_(None))
    .order_by(_OPT_OUT.id)
)
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
    found = []
    for conversation, patient, assigned, department in rows:
        known = stopped.get(conversation.number, ()), sharing.get(conversation.number, 0)
        found.append((conversation_view(conversation, patient, assigned, department, *known), conversation))
    return found


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


def opt_outs_of(session: Session, numbers: Collection[str]) -> dict[str, list[dict[str, Any]]]:
    """Number → what it wants no messages of, oldest first; numbers that take everything are missing."""
    found: dict[str, list[dict[str, Any]]] = {}
    for chunk in chunks(sorted(set(numbers))):
        for one in session.execute(_LIVE, {"numbers": chunk}):
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


def conversation_view(
    conversation: Conversation | Talk,
    patient: Patient | Row[Any] | None,
    assigned: str | None,
    department: str | None,
    stopped: Sequence[Mapping[str, Any]],
    sharing: int,
) -> ConversationView:
    """The view of a conversation with what other records say of it: the names of whom it waits for, what its number
    wants no messages of (``opt_outs_of``), and how many enabled patients have the number.
    """
    return {
        "id": conversation.id,
        "number": conversation.number,
        "number_formatted": format_number(conversation.number),
        "region": region_of(conversation.number, "zh"),
        "region_en": region_of(conversation.number, "en"),
        "patient": None if patient is None else head_of(patient) | {"doctor_id": patient.doctor_id},
        "candidates": sharing,
        "assigned_to": named(conversation.assigned_to, assigned),
        "department": named(conversation.department_id, department),
        "our_number": conversation.our_number,
        "state": conversation.state,
        "snoozed_until": iso(conversation.snoozed_until),
        "unread": conversation.unread,
        "waiting": is_waiting(conversation),
        "waiting_since": iso(conversation.waiting_since),
        "lost_answer": conversation.lost_answer,
        "last_at": iso(conversation.last_at),
        "last_text": conversation.last_text[:LAST_WORDS],
        "last_direction": conversation.last_direction,
        "opt_outs": list(stopped),
        "version": conversation.version,
    }
