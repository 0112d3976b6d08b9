"""What a new hospital starts with."""

from __future__ import annotations

from typing import Any

import pytest
import pytest_twisted
from argon2 import PasswordHasher
from sqlalchemy import select
from sqlalchemy.orm import Session
from twisted.internet.task import Clock

from callcenter.administration.authority import DUTIES
from callcenter.administration.first_users import (
    DEMO_USERS,
    add_new_roles,
    create_demo_users,
    create_first_administrator,
    seed_roles,
)
from callcenter.administration.passwords import Passwords, one_time_password, require_good_password
from callcenter.administration.permissions import BUILT_IN_ROLES, PERMISSIONS
from callcenter.administration.rights import grant
from callcenter.administration.sign_in import SignIn
from callcenter.errors import ConflictError, InvalidError
from storage.database import Database
from storage.models import AuditEntry, Department, Role, RolePermission
from tests.peers.hospital import NOW


def stored_grants(session: Session) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    rows = session.execute(select(Role.code, RolePermission.permission, RolePermission.scope).join(
        RolePermission, RolePermission.role_id == Role.id))  # fmt: skip
    for code, permission, scope in rows:
        found.setdefault(code, {})[permission] = scope
    return found


@pytest_twisted.ensureDeferred
async def test_the_built_in_roles_are_made_once_and_what_was_changed_stays(database: Database) -> None:
    roles = await database.run(seed_roles)
    assert await database.read(stored_grants) == {code: dict(grants) for code, (_, grants) in BUILT_IN_ROLES.items()}

    def change(session: Session) -> None:
        grant(session, roles["agent"], [("calls.view", "own")])

    await database.run(change)
    assert await database.run(seed_roles) == roles
    assert (await database.read(stored_grants))["agent"] == {"calls.view": "own"}


@pytest_twisted.ensureDeferred
async def test_a_hospital_of_an_earlier_version_gets_the_roles_that_it_has_not(database: Database) -> None:
    assert await database.run(add_new_roles, NOW) == []
    assert await database.read(stored_grants) == {}

    def as_before(session: Session) -> None:
        role = Role(code="agent", name="坐席")
        session.add(role)
        session.flush()
        grant(session, role.id, [("calls.view", "own")])
        session.add(Role(code="", name="医生"))

    await database.run(as_before)
    assert await database.run(add_new_roles, NOW) == ["主管", "系统管理员", "投诉专员"]
    grants = await database.read(stored_grants)
    assert grants["agent"] == {"calls.view": "own"}
    assert grants["officer"] == dict(BUILT_IN_ROLES["officer"][1])
    # A role of its own has the name of a built-in one: it stays what it is.
    assert "doctor" not in grants
    entries = await database.read(lambda session: [one.subject_type for one in session.scalars(select(AuditEntry))])
    assert entries == ["role", "role", "role"]
    assert await database.run(add_new_roles, NOW) == []


@pytest_twisted.ensureDeferred
async def test_the_first_administrator_has_a_one_time_password(
    database: Database, clock: Clock, passwords: Passwords, hasher: PasswordHasher
) -> None:
    made = await database.run(create_first_administrator, "Admin", NOW, hasher=hasher)
    sign_in = SignIn(database, clock, passwords)
    session = await sign_in.sign_in("admin", made.password, "127.0.0.1")
    assert session.must_change_password
    assert not session.principal.grants
    changed = await sign_in.change_password(session.principal, made.password, "a good long secret")
    assert set(changed.principal.grants) == PERMISSIONS - set(DUTIES)
    with pytest.raises(ConflictError):
        await database.run(create_first_administrator, "other", NOW, hasher=hasher)


@pytest.mark.parametrize("name", ["", " ", "two words", "\x00"])
@pytest_twisted.ensureDeferred
async def test_a_name_that_cannot_be_signed_in_with_is_refused(
    sqlite_database: Database, hasher: PasswordHasher, name: str
) -> None:
    with pytest.raises(InvalidError):
        await sqlite_database.run(create_first_administrator, name, NOW, hasher=hasher)
    assert await sqlite_database.read(stored_grants) == {}


@pytest_twisted.ensureDeferred
async def test_the_people_of_the_demo_can_work_at_once(
    database: Database, clock: Clock, passwords: Passwords, hasher: PasswordHasher
) -> None:
    def add_departments(session: Session) -> None:
        session.add_all([Department(id=1, name="办公室"), Department(id=2, name="骨科", clinical=True)])

    await database.run(add_departments)
    people = await database.run(create_demo_users, NOW, hasher=hasher)
    assert set(people) == set(DEMO_USERS) >= {"agent", "supervisor", "doctor", "admin"}
    assert len({one.password for one in people.values()}) == len(people)
    sign_in = SignIn(database, clock, passwords)
    for key, (username, _, role) in DEMO_USERS.items():
        session: Any = await sign_in.sign_in(username, people[key].password, "127.0.0.1")
        assert not session.must_change_password
        assert dict(session.principal.grants) == dict(BUILT_IN_ROLES[role][1])
        assert session.principal.department_id == (2 if role == "doctor" else None)


def test_generated_passwords_are_good_ones_and_never_the_same() -> None:
    made = {one_time_password() for _ in range(500)}
    assert len(made) == 500
    for password in made:
        require_good_password(password, "admin")
        assert len(password) == 14
