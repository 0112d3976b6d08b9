"""To whom a ringing call is shown."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import insert, or_, select
from sqlalchemy.orm import Session

from callcenter.telephony.agent_states import AgentState
from callcenter.telephony.line_context import LineContext
from storage.models import AgentStatus, CallOffer, CallRecord, RolePermission, UserAccount, UserRole
from storage.models.administration import Role
from storage.models.base import NO


def _handles_calls() -> object:
    return (
        select(UserRole.user_id)
        .join(RolePermission, RolePermission.role_id == UserRole.role_id)
        .join(Role, Role.id == UserRole.role_id)
        .where(UserRole.user_id == UserAccount.id, RolePermission.permission == "calls.handle", Role.disabled == NO)
        .exists()
    )


def group_agents(session: Session, line: LineContext, *, available: bool) -> list[int]:
    """The agents of the line's group, by id, or only the available ones; all agents where the line has no group."""
    return [user_id for user_id, _ in _group(session, line, available=available)]


def _group(session: Session, line: LineContext, *, available: bool) -> list[tuple[int, bool]]:
    """``(user id, is bound to the line)`` of the group's agents and of the agents bound to the line."""
    statement = select(UserAccount.id, UserAccount.bound_line, UserAccount.username).where(
        UserAccount.disabled == NO,
        _handles_calls(),  # type: ignore[arg-type]
    )
    if line.department_id is not None:
        bound = or_(UserAccount.bound_line == line.name, UserAccount.username == line.bound_agent)
        statement = statement.where(or_(UserAccount.department_id == line.department_id, bound))
    if available:
        statement = statement.join(AgentStatus, AgentStatus.user_id == UserAccount.id).where(
            AgentStatus.state == AgentState.AVAILABLE.value
        )
    return [
        (user_id, bound_line == line.name or (bool(line.bound_agent) and username == line.bound_agent))
        for user_id, bound_line, username in session.execute(statement.order_by(UserAccount.id))
    ]


def agents_to_offer(session: Session, line: LineContext) -> list[int]:
    """The available agents bound to the line, else all available agents of its group; maybe nobody."""
    group = _group(session, line, available=True)
    bound = [user_id for user_id, is_bound in group if is_bound]
    return bound or [user_id for user_id, _ in group]


def bound_agent(session: Session, line: LineContext) -> int | None:
    """The one available agent who is bound to the line, if there is exactly one."""
    bound = [user_id for user_id, is_bound in _group(session, line, available=True) if is_bound]
    return bound[0] if len(bound) == 1 else None


def offer_call(session: Session, call_id: int, line: LineContext) -> list[int]:
    """Offer a new call and give the agents' ids."""
    agents = agents_to_offer(session, line)
    if agents:
        session.execute(insert(CallOffer), [{"call_id": call_id, "user_id": agent} for agent in agents])
    return agents


def offer_waiting_calls(session: Session, user_id: int, lines: Sequence[LineContext]) -> list[int]:
    """Offer to an agent who has just become available the unclaimed calls that ring; their ids."""
    by_id = {line.line_id: line for line in lines}
    waiting = select(CallRecord.id, CallRecord.line_id).where(
        CallRecord.state == "ringing", CallRecord.line_id.in_(sorted(by_id)), CallRecord.agent_id.is_(None)
    )
    offered = []
    for call_id, line_id in session.execute(waiting.order_by(CallRecord.id)).all():
        known = session.get(CallOffer, (call_id, user_id))
        if known is None and user_id in agents_to_offer(session, by_id[line_id]):
            session.add(CallOffer(call_id=call_id, user_id=user_id))
            offered.append(call_id)
    session.flush()
    return offered
