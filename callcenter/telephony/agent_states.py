"""The states of agents as rows: the present one, and the stretches of time spent in each."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import update
from sqlalchemy.orm import Session

from callcenter.telephony.announce import agent_event, announce
from callcenter.telephony.views import AgentView, agent_view
from storage.models import AgentStateSpan, AgentStatus, UserAccount


class AgentState(StrEnum):
    """What an agent does. ``ringing`` covers a claimed call until it is answered, and dialling."""

    OFFLINE = "offline"
    AVAILABLE = "available"
    RINGING = "ringing"
    TALKING = "talking"
    WRAP_UP = "wrap_up"
    AWAY = "away"


HANDLING = frozenset({AgentState.RINGING, AgentState.TALKING, AgentState.WRAP_UP})
"""States that count as work on a contact."""

IN_CALL = frozenset({AgentState.RINGING, AgentState.TALKING})
"""States that the calls bring about, not the agent."""

DISCONNECTED = "disconnected"
"""Reason of an offline state that came about because the agent's pages are gone, not because the agent said so."""


def state_of(session: Session, user_id: int) -> AgentState:
    """The present state; offline for somebody who never was an agent."""
    status = session.get(AgentStatus, user_id)
    return AgentState.OFFLINE if status is None else AgentState(status.state)


def move_agent(session: Session, user_id: int, state: AgentState, at: datetime, reason: str = "") -> AgentView | None:
    """Put an agent into ``state`` from ``at`` on, and announce it. None when nothing changed or there is no such user.

    Locks nothing beyond the agent's rows; several moves in one transaction are fine.
    """
    user = session.get(UserAccount, user_id)
    if user is None:
        return None
    status = session.get(AgentStatus, user_id)
    if status is None:
        status = AgentStatus(user_id=user_id, state=AgentState.OFFLINE.value, reason="", since=at)
        session.add(status)
    elif (status.state, status.reason) == (state.value, reason):
        return None
    status.state, status.reason, status.since = state.value, reason, at
    open_stretch = update(AgentStateSpan).where(AgentStateSpan.user_id == user_id, AgentStateSpan.ended_at.is_(None))
    session.execute(open_stretch.values(ended_at=at), execution_options={"synchronize_session": False})
    session.add(AgentStateSpan(user_id=user_id, state=state.value, reason=reason, started_at=at))
    view = agent_view(user, status.state, status.reason, status.since)
    announce(session, agent_event(view, user.department_id))
    return view


def enter_call(session: Session, user_id: int, state: AgentState, at: datetime) -> None:
    """A call of this agent rings or is talked on. One who talks on another call goes on talking."""
    if state is AgentState.RINGING and state_of(session, user_id) is AgentState.TALKING:
        return
    move_agent(session, user_id, state, at)


def leave_call(session: Session, user_id: int, at: datetime, *, to_wrap_up: bool) -> None:
    """A call of this agent is over: wrap-up, or available again. Whom a supervisor moved elsewhere stays there."""
    if state_of(session, user_id) in IN_CALL:
        move_agent(session, user_id, AgentState.WRAP_UP if to_wrap_up else AgentState.AVAILABLE, at)
