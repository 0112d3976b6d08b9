"""A small hospital in a real database: two departments, built-in roles, people, patients; and who may do what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from argon2 import PasswordHasher
from sqlalchemy import select
from sqlalchemy.orm import Session
from twisted.internet import reactor
from twisted.internet.task import Clock

from callcenter.administration.audit_log import AuditLog
from callcenter.administration.first_users import seed_roles
from callcenter.administration.passwords import Passwords
from callcenter.administration.permissions import BUILT_IN_ROLES, Scope
from callcenter.administration.principal import Principal
from callcenter.administration.rights import give_roles, grant
from callcenter.administration.sessions import principal_of
from callcenter.administration.sign_in import SignIn
from callcenter.records import Records
from storage.database import Database
from storage.models import Base, Department, Patient, PatientPhone, Role, UserAccount
from storage.queries.patients import index_terms
from storage.queries.terms import pinyin_of
from storage.seed import seed_outcomes
from tests.peers.set_clock import SetClock

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
PASSWORD = "correct horse battery"
ORTHOPAEDICS, MEDICINE, OFFICE = 1, 2, 3
SHARED = "+8613800138000"

PEOPLE = {
    "admin": ("administrator", None),
    "second": ("administrator", None),
    "supervisor": ("supervisor", None),
    "agent": ("agent", None),
    "doctor": ("doctor", ORTHOPAEDICS),
    "physician": ("doctor", MEDICINE),
    "head": ("head", ORTHOPAEDICS),
    "clerk": ("", None),
}
"""User name → role, department. ``head`` manages the users of orthopaedics, ``clerk`` may do nothing."""

DOCTOR_GRANTS: Mapping[str, Scope] = BUILT_IN_ROLES["doctor"][1]
HEAD_GRANTS: Mapping[str, Scope] = {
    **DOCTOR_GRANTS,
    "users.view": Scope.DEPARTMENT,
    "users.create": Scope.DEPARTMENT,
    "users.edit": Scope.DEPARTMENT,
    "users.disable": Scope.DEPARTMENT,
    "roles.view": Scope.ALL,
    "patients.create": Scope.DEPARTMENT,
    "audit.view": Scope.DEPARTMENT,
}

PATIENTS = (
    # id, name, department, doctor, number, disabled
    (1, "张三", ORTHOPAEDICS, "doctor", SHARED, False),
    (2, "李四", MEDICINE, "physician", SHARED, False),
    (3, "王小明", ORTHOPAEDICS, None, "+861062345678;ext=801", False),
    (4, "赵六", MEDICINE, "doctor", "+8613911112222", False),
    (5, "孙七", ORTHOPAEDICS, None, "+8613711112222", True),
)


@dataclass(frozen=True)
class Hospital:
    """The services, and everybody's principal by user name."""

    database: Database
    clock: Clock
    sign_in: SignIn
    passwords: Passwords
    records: Records
    audit: AuditLog
    people: Mapping[str, Principal]
    roles: Mapping[str, int]

    async def everything(self) -> dict[str, list[Any]]:
        """Every row of every table, to see that nothing changed."""
        return await self.database.read(every_row)


def fill(session: Session, hashed: str) -> tuple[dict[str, Principal], dict[str, int]]:
    """Write the hospital; principals by user name, role ids by code."""
    session.add_all(
        Department(id=key, name=name, clinical=key != OFFICE)
        for key, name in ((ORTHOPAEDICS, "骨科"), (MEDICINE, "内科"), (OFFICE, "办公室"))
    )
    seed_outcomes(session)
    roles = dict(seed_roles(session))
    head = Role(name="科室主任")
    session.add(head)
    session.flush()
    grant(session, head.id, ((permission, scope.value) for permission, scope in HEAD_GRANTS.items()))
    roles["head"] = head.id
    people = {}
    for name, (role, department) in PEOPLE.items():
        user = UserAccount(
            username=name, display_name=name.title(), password_hash=hashed, must_change_password=False,
            department_id=department, created_at=NOW,
        )  # fmt: skip
        session.add(user)
        session.flush()
        give_roles(session, user.id, [roles[role]] if role else [])
        people[name] = principal_of(session, user, "10.0.0.7")
    for key, name, department, doctor, number, disabled in PATIENTS:
        session.add(
            Patient(
                record_number=f"R{key}", name=name, pinyin=pinyin_of(name), department_id=department,
                doctor_id=people[doctor].user_id if doctor else None, birth_date=date(1960, 3, key), disabled=disabled,
                id_document="110101196003031234" if key == 1 else "", created_at=NOW, updated_at=NOW,
            )
        )  # fmt: skip
        session.flush()
        session.add(PatientPhone(patient_id=key, number=number, label="家"))
        index_terms(session, key, name, f"R{key}", [number])
    return people, roles


async def open_hospital(database: Database) -> Hospital:
    """Fill ``database`` and build the services on it."""
    clock = SetClock(NOW)
    hasher = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
    people, roles = await database.run(fill, hasher.hash(PASSWORD))
    passwords = Passwords(reactor, hasher)
    sign_in = SignIn(database, clock, passwords)
    records = Records(database, clock, sign_in, passwords, "010")
    return Hospital(database, clock, sign_in, passwords, records, AuditLog(database, clock), people, roles)


def every_row(session: Session) -> dict[str, list[Any]]:
    """Table name → its rows as texts, sorted."""
    found = {}
    for table in Base.metadata.sorted_tables:
        rows = session.execute(select(table)).all()
        found[table.name] = sorted(str(tuple(row)) for row in rows)
    return found
