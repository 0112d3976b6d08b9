"""Who holds a permission, and which departments there are: to whom work can be given."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from storage.models import Department, Role, RolePermission, UserAccount, UserRole
from storage.models.base import NO


def holding(permission: str) -> Select[int]:
    """The ids of those whose roles have ``permission``."""
    return (
        select(UserRole.user_id)
        .join(RolePermission, RolePermission.role_id == UserRole.role_id)
        .join(Role, Role.id == UserRole.role_id)
        .where(RolePermission.permission == permission, Role.disabled == NO)
    )


def load_holders(session: Session, permission: str) -> dict[str, Any]:
    """``people`` who hold ``permission``, signed in or not, and ``departments``: ids and names, by name."""
    people = select(UserAccount.id, UserAccount.display_name).where(
        UserAccount.disabled == NO, UserAccount.id.in_(holding(permission))
    )
    departments = select(Department.id, Department.name).where(Department.disabled == NO)
    return {
        "people": _named(session, people.order_by(UserAccount.display_name, UserAccount.id)),
        "departments": _named(session, departments.order_by(Department.name)),
    }


def _named(session: Session, statement: Any) -> list[dict[str, Any]]:
    return [{"id": key, "name": name} for key, name in session.execute(statement)]
