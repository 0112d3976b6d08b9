"""How agents come to be in another state: chosen, forced, by pages that come and go. Functions run in transactions."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter.administration.audit import record_audit
from callcenter.administration.principal import Principal
from callcenter.errors import ConflictError, NotFoundError
from callcenter.telephony.agent_states import (
    DISCONNECTED,
    IN_CALL,
    AgentState,
    announce_agent,
    move_agent,
    state_of,
)
from callcenter.telephony.scope import agent_scope_clause
from callcenter.telephony.views import ENDED, AgentView, agent_view
from callcenter.text import N_
from storage.models import AgentStateSpan, AgentStatus, CallRecord, UserAccount
from storage.models.base import NO


def load_agents(session: Session, principal: Principal) -> list[AgentView]:
    """The agents in reach, by name."""
    statement = (
        select(UserAccount, AgentStatus)
        .join(AgentStatus, AgentStatus.user_id == UserAccount.id)
        .where(UserAccount.disabled == NO, agent_scope_clause(principal))
        .order_by(UserAccount.display_name, UserAccount.id)
    )
    return [agent_view(user, status) for user, status in session.execute(statement)]


def choose_state(session: Session, user_id: int, state: AgentState, reason: str, at: datetime) -> AgentView:
    """The agent wants to be in ``state``. Raises ``ConflictError`` while they have a call."""
    present = state_of(session, user_id)
    if present in IN_CALL and _has_call(session, user_id):
        raise ConflictError(N_("Finish your call first."), state=present.value)
    return _moved(session, user_id, state, reason, at)


def force_state(
    session: Session, principal: Principal, user_id: int, state: AgentState, reason: str, at: datetime
) -> AgentView:
    """``principal`` moves a stuck agent. Raises ``NotFoundError`` for nobody in reach."""
    reachable = (
        select(AgentStatus.state)
        .join(UserAccount, UserAccount.id == AgentStatus.user_id)
        .where(AgentStatus.user_id == user_id, agent_scope_clause(principal, "agents.control"))
    )
    before = session.scalar(reachable)
    if before is None:
        raise NotFoundError(N_("There is no such agent."), user_id=user_id)
    record_audit(
        session, principal, "force-state", "agent", str(user_id), {"state": before}, {"state": state.value}, at
    )
    return _moved(session, user_id, state, reason, at)


def _moved(session: Session, user_id: int, state: AgentState, reason: str, at: datetime) -> AgentView:
    moved = move_agent(session, user_id, state, at, reason)
    return moved or agent_view(session.get_one(UserAccount, user_id), session.get_one(AgentStatus, user_id))


def come_back(session: Session, user_id: int, signed_in: bool, at: datetime, *, to_work: bool = True) -> None:
    """A page opened, or somebody ``signed_in``: calls can be shown. Who was offline for want of pages is back.

    Whoever signs in is available if they come ``to_work``, else offline until they say so.
    """
    status = session.get(AgentStatus, user_id)
    unreachable = status is not None and not status.connected
    if status is not None:
        status.connected = True
    if status is None or (signed_in and status.state == AgentState.OFFLINE.value):
        move_agent(session, user_id, AgentState.AVAILABLE if to_work else AgentState.OFFLINE, at)
    elif (status.state, status.reason) == (AgentState.OFFLINE.value, DISCONNECTED):
        move_agent(session, user_id, *_before(session, user_id, at))
    elif unreachable:
        announce_agent(session, session.get_one(UserAccount, user_id), status)


def lose_pages(session: Session, user_id: int) -> None:
    """No page of the agent is open: there is nowhere to show them a call."""
    status = session.get(AgentStatus, user_id)
    if status is not None and status.connected:
        status.connected = False
        announce_agent(session, session.get_one(UserAccount, user_id), status)


def go_offline(session: Session, user_id: int, at: datetime) -> bool:
    """No page has been open for a while. False when a call keeps the agent here."""
    if _has_call(session, user_id):
        return False
    if state_of(session, user_id) is not AgentState.OFFLINE:
        move_agent(session, user_id, AgentState.OFFLINE, at, DISCONNECTED)
    return True


def _before(session: Session, user_id: int, at: datetime) -> tuple[AgentState, datetime, str]:
    """What an agent was before the pages went: away stays away, everything else is available now."""
    statement = (
        select(AgentStateSpan.state, AgentStateSpan.reason)
        .where(AgentStateSpan.user_id == user_id, AgentStateSpan.ended_at.is_not(None))
        .order_by(AgentStateSpan.started_at.desc(), AgentStateSpan.id.desc())
        .limit(1)
    )
    previous = session.execute(statement).first()
    if previous is not None and previous[0] == AgentState.AWAY.value:
        return AgentState.AWAY, at, previous[1]
    return AgentState.AVAILABLE, at, ""


def _has_call(session: Session, user_id: int) -> bool:
    open_call = select(CallRecord.id).where(CallRecord.agent_id == user_id, CallRecord.state != ENDED)
    return session.scalar(open_call.limit(1)) is not None
