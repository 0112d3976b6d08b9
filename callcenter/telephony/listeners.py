"""Who listens to which call, as rows and events. Functions run in transactions."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from callcenter.administration.permissions import Scope
from callcenter.administration.principal import Principal
from callcenter.clock import iso
from callcenter.events import Audience, ListenerUpdated
from callcenter.telephony.announce import announce
from callcenter.telephony.scope import scope_clause
from protocols.sayings import said
from storage.models import CallListener, CallRecord, Patient, UserAccount
from storage.models.base import table_of
from storage.prepared import Prepared

ListenerView = dict[str, Any]

_LISTENER = table_of(CallListener).c
_LISTENING = Prepared(
    select(_LISTENER.id)
    .where(_LISTENER.call_id == bindparam("call"), _LISTENER.ended_at.is_(None))
    .order_by(_LISTENER.id)
)


def begin_listening(session: Session, call: CallRecord, user_id: int, mode: str, at: datetime) -> ListenerView:
    """``user_id`` wants to hear ``call``; their telephone will be rung."""
    listener = CallListener(call_id=call.id, user_id=user_id, mode=mode, started_at=at)
    session.add(listener)
    session.flush()
    return _tell(session, listener)


def move_listener(session: Session, listener_id: int, on: bool, at: datetime, why: str = "") -> None:
    """The telephone was lifted, or it is over; ``why``, where it failed, is told and not kept."""
    listener = session.get(CallListener, listener_id)
    if listener is None or listener.ended_at is not None:
        return
    if not on:
        listener.ended_at = max(at, listener.started_at)
    elif listener.heard_at is None:
        listener.heard_at = max(at, listener.started_at)
    _tell(session, listener, why)


def end_listening(session: Session, call_id: int, at: datetime) -> None:
    """The call is over, and nobody listens to it any more."""
    for (listener_id,) in _LISTENING.all(session, {"call": call_id}):
        move_listener(session, listener_id, False, at)


def load_listeners(session: Session, principal: Principal) -> list[ListenerView]:
    """Who listens now, to calls in reach of ``calls.listen``; oldest first. With the scope own that is oneself: of who
    listens to one's own calls one is not told.
    """
    alone = principal.require("calls.listen") is Scope.OWN
    reach = CallListener.user_id == principal.user_id if alone else scope_clause(principal, "calls.listen")
    statement = (
        select(CallListener, UserAccount.display_name)
        .join(UserAccount, UserAccount.id == CallListener.user_id)
        .join(CallRecord, CallRecord.id == CallListener.call_id)
        .where(CallListener.ended_at.is_(None), reach)
        .order_by(CallListener.id)
    )
    return [listener_view(listener, name) for listener, name in session.execute(statement)]


def listener_view(listener: CallListener, name: str, why: str = "") -> ListenerView:
    """The listener as JSON data. ``why`` is what kept them from listening."""
    return {
        "id": listener.id,
        "call_id": listener.call_id,
        "user": {"id": listener.user_id, "name": name},
        "mode": listener.mode,
        "started_at": iso(listener.started_at),
        "heard_at": iso(listener.heard_at),
        "ended_at": iso(listener.ended_at),
        "why": why,
        "why_said": said(why),
    }


def open_listener(session: Session, call_id: int, user_id: int) -> Sequence[int]:
    """The ids of what ``user_id`` has of the call."""
    statement = select(CallListener.id).where(
        CallListener.call_id == call_id, CallListener.user_id == user_id, CallListener.ended_at.is_(None)
    )
    return session.scalars(statement).all()


def _tell(session: Session, listener: CallListener, why: str = "") -> ListenerView:
    name = session.scalar(select(UserAccount.display_name).where(UserAccount.id == listener.user_id)) or ""
    view = listener_view(listener, name, why)
    reached = (
        select(CallRecord.department_id, Patient.department_id)
        .outerjoin(Patient, Patient.id == CallRecord.patient_id)
        .where(CallRecord.id == listener.call_id)
    )
    departments = [one for row in session.execute(reached) for one in row]
    # Not the agent: whoever may not listen is not told who does.
    audience = Audience.of("calls.listen", departments, [listener.user_id])
    announce(session, ListenerUpdated(str(listener.id), view, audience))
    return view
