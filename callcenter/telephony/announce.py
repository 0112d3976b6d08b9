"""Puts the events of this module into the transaction that makes them true."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Any

from sqlalchemy.orm import Session

from callcenter.events import AgentUpdated, Audience, Event, LineRemoved, LineUpdated
from callcenter.telephony.desks import people_at
from callcenter.telephony.line_context import LineContext
from callcenter.telephony.views import (
    IN_USE,
    NOTHING_KNOWN,
    CallView,
    Facts,
    describe_call,
    line_view,
    open_call_of,
    people_of_call,
)
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


def announce_line(
    session: Session,
    line: PhoneLine,
    context: LineContext,
    note: str = "",
    call_id: int | None = None,
    concerned: Iterable[int] | None = None,
) -> None:
    """Tell the present state of a line. ``call_id`` is its open call, where the caller knows it.

    ``concerned`` are users who have to do with it at present, beside those at its desk; None for those of its call.
    Nobody is told of a line that was removed: pages have forgotten it.
    """
    session.flush()
    if line.removed:
        return
    if call_id is None and line.state in IN_USE:
        call_id = open_call_of(session, line.id)
    if concerned is None:
        concerned = () if call_id is None else people_of_call(session, call_id)
    desk = people_at(session, context)
    view = line_view(line, call_id, context.capabilities, desk, note)
    announce(session, LineUpdated(str(line.id), view, _lines_audience(desk, concerned)))


def announce_removal(session: Session, line: PhoneLine, context: LineContext) -> None:
    """Tell that a line is no more."""
    gone = {"id": line.id, "name": line.name}
    announce(session, LineRemoved(str(line.id), gone, _lines_audience(people_at(session, context))))


def _lines_audience(*people: Iterable[int]) -> Audience:
    """Everybody who may see lines may hear of each; ``people`` are those who hear of it as one of theirs."""
    return Audience.of("lines.view", [], chain.from_iterable(people))


def announce_call(
    session: Session,
    kind: type[Event],
    call: CallRecord,
    extra_users: Sequence[int] = (),
    known: Facts = NOTHING_KNOWN,
) -> CallView:
    """Tell the present state of a call to its department, its patient's, its agent and those it was offered to."""
    described = describe_call(session, call, known)
    audience = calls_audience(described.departments, (*described.offered_to, call.agent_id, *extra_users))
    announce(session, kind(str(call.id), described.view, audience))
    return described.view


def calls_audience(departments: Iterable[int | None], users: Iterable[int | None]) -> Audience:
    """Who may hear of a call: the departments and users that are there, each once, in order."""
    return Audience.of("calls.view", departments, users)


def agent_event(view: dict[str, Any], department_id: int | None) -> Event:
    """The agent, the department's head, and whoever may see all agents."""
    return AgentUpdated(str(view["id"]), view, Audience.of("agents.view", [department_id], [view["id"]]))
