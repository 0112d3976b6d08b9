"""Who could take the calls of a line: its group, its agents, and what routing has to know of each.

Statements are made once, and of tables rather than of records: this is on the way from the ring to the pop.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    bindparam,
    case,
    func,
    or_,
    select,
    true,
)
from sqlalchemy.orm import Session

from callcenter.telephony.agent_states import AgentState
from callcenter.telephony.desks import AT_DESK, desk_values
from callcenter.telephony.line_context import LineContext
from callcenter.telephony.routing import Agent, Group, Rule
from storage.models import (
    AgentGroup,
    AgentSkill,
    AgentStatus,
    CallOffer,
    CallRecord,
    GroupMember,
    PhoneLine,
    Role,
    RolePermission,
    UserAccount,
    UserRole,
)
from storage.models.base import NO, YES, table_of
from storage.prepared import Prepared
from storage.queries.offers import fetch_ids, fetch_numbers

_USER, _STATUS, _LINE, _GROUP = (table_of(one).c for one in (UserAccount, AgentStatus, PhoneLine, AgentGroup))
_MEMBER, _SKILL, _CALL, _OFFER = (table_of(one).c for one in (GroupMember, AgentSkill, CallRecord, CallOffer))

_handlers = (
    select(table_of(UserRole).c.user_id)
    .join(RolePermission, RolePermission.role_id == UserRole.role_id)
    .join(Role, Role.id == UserRole.role_id)
    .where(RolePermission.permission == "calls.handle", Role.disabled == NO)
)
# For all agents read once, for some of them once for each.
_one_of_all_handlers = _USER.id.in_(_handlers)
_is_handler = _handlers.where(table_of(UserRole).c.user_id == _USER.id).correlate(table_of(UserAccount)).exists()
_rung = (
    select(_OFFER.user_id)
    .join(table_of(CallRecord), _CALL.id == _OFFER.call_id)
    .where(
        _CALL.state == "ringing",
        _CALL.agent_id.is_(None),
        _CALL.offered_until.is_not(None),
        _CALL.id != bindparam("present_call"),
        _OFFER.closed_at.is_(None),
    )
)
_is_bound = or_(_USER.bound_line == bindparam("line"), _USER.username == bindparam("bound_agent"))
_is_available = and_(_USER.id == _STATUS.user_id, _STATUS.state == AgentState.AVAILABLE.value, _STATUS.connected == YES)
_GROUP_OF_LINE = Prepared(
    select(_GROUP.id, _GROUP.rule, _GROUP.ring_seconds, _GROUP.prefer_last, _GROUP.skill_id).where(
        _LINE.id == bindparam("line_id"), _GROUP.id == _LINE.agent_group_id, _GROUP.disabled == NO
    )
)
_LOCK_TURN = select(_GROUP.turn).where(_GROUP.id == bindparam("group_key")).with_for_update()
_MOVE_TURN = table_of(AgentGroup).update().where(_GROUP.id == bindparam("group_key"))


@dataclass(frozen=True)
class LineGroup:
    """The group of a line as it is stored."""

    id: int
    rule: Rule
    seconds: int
    prefers_last: bool
    skill_id: int | None

    @property
    def one_by_one(self) -> bool:
        """Whether its agents are tried one after the other."""
        return self.rule is not Rule.ALL


def group_of(session: Session, line_id: int) -> LineGroup | None:
    """The group to which the line belongs; none that is disabled."""
    row = _GROUP_OF_LINE.first(session, {"line_id": line_id})
    return None if row is None else LineGroup(row[0], Rule(row[1]), *row[2:])


def take_turn(session: Session, group: LineGroup) -> Group:
    """What routing has to know of the group. One that tries its agents one by one is ours until the commit.

    So two nodes that are rung at the same moment do not both choose the same agent.
    """
    turn = session.scalar(_LOCK_TURN, {"group_key": group.id}) if group.one_by_one else None
    return Group(group.rule, group.seconds, group.prefers_last, turn)


def move_turn(session: Session, group: LineGroup, agent_id: int) -> None:
    """Round robin has offered to ``agent_id``."""
    session.execute(_MOVE_TURN.values(turn=agent_id), {"group_key": group.id})


def available_agents(session: Session, line: LineContext, group: LineGroup | None, call_id: int = 0) -> list[Agent]:
    """Who could take the line's call ``call_id`` now, the agents bound to it among them; without a group see
    ``agents_of``.
    """
    statement = _candidates(line.department_id is not None, group is not None, bool(group and group.skill_id))
    values = _values(line, group) | {"present_call": call_id}
    rows = fetch_numbers(session, statement, values)
    if group is None:
        return [Agent(key, bound=bool(bound)) for key, bound in rows]
    return [Agent(key, place, bool(bound), bool(member), bool(rung)) for key, bound, place, member, rung in rows]


def bound_agents(session: Session, line: LineContext) -> list[Agent]:
    """Those of ``available_agents`` who are bound to the line: all that matters where it has no group and rings for
    them, and found without asking for everybody.
    """
    return [Agent(key, bound=True) for key in _bound_ids(session, line)]


def agents_of(session: Session, line: LineContext) -> list[int]:
    """Whose work the line's calls are, available or not, by id: the members of its group, else the agents of its
    department and those bound to it, else all agents.
    """
    group = group_of(session, line.line_id)
    statement = _everybody(line.department_id is not None, group is not None, bool(group and group.skill_id))
    return fetch_ids(session, statement, _values(line, group))


def bound_agent(session: Session, line: LineContext) -> int | None:
    """The one available agent who is bound to the line, if there is exactly one."""
    bound = _bound_ids(session, line)
    return bound[0] if len(bound) == 1 else None


def _bound_ids(session: Session, line: LineContext) -> list[int]:
    return fetch_ids(session, _BOUND, desk_values(line))


def last_agent(session: Session, patient_id: int | None) -> int | None:
    """Who last talked with the patient."""
    if patient_id is None:
        return None
    talked = (_CALL.patient_id == patient_id, _CALL.answered_at.is_not(None), _CALL.agent_id.is_not(None))
    return session.scalar(select(_CALL.agent_id).where(*talked).order_by(_CALL.started_at.desc()).limit(1))


def _values(line: LineContext, group: LineGroup | None) -> dict[str, Any]:
    values: dict[str, Any] = {**desk_values(line), "department": line.department_id}
    return values if group is None else values | {"group_key": group.id, "skill_key": group.skill_id}


def _belongs(in_department: bool, in_group: bool, with_skill: bool) -> ColumnElement[bool]:
    if in_group:
        member = _USER.id.in_(select(_MEMBER.user_id).where(_MEMBER.group_id == bindparam("group_key")))
        skilled = _USER.id.in_(select(_SKILL.user_id).where(_SKILL.skill_id == bindparam("skill_key")))
        return and_(member, skilled) if with_skill else member
    return or_(_USER.department_id == bindparam("department"), _is_bound) if in_department else true()


@cache
def _candidates(in_department: bool, in_group: bool, with_skill: bool) -> Select[tuple[int, ...]]:
    belongs = _belongs(in_department, in_group, with_skill)
    # Only a group's agents are rung one by one; of others no more need be known.
    for_group = (
        func.row_number().over(order_by=(_STATUS.since, _USER.id)).label("place"),
        _as_number(belongs).label("member"),
        _as_number(_USER.id.in_(_rung)).label("rung"),
    )
    return select(_USER.id, _as_number(_is_bound).label("bound"), *(for_group if in_group else ())).where(
        _USER.disabled == NO, _handles(in_department, in_group), _is_available, or_(belongs, _is_bound)
    )


@cache
def _everybody(in_department: bool, in_group: bool, with_skill: bool) -> Select[tuple[int]]:
    belongs = _belongs(in_department, in_group, with_skill)
    return select(_USER.id).where(_USER.disabled == NO, _handles(in_department, in_group), belongs)


def _handles(in_department: bool, in_group: bool) -> ColumnElement[bool]:
    return _is_handler if in_department or in_group else _one_of_all_handlers


def _as_number(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return case((condition, 1), else_=0)


_BOUND = select(_USER.id).where(_USER.id.in_(AT_DESK), _USER.disabled == NO, _is_handler, _is_available)
