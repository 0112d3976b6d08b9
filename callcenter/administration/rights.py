"""Whom a change of rights concerns, and telling them after the commit."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from storage.models import RolePermission, UserRole

RightsListener = Callable[[Collection[int], Collection[str]], Awaitable[None]]
"""Called with the ids of users whose rights changed and the names of those whose failed sign-ins are forgiven."""


@dataclass(frozen=True)
class RightsChange:
    """Users whose open sessions must be looked at again; ``forgiven`` are user names with a new password."""

    user_ids: tuple[int, ...]
    forgiven: tuple[str, ...] = ()


def holders_of(session: Session, role_id: int) -> tuple[int, ...]:
    """The users who have this role."""
    return tuple(
        session.scalars(select(UserRole.user_id).where(UserRole.role_id == role_id).order_by(UserRole.user_id))
    )


def roles_of(session: Session, user_ids: Iterable[int]) -> dict[int, list[int]]:
    """User id → ids of the roles given to that user, in order."""
    found: dict[int, list[int]] = {user_id: [] for user_id in user_ids}
    statement = select(UserRole.user_id, UserRole.role_id).where(UserRole.user_id.in_(sorted(found)))
    for user_id, role_id in session.execute(statement.order_by(UserRole.role_id)):
        found[user_id].append(role_id)
    return found


def granted_by(session: Session, role_ids: Iterable[int]) -> dict[int, dict[str, str]]:
    """Role id → permission → scope, as stored."""
    found: dict[int, dict[str, str]] = {role_id: {} for role_id in role_ids}
    rows = session.scalars(
        select(RolePermission).where(RolePermission.role_id.in_(sorted(found))).order_by(RolePermission.permission)
    )
    for row in rows:
        found[row.role_id][row.permission] = row.scope
    return found


def give_roles(session: Session, user_id: int, role_ids: Iterable[int]) -> None:
    """Let a user have exactly these roles."""
    _replace(session, UserRole, UserRole.user_id == user_id)
    rows = [{"user_id": user_id, "role_id": role_id} for role_id in role_ids]
    if rows:
        session.execute(insert(UserRole), rows)


def grant(session: Session, role_id: int, grants: Iterable[tuple[str, str]]) -> None:
    """Let a role grant exactly these permissions at these scopes."""
    _replace(session, RolePermission, RolePermission.role_id == role_id)
    rows = [{"role_id": role_id, "permission": permission, "scope": scope} for permission, scope in grants]
    if rows:
        session.execute(insert(RolePermission), rows)


def _replace(session: Session, model: type[Any], mine: Any) -> None:
    session.execute(delete(model).where(mine), execution_options={"synchronize_session": False})
