"""What the demo's hospital is filled with at its first start: departments, people who sign in, invented patients."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter.administration.first_users import create_demo_users
from callcenter.config import Configuration
from storage.demo import fill_demo, seed_demo_departments
from storage.models import PatientPhone, UserAccount
from twistd_plugin.commands.demo_folder import DemoFolder
from twistd_plugin.commands.output import CommandError
from twistd_plugin.commands.transaction import transact

SHOWN = ("agent", "supervisor", "doctor", "admin")
"""Whose sign-ins are written down for the newcomer; the other agents only populate the wallboard."""

Users = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True)
class DemoContent:
    """Who may sign in, and the number of a patient to ring with, as one would dial it."""

    users: Users
    known_number: str


def fill(configuration: Configuration, folder: DemoFolder, patients: int) -> DemoContent:
    """Fill an empty hospital; one that is filled already is left alone. Raises ``CommandError``."""
    users: Users | None = folder.users()
    made = transact(configuration, lambda session: _fill(session, patients))
    if made is not None:
        folder.write_users(made)
        users = made
    if users is None:
        raise CommandError(f"{folder.users_file} is gone and passwords are kept nowhere else; remove {folder.path}")
    return DemoContent(users, transact(configuration, _known_number))


def _fill(session: Session, patients: int) -> Users | None:
    if session.scalar(select(UserAccount.id).limit(1)) is not None:
        return None
    seed_demo_departments(session)
    accounts = create_demo_users(session, datetime.now(UTC))
    doctor = session.get_one(UserAccount, accounts["doctor"].user_id)
    doctors = {} if doctor.department_id is None else {doctor.department_id: [doctor.id]}
    fill_demo(session, count=patients, doctors=doctors)
    return {key: {"username": accounts[key].username, "password": accounts[key].password} for key in SHOWN}


def _known_number(session: Session) -> str:
    """A mobile that is on one record."""
    number = session.scalar(
        select(PatientPhone.number).where(PatientPhone.number.like("+861%")).order_by(PatientPhone.id).limit(1)
    )
    return (number or "+8613800138000").removeprefix("+86")
