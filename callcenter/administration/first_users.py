"""What a new hospital starts with: the built-in roles, the first administrator, the people of the demo."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from argon2 import PasswordHasher
from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter.administration.audit import record_audit
from callcenter.administration.passwords import one_time_password
from callcenter.administration.permissions import BUILT_IN_ROLES
from callcenter.administration.principal import SYSTEM
from callcenter.administration.rights import give_roles, grant
from callcenter.administration.sign_in import username_of
from callcenter.errors import ConflictError, InvalidError
from callcenter.text import N_
from storage.models import Department, Role, UserAccount, UserRole
from storage.models.base import NO


@dataclass(frozen=True)
class NewAccount:
    """An account that was made, with its password, which is written down nowhere else."""

    user_id: int
    username: str
    password: str


def seed_roles(session: Session) -> dict[str, int]:
    """Make the built-in roles that are missing; code → id of all of them. What was changed meanwhile stays."""
    present = {role.code: role.id for role in session.scalars(select(Role)) if role.code}
    for code in BUILT_IN_ROLES:
        if code not in present:
            present[code] = _add_role(session, code).id
    return {code: present[code] for code in BUILT_IN_ROLES}


def add_new_roles(session: Session, now: datetime) -> list[str]:
    """Make the built-in roles that a hospital of an earlier version has not; nobody has them yet. Gives their names.

    One whose name the hospital uses already is its own. A database without roles is no hospital yet.
    """
    present = [(role.code, role.name) for role in session.scalars(select(Role))]
    if not present:
        return []
    made = []
    for code, (name, grants) in BUILT_IN_ROLES.items():
        if any(code == known or name == taken for known, taken in present):
            continue
        role = _add_role(session, code)
        after = {"name": name, "grants": {permission: scope.value for permission, scope in grants.items()}}
        record_audit(session, SYSTEM, "create", "role", role.id, None, after, now)
        made.append(name)
    return made


def _add_role(session: Session, code: str) -> Role:
    name, grants = BUILT_IN_ROLES[code]
    role = Role(code=code, name=name)
    session.add(role)
    session.flush()
    grant(session, role.id, ((permission, scope.value) for permission, scope in grants.items()))
    return role


def create_first_administrator(
    session: Session,
    username: str,
    now: datetime,
    *,
    display_name: str = "系统管理员",
    hasher: PasswordHasher | None = None,
) -> NewAccount:
    """Make the first administrator with a one-time password that must be changed. Takes a moment: not on the reactor.

    Makes the built-in roles too. Raises ConflictError when there is an administrator, InvalidError for a bad name.
    """
    roles = seed_roles(session)
    present = (
        select(UserAccount.username)
        .join(UserRole, UserRole.user_id == UserAccount.id)
        .where(UserRole.role_id == roles["administrator"], UserAccount.disabled == NO)
    )
    if (name := session.scalar(present.limit(1))) is not None:
        raise ConflictError(N_("There is an administrator already."), username=name)
    made = _create(session, username, display_name, [roles["administrator"]], None, now, hasher, must_change=True)
    record_audit(session, SYSTEM, "create", "user", made.user_id, None, {"username": made.username}, now)
    return made


DEMO_USERS = {
    "agent": ("agent", "王秀英", "agent"),
    "supervisor": ("supervisor", "李主管", "supervisor"),
    "doctor": ("doctor", "陈医生", "doctor"),
    "officer": ("officer", "周质控", "officer"),
    "admin": ("admin", "系统管理员", "administrator"),
    "agent2": ("agent2", "刘敏", "agent"),
    "agent3": ("agent3", "张丽", "agent"),
    "agent4": ("agent4", "赵静", "agent"),
}
"""Key in the demo's file → user name, shown name, role."""


def create_demo_users(
    session: Session, now: datetime, *, doctors_department: int | None = None, hasher: PasswordHasher | None = None
) -> dict[str, NewAccount]:
    """Make the people of the demo with passwords that need not be changed; by the keys of ``DEMO_USERS``.

    The doctor is put into ``doctors_department``, else into the first clinical one. Not on the reactor.
    """
    roles = seed_roles(session)
    if doctors_department is None:
        clinical = select(Department).where(Department.disabled == NO).order_by(Department.id)
        doctors_department = next((one.id for one in session.scalars(clinical) if one.clinical), None)
    return {
        key: _create(
            session, username, name, [roles[role]], doctors_department if role == "doctor" else None, now, hasher,
            must_change=False,
        )
        for key, (username, name, role) in DEMO_USERS.items()
    }  # fmt: skip


def _create(
    session: Session,
    username: str,
    display_name: str,
    role_ids: list[int],
    department_id: int | None,
    now: datetime,
    hasher: PasswordHasher | None,
    *,
    must_change: bool,
) -> NewAccount:
    name = username_of(username)
    if not name or " " in name:
        raise InvalidError(N_("A user name has letters, digits and signs without blanks."))
    if session.scalar(select(UserAccount.id).where(UserAccount.username == name)) is not None:
        raise ConflictError(N_("There is a user with this name already."), username=name)
    password = one_time_password()
    user = UserAccount(
        username=name,
        display_name=display_name,
        password_hash=(hasher or PasswordHasher()).hash(password),
        must_change_password=must_change,
        department_id=department_id,
        created_at=now,
    )
    session.add(user)
    session.flush()
    give_roles(session, user.id, role_ids)
    return NewAccount(user.id, name, password)
