"""Fills a demo's database once: departments, patients, outcomes, and people who may sign in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from callcenter.administration.first_users import create_demo_users
from callcenter.config import Configuration
from callcenter.numbers import NumberKind, normalise
from storage.demo import fill_demo, seed_demo_departments
from storage.models import PatientPhone
from twistd_plugin.commands.demo_folder import DemoFolder
from twistd_plugin.commands.output import CommandError, remark
from twistd_plugin.commands.transaction import in_one_transaction

SHOWN_ROLES = ("agent", "supervisor", "doctor", "admin")
DOCTORS_DEPARTMENT = "心内科"
_LOOKED_AT = 100


@dataclass(frozen=True)
class DemoContent:
    """``users``: role → username and password; ``known_number``: a number that belongs to one patient."""

    users: Mapping[str, Mapping[str, str]]
    known_number: str


def fill(configuration: Configuration, folder: DemoFolder, patients: int) -> DemoContent:
    """Fill the database unless it is; blocks. Raises ``CommandError``."""
    users = folder.users()
    if users is None:
        remark(f"Inventing {patients} patients")
        users = in_one_transaction(configuration, _create_users)
        # Written before anything else may fail: passwords are not kept anywhere else.
        folder.write_users(users)
    number = in_one_transaction(configuration, lambda session: _fill(session, patients))
    return DemoContent({role: users[role] for role in SHOWN_ROLES if role in users}, number)


def _create_users(session: Session) -> dict[str, dict[str, str]]:
    departments = seed_demo_departments(session)
    made = create_demo_users(session, datetime.now(UTC), doctors_department=departments.get(DOCTORS_DEPARTMENT))
    return {key: {"username": account.username, "password": account.password} for key, account in made.items()}


def _fill(session: Session, patients: int) -> str:
    fill_demo(session, count=patients)
    return _number_of_one_patient(session)


def _number_of_one_patient(session: Session) -> str:
    """A mobile number that no two patients share, as the network would send it."""
    lonely = (
        select(PatientPhone.number)
        .where(PatientPhone.number.like("+861%"))
        .group_by(PatientPhone.number)
        .having(func.count() == 1)
        .order_by(func.min(PatientPhone.patient_id))
        .limit(_LOOKED_AT)
    )
    numbers = (normalise(number) for number in session.scalars(lonely))
    mobile = next((number.dialable for number in numbers if number.kind is NumberKind.MOBILE), None)
    if mobile is None:
        raise CommandError("the demo has no patient with a mobile number of his own; choose more with --patients")
    return mobile
