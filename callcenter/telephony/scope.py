"""Which calls a person may see or handle: the one place where data scope meets call records.

List, get, export, command and missed list all go through ``scope_clause``; events carry the same rule as audience.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, false, or_, select, true

from callcenter.administration.permissions import Scope
from callcenter.administration.principal import Principal
from callcenter.administration.reach import reach_clause
from callcenter.crm.scope import patient_scope_clause
from storage.models import AgentGroup, CallOffer, CallRecord, GroupMember, Patient, PhoneLine, UserAccount
from storage.models.base import NO, YES

SPOKEN_UNCLAIMED = and_(
    CallRecord.agent_id.is_(None),
    CallRecord.direction == "in",
    CallRecord.state == "ended",
    CallRecord.answered_at.is_not(None),
)
"""Somebody lifted the telephone and spoke, and nobody has said who."""
_OF_SOUND = ("recordings.play", "recordings.delete")


def scope_clause(principal: Principal, permission: str = "calls.view") -> ColumnElement[bool]:
    """The condition on ``CallRecord`` for what ``permission`` lets ``principal`` reach.

    - own: calls that one took or dialled, calls that were offered to one, and, for whoever handles calls, those that
      nobody took, be they missed or answered at a telephone, on the lines of one's groups, or on lines without a group
      of one's department or of none. What was said on the latter is not among it: it was somebody else who spoke;
    - department: also every call of the department, be it the line's or the patient's;
    - all: every call.

    Raises ``NotAllowedError`` without the permission.
    """
    return _CLAUSES[principal.require(permission)](principal, permission)


def _own(principal: Principal, permission: str) -> ColumnElement[bool]:
    if principal.user_id is None:
        return false()
    me = principal.user_id
    offered = select(CallOffer.call_id).where(CallOffer.call_id == CallRecord.id, CallOffer.user_id == me)
    mine = or_(CallRecord.agent_id == me, CallRecord.missed_handled_by == me, _for_call(offered))
    return or_(mine, _left_over(principal, permission)) if principal.may("calls.handle") else mine


def _left_over(principal: Principal, permission: str) -> ColumnElement[bool]:
    """Calls that nobody took and that are over, on lines whose calls are the person's work."""
    group = select(AgentGroup.id).where(AgentGroup.id == PhoneLine.agent_group_id, AgentGroup.disabled == NO)
    membership = and_(GroupMember.group_id == AgentGroup.id, GroupMember.user_id == principal.user_id)
    common = or_(PhoneLine.department_id.is_(None), PhoneLine.department_id == principal.department_id)
    line = select(PhoneLine.id).where(
        PhoneLine.id == CallRecord.line_id,
        or_(group.join(GroupMember, membership).exists(), and_(~group.exists(), common)),
    )
    missed = CallRecord.missed == YES
    kinds = missed if permission in _OF_SOUND else or_(missed, SPOKEN_UNCLAIMED)
    return and_(kinds, CallRecord.agent_id.is_(None), _for_call(line))


def _department(principal: Principal, permission: str) -> ColumnElement[bool]:
    if principal.department_id is None:
        return _own(principal, permission)
    department = principal.department_id
    patient = select(Patient.id).where(Patient.id == CallRecord.patient_id, Patient.department_id == department)
    return or_(CallRecord.department_id == department, _for_call(patient), _own(principal, permission))


def _for_call(statement: Select[Any]) -> ColumnElement[bool]:
    """Something exists for the call of the outer statement, whatever else that joins."""
    return statement.correlate(CallRecord).exists()


def _all(_: Principal, permission: str) -> ColumnElement[bool]:
    return true()


_CLAUSES: dict[Scope, Callable[[Principal, str], ColumnElement[bool]]] = {
    Scope.OWN: _own,
    Scope.DEPARTMENT: _department,
    Scope.ALL: _all,
}


def agent_scope_clause(principal: Principal, permission: str = "agents.view") -> ColumnElement[bool]:
    """The condition on ``UserAccount`` for what ``permission`` reaches. Raises likewise."""
    return reach_clause(principal, permission, UserAccount.id, UserAccount.department_id)


def reachable_patient(principal: Principal, patient_id: int) -> Select[Any]:
    """Finds ``patient_id`` if that patient is not disabled and within reach of ``principal``."""
    return select(Patient.id).where(Patient.id == patient_id, Patient.disabled == NO, patient_scope_clause(principal))
