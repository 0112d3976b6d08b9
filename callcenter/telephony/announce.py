"""Puts the events of this module into the transaction that makes them true."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy.orm import Session

from callcenter.events import AgentUpdated, Audience, Event, LineUpdated
from callcenter.telephony.views import line_view, load_call, offers_of, open_call_of
from storage.event_log import NewEvent, record_event
from storage.models import CallRecord, PhoneLine


def announce(session: Session, event: Event) -> None:
    """Write ``event`` to the event log; it is published after the commit."""
    audience = event.audience
    record_event(
        session,
        NewEvent(
            event.topic,
            event.type,
            event.subject,
            event.data,
            {
                "permission": audience.permission,
                "departments": list(audience.departments),
                "users": list(audience.users),
            },
        ),
    )


def announce_line(session: Session, line: PhoneLine, capabilities: Sequence[str], note: str = "") -> None:
    """Tell the present state of a line."""
    session.flush()
    announce(session, line_event(line_view(line, open_call_of(session, line.id), capabilities, note)))


def announce_call(session: Session, kind: type[Event], call_id: int, extra_users: Sequence[int] = ()) -> None:
    """Tell the present state of a call to its department, its patient's, its agent and those it was offered to."""
    session.flush()
    view, patient_department = load_call(session, call_id)
    call = session.get_one(CallRecord, call_id)
    offered = view["offered_to"] or offers_of(session, [call_id]).get(call_id, [])
    audience = calls_audience((call.department_id, patient_department), (*offered, call.agent_id, *extra_users))
    announce(session, kind(str(call_id), view, audience))


def calls_audience(departments: Iterable[int | None], users: Iterable[int | None]) -> Audience:
    """Who may hear of a call: the departments and users that are there, each once, in order."""
    return Audience("calls.view", _known(departments), _known(users))


def line_event(view: dict[str, Any]) -> Event:
    """Everybody who may see lines may hear of each."""
    return LineUpdated(str(view["id"]), view, Audience("lines.view"))


def agent_event(view: dict[str, Any], department_id: int | None) -> Event:
    """The agent, the department's head, and whoever may see all agents."""
    return AgentUpdated(str(view["id"]), view, Audience("agents.view", _known([department_id]), (view["id"],)))


def _known(ids: Iterable[int | None]) -> tuple[int, ...]:
    return tuple(sorted({one for one in ids if one is not None}))
