"""To whom tasks can be given."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from storage.models import Department, Role, RolePermission, UserAccount, UserRole
from storage.models.base import NO

_WORKERS = (
    select(UserRole.user_id)
    .join(RolePermission, RolePermission.role_id == UserRole.role_id)
    .join(Role, Role.id == UserRole.role_id)
    .where(RolePermission.permission == "call_tasks.work", Role.disabled == NO)
)


def load_owners(session: Session) -> dict[str, Any]:
    """``agents`` who may work tasks, signed in or not, and ``departments``: ids and names, by name."""
    people = select(UserAccount.id, UserAccount.display_name).where(
        UserAccount.disabled == NO, UserAccount.id.in_(_WORKERS)
    )
    departments = select(Department.id, Department.name).where(Department.disabled == NO)
    return {
        "agents": _named(session, people.order_by(UserAccount.display_name, UserAccount.id)),
        "departments": _named(session, departments.order_by(Department.name)),
    }


def _named(session: Session, statement: Any) -> list[dict[str, Any]]:
    return [{"id": key, "name": name} for key, name in session.execute(statement)]
