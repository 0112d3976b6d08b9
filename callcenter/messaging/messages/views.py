"""Messages as JSON data: one builder for API, page, export and event alike."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from callcenter.clock import iso
from callcenter.naming import named
from callcenter.numbers import format_number
from storage.bulk import Keyed
from storage.chunks import chunks
from storage.models import Conversation, Patient, SmsBatch, SmsGateway, SmsMessage, UserAccount
from storage.models.base import table_of

MessageView = dict[str, Any]

_MESSAGE = table_of(SmsMessage)
_GATEWAY, _PATIENT, _USER, _TALK, _BATCH = (
    table_of(record) for record in (SmsGateway, Patient, UserAccount, Conversation, SmsBatch)
)
_JOINED = (
    _MESSAGE.outerjoin(_GATEWAY, _GATEWAY.c.id == _MESSAGE.c.gateway_id)
    .outerjoin(_PATIENT, _PATIENT.c.id == _MESSAGE.c.patient_id)
    .outerjoin(_USER, _USER.c.id == _MESSAGE.c.created_by)
    .outerjoin(_TALK, _TALK.c.id == _MESSAGE.c.conversation_id)
)


_BATCHES = Keyed(
    lambda among: (
        select(
            _BATCH.c.id,
            _BATCH.c.title,
            _BATCH.c.purpose,
            _BATCH.c.total,
            _BATCH.c.state,
            _BATCH.c.reason,
            _BATCH.c.chosen,
            _BATCH.c.left_out,
            _BATCH.c.created_by,
            _USER.c.department_id,
        )
        .select_from(_BATCH.outerjoin(_USER, _USER.c.id == _BATCH.c.created_by))
        .where(among(_BATCH.c.id))
    )
)


class BatchRow(NamedTuple):
    """What is told of a batch, and to whom: whoever sent it, and that person's department."""

    id: int
    title: str
    purpose: str
    total: int
    state: str
    reason: str
    chosen: int
    left_out: dict[str, int] | None
    created_by: int | None
    creator_department: int | None


def messages_statement() -> Select[Any]:
    """Messages with all that ``message_view`` shows and ``announce`` needs; of tables, which costs half."""
    return select(
        *_MESSAGE.c,
        _GATEWAY.c.name.label("gateway_name"),
        _PATIENT.c.name.label("patient_name"),
        _PATIENT.c.department_id.label("patient_department"),
        _PATIENT.c.doctor_id.label("patient_doctor"),
        _USER.c.display_name.label("creator_name"),
        _TALK.c.department_id.label("talk_department"),
        _TALK.c.assigned_to.label("talk_assigned"),
    ).select_from(_JOINED)


def load_messages(session: Session, ids: Sequence[int]) -> list[Any]:
    """Rows of ``messages_statement`` in the order of ``ids``."""
    found: dict[int, Any] = {}
    for chunk in chunks(ids):
        statement = messages_statement().where(_MESSAGE.c.id.in_(chunk))
        found |= {row.id: row for row in session.execute(statement)}
    return [found[key] for key in ids if key in found]


def message_view(row: Any) -> MessageView:
    """The message of such a row: ids with names, times in UTC, ``cost`` in thousandths of a yuan."""
    return {
        "id": row.id,
        "direction": row.direction,
        "state": row.state,
        "reason": row.reason,
        "reason_words": row.reason_words,
        "purpose": row.purpose,
        "number": row.number,
        "number_formatted": format_number(row.number),
        "text": row.text,
        "gateway": named(row.gateway_id, row.gateway_name),
        "patient": named(row.patient_id, row.patient_name),
        "created_by": named(row.created_by, row.creator_name),
        "conversation_id": row.conversation_id,
        "batch_id": row.batch_id,
        "sender": row.sender,
        "template": named(row.template_id, row.template_name),
        "priority": row.priority,
        "parts": row.parts,
        "cost": row.cost,
        "attempts": row.attempts,
        "created_at": iso(row.created_at),
        "next_at": iso(row.next_at),
        "expires_at": iso(row.expires_at),
        "state_at": iso(row.state_at),
        "version": row.version,
    }


def batch_view(row: Any) -> dict[str, Any]:
    """What is told of a batch while it is made and its messages move: not where each of them stands."""
    return {
        "id": row.id,
        "title": row.title,
        "purpose": row.purpose,
        "total": row.total,
        "state": row.state,
        "reason": row.reason,
        "chosen": row.chosen,
        "left_out": row.left_out or {},
    }


def load_batches(session: Session, ids: Sequence[int]) -> list[BatchRow]:
    """The batches with these ids, in their order."""
    session.flush()
    return sorted(map(BatchRow._make, _BATCHES.rows(session, ids)))
