"""Who may give what to whom: nobody gives away, or gets control over, more than he has himself."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from callcenter.administration.permissions import Scope
from callcenter.administration.principal import Principal
from callcenter.errors import ConflictError, NotAllowedError
from callcenter.text import N_
from storage.models import Role, RolePermission, UserAccount, UserRole
from storage.models.base import NO

DUTIES: Mapping[str, str] = MappingProxyType(
    {"calls.handle": "calls.view", "calls.transfer": "calls.view", "call_tasks.work": "call_tasks.view"}
)
"""A permission that is work and not power → the one that lets its holder give it.

Whoever handles calls is offered calls, and whoever works call tasks is given them. An administrator is not, and still
appoints agents: it shows nothing that seeing all calls and tasks does not show.
"""

ADMINISTRATION = ("users.edit", "roles.edit")
"""Whoever holds both for everybody can mend everything else; one such person must remain."""


def covers(principal: Principal, permission: str, scope: Scope, department_id: int | None, *, role: bool) -> bool:
    """Whether what ``principal`` holds includes ``permission`` at ``scope``, given to somebody in ``department_id``.

    A role is not tied to a department (``role``); a person's "department" is the one that the person is in.
    """
    held = max(
        (
            principal.grants[name]
            for name in (permission, DUTIES.get(permission, permission))
            if name in principal.grants
        ),
        key=lambda one: one.width,
        default=None,
    )
    if held is None or held.width < scope.width:
        return False
    elsewhere = scope is Scope.DEPARTMENT and held is Scope.DEPARTMENT and principal.department_id != department_id
    return role or not elsewhere


def require_covers_role(principal: Principal, grants: Mapping[str, Scope]) -> None:
    """Raise NotAllowedError when a role with ``grants`` would hold more than ``principal``."""
    for permission, scope in sorted(grants.items()):
        if not covers(principal, permission, scope, None, role=True):
            raise NotAllowedError(
                N_("You cannot give, change or take away rights that you do not have yourself."),
                permission=permission, scope=scope.value,
            )  # fmt: skip


def require_covers_person(principal: Principal, grants: Mapping[str, Scope], department_id: int | None) -> None:
    """Raise NotAllowedError when somebody in ``department_id`` with ``grants`` may do more than ``principal``."""
    for permission, scope in sorted(grants.items()):
        if not covers(principal, permission, scope, department_id, role=False):
            raise NotAllowedError(
                N_("This person has, or would get, rights that you do not have yourself."),
                permission=permission, scope=scope.value,
            )  # fmt: skip


def one_at_a_time(session: Session) -> None:
    """Let changes of rights wait for each other: two that check the same rule at once could break it together."""
    session.scalars(select(Role.id).order_by(Role.id).with_for_update()).all()


def require_administrator_left(session: Session) -> None:
    """Raise ConflictError when nobody enabled could manage users and roles any more. After the change was flushed."""
    session.flush()
    conditions = []
    for permission in ADMINISTRATION:
        given, held, role = aliased(UserRole), aliased(RolePermission), aliased(Role)
        conditions.append(
            select(given.user_id)
            .join(held, held.role_id == given.role_id)
            .join(role, role.id == given.role_id)
            .where(
                given.user_id == UserAccount.id,
                role.disabled == NO,
                held.permission == permission,
                held.scope == Scope.ALL.value,
            )
            .correlate(UserAccount)
            .exists()
        )
    left = session.scalar(select(func.count()).select_from(UserAccount).where(UserAccount.disabled == NO, *conditions))
    if not left:
        raise ConflictError(N_("Nobody could manage users and roles any more. Appoint another administrator first."))
