"""What an attempt of unknown outcome may have left in the database, to be known again before the same is written anew.

What has a moment of its own is known by it: on one line nothing happens twice at one moment, to a microsecond.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import ColumnElement, func, not_, or_, select
from sqlalchemy.orm import Session

from callcenter.alarms.kinds import AlarmKind
from callcenter.telephony.effects import Audited, Direction, EndReason, LineService
from callcenter.telephony.views import ENDED
from storage.models import Alarm, AuditEntry, CallRecord, LineServiceSpan

_WAITING_CALLER = (
    CallRecord.state == ENDED,
    CallRecord.direction == Direction.IN.value,
    CallRecord.end_reason == EndReason.BUSY.value,
)


def opened_call(
    session: Session, line_id: int, at: datetime, direction: Direction, others: Collection[int]
) -> int | None:
    """The record of a call that began at ``at``, and is none of ``others``."""
    # Part by part: an open call has no end reason, and what is compared with nothing is neither true nor false.
    no_waiting_caller = or_(*map(not_, _WAITING_CALLER))
    return _first_call(session, line_id, at, others, CallRecord.direction == direction.value, no_waiting_caller)


def waiting_caller(session: Session, line_id: int, at: datetime, others: Collection[int]) -> int | None:
    """The record of a second caller who was announced at ``at``, and is none of ``others``."""
    return _first_call(session, line_id, at, others, *_WAITING_CALLER)


def audited(session: Session, effect: Audited) -> bool:
    """Whether the deed is in the audit log."""
    statement = select(AuditEntry.id).where(
        AuditEntry.at == effect.at,
        AuditEntry.user_id == effect.principal.user_id,
        AuditEntry.action == effect.action,
        AuditEntry.subject_type == effect.subject_type,
        AuditEntry.subject_id == effect.subject_id,
    )
    return session.scalar(statement.limit(1)) is not None


def service_entered(session: Session, line_id: int, service: LineService, at: datetime) -> bool:
    """Whether the line's history has a stretch of ``service`` that began at ``at``."""
    span = LineServiceSpan
    statement = select(span.id).where(span.line_id == line_id, span.started_at == at, span.state == service.value)
    return session.scalar(statement.limit(1)) is not None


def alarm_raised(session: Session, kind: AlarmKind, subject: str, at: datetime) -> bool:
    """Whether the alarm was raised at ``at``, and has been cleared after that if at all."""
    statement = select(Alarm.id).where(
        Alarm.kind == kind.value,
        Alarm.subject == subject,
        or_(Alarm.opened_at == at, Alarm.recurred_at == at),
        or_(Alarm.cleared_at.is_(None), Alarm.cleared_at > at),
    )
    return session.scalar(statement.limit(1)) is not None


def alarm_raised_after(session: Session, kind: AlarmKind, subject: str, at: datetime) -> bool:
    """Whether the alarm stands and was raised after ``at``: what was over then is not what it tells of."""
    statement = select(Alarm.id).where(
        Alarm.kind == kind.value,
        Alarm.subject == subject,
        Alarm.cleared_at.is_(None),
        func.coalesce(Alarm.recurred_at, Alarm.opened_at) > at,
    )
    return session.scalar(statement.limit(1)) is not None


def _first_call(
    session: Session, line_id: int, at: datetime, others: Collection[int], *which: ColumnElement[bool]
) -> int | None:
    statement = select(CallRecord.id).where(CallRecord.line_id == line_id, CallRecord.started_at == at, *which)
    if others:
        statement = statement.where(CallRecord.id.not_in(sorted(others)))
    return session.scalar(statement.order_by(CallRecord.id).limit(1))
