"""Which call tasks a person may see, work and manage: for list, commands, export and events alike."""

from __future__ import annotations

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from callcenter.administration.permissions import Scope
from callcenter.administration.principal import Principal
from callcenter.administration.reach import reach_clause
from callcenter.errors import NotFoundError
from callcenter.text import N_
from storage.models import CallTask


def task_scope(principal: Principal, permission: str = "call_tasks.view") -> ColumnElement[bool]:
    """The condition on ``CallTask`` for what ``permission`` lets ``principal`` reach.

    - own: tasks given to one or held by one, and, for whoever works tasks, those that one's group may take;
    - department: also every task of the department;
    - all: every task.

    Raises ``NotAllowedError`` without the permission.
    """
    reached = reach_clause(principal, permission, CallTask.agent_id, CallTask.department_id)
    if principal.grants[permission] is Scope.ALL:
        return reached
    held = CallTask.claimed_by == principal.user_id
    if not principal.may("call_tasks.work"):
        return or_(reached, held)
    return or_(reached, held, *pools(principal))


def pools(principal: Principal) -> list[ColumnElement[bool]]:
    """Tasks given to nobody: those of the person's department, and those for everybody. Each has an index."""
    everybody = and_(CallTask.department_id.is_(None), CallTask.agent_id.is_(None))
    if principal.department_id is None:
        return [everybody]
    return [and_(CallTask.department_id == principal.department_id, CallTask.agent_id.is_(None)), everybody]


def find_task(session: Session, principal: Principal, permission: str, task_id: int) -> CallTask:
    """The task, locked, if ``permission`` reaches it, and viewing too; else ``NotFoundError``."""
    found = select(CallTask).where(CallTask.id == task_id, task_scope(principal), task_scope(principal, permission))
    task = session.scalar(found.with_for_update())
    if task is None:
        raise NotFoundError(N_("There is no such task, or you may not see it."), task_id=task_id)
    return task
