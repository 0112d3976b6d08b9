"""To whom a ringing call is shown."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from sqlalchemy import Select, bindparam, or_, select
from sqlalchemy.orm import Session

from callcenter.telephony.agent_states import AgentState
from callcenter.telephony.line_context import LineContext
from storage.models import AgentStatus, CallOffer, CallRecord, RolePermission, UserAccount, UserRole
from storage.models.administration import Role
from storage.models.base import NO, table_of
from storage.queries.offers import fetch_ids, insert_offers

# Statements are made once, and of tables rather than of records: this is on the way from the ring to the pop.
_USER, _STATUS = table_of(UserAccount).c, table_of(AgentStatus).c
# Read once for all agents, not once for each.
_handlers = (
    select(table_of(UserRole).c.user_id)
    .join(RolePermission, RolePermission.role_id == UserRole.role_id)
    .join(Role, Role.id == UserRole.role_id)
    .where(RolePermission.permission == "calls.handle", Role.disabled == NO)
)
_is_bound = or_(_USER.bound_line == bindparam("line"), _USER.username == bindparam("bound_agent"))


@cache
def _agents(*, bound: bool = False, in_group: bool = False, available: bool = False) -> Select[tuple[int]]:
    """Whoever handles calls: bound to the line, or of its group or bound to it; of these the available ones."""
    statement = select(_USER.id).where(_USER.disabled == NO, _USER.id.in_(_handlers))
    if bound:
        statement = statement.where(_is_bound)
    elif in_group:
        statement = statement.where(or_(_USER.department_id == bindparam("department"), _is_bound))
    if available:
        statement = statement.where(_USER.id == _STATUS.user_id, _STATUS.state == AgentState.AVAILABLE.value)
    return statement


def _find(session: Session, statement: Select[tuple[int]], line: LineContext) -> list[int]:
    values = {"line": line.name, "bound_agent": line.bound_agent, "department": line.department_id}
    return fetch_ids(session, statement, values)


def group_agents(session: Session, line: LineContext, *, available: bool = False) -> list[int]:
    """The agents of the line's group, by id, or only the available ones; all agents where the line has no group."""
    return _find(session, _agents(in_group=line.department_id is not None, available=available), line)


def agents_to_offer(session: Session, line: LineContext) -> list[int]:
    """The available agents bound to the line, else all available agents of its group; maybe nobody."""
    return _available_bound(session, line) or group_agents(session, line, available=True)


def bound_agent(session: Session, line: LineContext) -> int | None:
    """The one available agent who is bound to the line, if there is exactly one."""
    bound = _available_bound(session, line)
    return bound[0] if len(bound) == 1 else None


def _available_bound(session: Session, line: LineContext) -> list[int]:
    return _find(session, _agents(bound=True, available=True), line)


def offer_call(session: Session, call_id: int, line: LineContext) -> list[int]:
    """Offer a new call and give the agents' ids."""
    agents = agents_to_offer(session, line)
    insert_offers(session, call_id, agents)
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
