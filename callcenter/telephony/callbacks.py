"""Agreed call-backs: a list of whom to call again and when.

A call owes one from the moment at which its wrap-up says "call back at …" until a later call to the same number or
patient is wrapped up, or somebody says that it is done.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from callcenter.administration.audit import record_audit
from callcenter.administration.principal import Principal
from callcenter.clock import iso
from callcenter.errors import ConflictError
from callcenter.events import CallUpdated
from callcenter.telephony.announce import announce_call
from callcenter.telephony.effects import Direction, EndReason
from callcenter.telephony.listing import page_of_calls, require_limit
from callcenter.telephony.scope import scope_clause
from callcenter.telephony.views import CallView, calls_statement, load_call
from callcenter.telephony.visible import visible_call
from callcenter.text import N_
from storage.models import CallRecord
from storage.queries.paging import Page, Stretch

OPEN, DONE = "open", "done"
_SETTLED_AT_ONCE = 100
_NEVER_RANG = (EndReason.FAILED.value, EndReason.NO_DIAL_TONE.value)


def agree(call: CallRecord, before: datetime | None) -> None:
    """The wrap-up of ``call`` is finished: it owes a call-back if it says when; ``before`` is what it said until now.

    Another time than before is another call-back.
    """
    if call.call_back_at is None:
        call.call_back, call.called_back_at = "", None
    elif not call.call_back or call.call_back_at != before:
        call.call_back, call.called_back_at = OPEN, None


def settle(session: Session, call: CallRecord, at: datetime) -> None:
    """The wrap-up of ``call`` is finished: if it went out, what its number or patient was owed until then is done.

    A call that never left the house called nobody back.
    """
    if call.direction != Direction.OUT.value or call.end_reason in _NEVER_RANG:
        return
    same: list[ColumnElement[bool]] = []
    if call.number:
        same.append(CallRecord.number == call.number)
    if call.patient_id is not None:
        same.append(CallRecord.patient_id == call.patient_id)
    if not same:
        return
    owed = (
        select(CallRecord)
        .where(CallRecord.call_back == OPEN, CallRecord.started_at < call.started_at, or_(*same))
        .order_by(CallRecord.call_back_at, CallRecord.id)
        .limit(_SETTLED_AT_ONCE)
    )
    for earlier in session.scalars(owed).all():
        earlier.call_back, earlier.called_back_at = DONE, at
        earlier.version += 1
        announce_call(session, CallUpdated, earlier)


def mark(session: Session, principal: Principal, call_id: int, done: bool, at: datetime) -> CallView:
    """Say that a call-back is done, or with ``done`` False that it is not. Twice changes nothing.

    Raises ``NotFoundError`` for a call out of reach, ``ConflictError`` for one that owes no call-back.
    """
    call = visible_call(session, call_id, scope_clause(principal, "calls.handle"))
    if not call.call_back:
        raise ConflictError(N_("No call-back was agreed on this call."), call_id=call_id)
    wanted = DONE if done else OPEN
    if call.call_back == wanted:
        return load_call(session, call_id)
    before = _kept(call)
    call.call_back, call.called_back_at = wanted, at if done else None
    call.version += 1
    record_audit(session, principal, "call-back", "call", str(call_id), before, _kept(call), at)
    return announce_call(session, CallUpdated, call)


def list_callbacks(session: Session, principal: Principal, limit: int, cursor: str | None) -> Page[CallView]:
    """A page of the call-backs owed: one's own first, each by time, so that what is overdue is on top.

    Needs ``calls.view``. Raises ``InvalidError`` for a bad limit or cursor.
    """
    require_limit(limit)
    owed = calls_statement().where(CallRecord.call_back == OPEN, scope_clause(principal))
    by_time = (CallRecord.call_back_at, CallRecord.id)
    # The daemon itself has no number, and nobody's calls are its own.
    me = principal.user_id or 0
    of_others = or_(CallRecord.agent_id.is_(None), CallRecord.agent_id != me)
    stretches = [
        Stretch(by_time, name="mine", condition=CallRecord.agent_id == me),
        Stretch(by_time, name="others", condition=of_others),
    ]
    return page_of_calls(session, owed, stretches, limit, cursor)


def _kept(call: CallRecord) -> dict[str, Any]:
    return {"call_back": call.call_back, "called_back_at": iso(call.called_back_at)}
