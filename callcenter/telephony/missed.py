"""Missed calls: a list that is worked down."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, aliased

from callcenter.administration.audit import record_audit
from callcenter.administration.principal import Principal
from callcenter.clock import iso
from callcenter.events import CallUpdated
from callcenter.telephony.announce import announce_call
from callcenter.telephony.scope import scope_clause
from callcenter.telephony.views import CallView, load_call
from callcenter.telephony.visible import visible_call
from storage.models import CallRecord
from storage.models.base import YES

_SETTLED_AT_ONCE = 100


def settle_missed(
    session: Session, number: str, agent_id: int | None, at: datetime, until: datetime | None = None
) -> list[int]:
    """Somebody spoke with ``number``: its missed calls, of those that began before ``until``, are dealt with.

    Their ids, oldest first.
    """
    open_ones = [CallRecord.number == number, CallRecord.missed == YES, CallRecord.missed_handled_at.is_(None)]
    if until is not None:
        open_ones.append(CallRecord.started_at < until)
    statement = (
        select(CallRecord).where(*open_ones).order_by(CallRecord.started_at, CallRecord.id).limit(_SETTLED_AT_ONCE)
    )
    settled = list(session.scalars(statement))
    for call in settled:
        call.missed_handled_at, call.missed_handled_by = at, agent_id
        announce_call(session, CallUpdated, call)
    return [call.id for call in settled]


def restore_missed(session: Session, call: CallRecord, agent_id: int, settled_at: datetime) -> list[CallRecord]:
    """``call`` was not spoken on by ``agent_id`` after all: the missed calls that saying so at ``settled_at`` settled
    wait again, oldest first, but for those after which somebody else spoke with the number.
    """
    if not call.number:
        return []
    other = aliased(CallRecord)
    spoke = (other.direction == "out", other.agent_id.is_not(None))
    since = (other.number == CallRecord.number, other.answered_at > CallRecord.started_at, other.id != call.id)
    statement = (
        select(CallRecord)
        .where(
            CallRecord.number == call.number,
            CallRecord.missed == YES,
            CallRecord.missed_handled_by == agent_id,
            CallRecord.missed_handled_at == settled_at,
            ~select(other.id).where(or_(*spoke), *since).correlate(CallRecord).exists(),
        )
        .order_by(CallRecord.started_at, CallRecord.id)
    )
    waiting = list(session.scalars(statement))
    for missed in waiting:
        missed.missed_handled_at = missed.missed_handled_by = None
        missed.version += 1
    return waiting


def handle_missed(session: Session, principal: Principal, call_id: int, at: datetime) -> CallView:
    """Tick a missed call off. Whoever did it first stays on record; doing it again changes nothing.

    Raises ``NotFoundError`` for a call that is not missed or not in reach.
    """
    call = visible_call(session, call_id, scope_clause(principal, "calls.handle"), CallRecord.missed == YES)
    if call.missed_handled_at is None:
        call.missed_handled_at, call.missed_handled_by = at, principal.user_id
        call.version += 1
        record_audit(
            session, principal, "handle-missed", "call", str(call.id), None, {"missed_handled_at": iso(at)}, at
        )
        return announce_call(session, CallUpdated, call)
    return load_call(session, call.id)
